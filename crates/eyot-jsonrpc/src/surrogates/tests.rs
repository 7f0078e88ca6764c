//! Where half a surrogate pair passes, and what its readers see.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use crate::any_value::any_value;
use crate::{Incoming, Message, ParseError, ParseErrorKind, ScanLimits};

fn parse(text: &str) -> Result<Message, ParseError> {
    Message::parse_from_upstream(Bytes::from(text.to_owned()), &ScanLimits::default())
}

fn answer(result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#)
}

/// The text passes to the letter, and reads like the repaired one; a client's is refused.
#[track_caller]
fn check_passes(text: &str, repaired: &str) {
    let message = parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(message.has_lone_surrogates());
    assert_eq!(message.to_bytes(), text.as_bytes());
    let read = parse(repaired).unwrap();
    let parts = |it: &Message| {
        [it.params(), it.result(), it.error(), it.arguments()].map(|part| part.map(str::to_owned))
    };
    assert_eq!(parts(&message), parts(&read), "{text}");
    assert!(parts(&message).iter().flatten().all(|it| serde_json::from_str::<Value>(it).is_ok()));
    let strict = Message::parse(Bytes::from(text.to_owned()), &ScanLimits::default());
    assert_eq!(strict.unwrap_err().kind(), ParseErrorKind::LoneSurrogate);
}

#[track_caller]
fn check_refused(text: &str) {
    let kind = parse(text).map_err(|error| error.kind());
    assert_eq!(kind.unwrap_err(), ParseErrorKind::LoneSurrogate, "{text}");
}

#[test]
fn a_value_that_nobody_routes_on_passes_to_the_letter() {
    for half in
        ["\\ud83d", "\\uDC00", "\\ud83dx", "x\\uDBFF", "\\ud83d\\ud83d\\ude00", "\\ud83d\\n"]
    {
        let whole = half.replace("\\ud83d\\ud83d", "\\uFFFD\\ud83d");
        let whole = match whole.contains("\\ude00") {
            true => whole,
            false => ["\\ud83d", "\\uDC00", "\\uDBFF"]
                .into_iter()
                .fold(whole, |text, it| text.replace(it, "\\uFFFD")),
        };
        for form in [
            answer(r#"{"content":[{"type":"text","text":"cut HALF"}]}"#),
            answer(
                r#"{"tools":[{"name":"t","description":"HALF","inputSchema":{"title":"HALF"}}]}"#,
            ),
            answer(r#"{"structuredContent":{"name":"HALF","uri":["HALF"],"_meta":{"id":"HALF"}}}"#),
            answer(
                r#"{"_meta":{"com.example/name":{"name":"HALF"}},"contents":[{"uri":"a","text":"HALF"}]}"#,
            ),
            answer(r#"["HALF"]"#),
            answer(r#""HALF""#),
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"HALF","data":{"id":"HALF"}}}"#
                .to_owned(),
            r#"{"jsonrpc":"2.0","method":"n","params":{"data":{"name":"HALF"},"message":"HALF"}}"#
                .to_owned(),
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":{"name":"HALF"}}}"#
                .to_owned(),
        ] {
            check_passes(&form.replace("HALF", half), &form.replace("HALF", &whole));
        }
    }
}

#[test]
fn keys_ids_methods_names_and_places_are_never_half() {
    for text in [
        r#"{"jsonrpc":"2.0","id":"HALF","result":{}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"HALF"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"m","HALF":1}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"m","params":{"name":"HALF"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"m","params":{"uri":"HALF"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"m","params":{"progressToken":"HALF"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"m","params":{"_meta":{"progressToken":"HALF"}}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"m","params":{"requestId":"HALF"}}"#.to_owned(),
        answer(r#"{"tools":[{"name":"HALF"}]}"#),
        answer(r#"{"nextCursor":"HALF"}"#),
        answer(r#"{"requestState":"HALF"}"#),
        answer(r#"{"task":{"taskId":"HALF"}}"#),
        answer(r#"{"prompts":[{"name":"p","arguments":[{"name":"HALF"}]}]}"#),
        answer(r#"{"resources":[{"uri":"HALF"}]}"#),
        answer(r#"{"resourceTemplates":[{"uriTemplate":"HALF"}]}"#),
        answer(r#"{"content":[{"type":"resource","resource":{"uri":"HALF"}}]}"#),
        answer(r#"{"_meta":{"io.modelcontextprotocol/subscriptionId":"HALF"}}"#),
        answer(r#"{"inputRequests":{"HALF":{"method":"m"}}}"#),
        answer(r#"{"structuredContent":{"a":[{"HALF":1}]}}"#),
        answer(r#"{"_meta":{"a":{"HALF":1}}}"#),
        answer(r#"{"n\u0061me":"HALF"}"#),
    ] {
        check_refused(&text.replace("HALF", "\\ud83d"));
        check_refused(&text.replace("HALF", "a\\uDC00b"));
        assert!(parse(&text.replace("HALF", "\\ud83d\\ude00")).is_ok(), "{text}");
    }
}

#[test]
fn each_message_of_a_batch_is_judged() {
    let batch = |first: &str, second: &str| {
        let text = format!("[{},{}]", answer(first), answer(second));
        Incoming::parse_from_upstream(text.into(), &ScanLimits::default())
    };
    let Ok(Incoming::Batch(messages)) = batch("{}", r#"{"text":"\ud83d"}"#) else { panic!() };
    let are_lone: Vec<_> = messages.iter().map(Message::has_lone_surrogates).collect();
    assert_eq!(are_lone, [false, true]);
    assert_eq!(messages[1].result(), Some(r#"{"text":"\uFFFD"}"#));
    assert!(batch(r#"{"name":"\ud83d"}"#, "{}").is_err());
}

#[test]
fn whole_messages_are_the_same_to_both_scans() {
    let text = answer(r#"{"text":"\ud83d\ude00"}"#);
    let message = parse(&text).unwrap();
    assert!(!message.has_lone_surrogates());
    assert_eq!(message.result(), Some(r#"{"text":"\ud83d\ude00"}"#));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_result_with_half_a_pair_passes_and_can_be_read(value in any_value()) {
        let result = format!(r#"{{"a":{value},"text":"x\uD83D","b":{value}}}"#);
        let text = answer(&result);
        let message = parse(&text).unwrap();
        prop_assert_eq!(message.to_bytes(), text.as_bytes());
        let repaired = result.replace(r"x\uD83D", "x\u{FFFD}");
        let expected: Value = serde_json::from_str(&repaired).unwrap();
        prop_assert_eq!(message.decode_result::<Value>().unwrap(), expected);
    }
}
