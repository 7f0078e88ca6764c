//! What a message shows, and what is written of it.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{ErrorObject, Id, Message, ScanLimits};

fn parse(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()), &ScanLimits::default()).unwrap()
}

/// Checks that the message is written as `expected`, in so many pieces.
#[track_caller]
fn check(message: &Message, expected: &str, pieces: usize) {
    assert_eq!(message.to_bytes(), expected);
    assert_eq!(message.len(), expected.len());
    assert_eq!(message.pieces().count(), pieces);
    assert_eq!(message.pieces().collect::<Vec<_>>().concat(), expected.as_bytes());
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":"p"},"uri":"u:\/x","arguments":{"a": 1}}}"#;

#[test]
fn a_request_shows_its_parts() {
    let message = parse(CALL);
    assert!(message.is_request() && !message.is_notification() && !message.is_response());
    assert_eq!(message.id(), Some(Id::from_number(1)));
    assert_eq!(message.method().as_deref(), Some("tools/call"));
    assert_eq!(message.name().as_deref(), Some("t"));
    assert_eq!(message.uri().as_deref(), Some("u:/x"));
    assert_eq!(message.arguments(), Some(r#"{"a": 1}"#));
    assert_eq!(message.meta(), Some(r#"{"progressToken":"p"}"#));
    assert_eq!(message.progress_token(), Some(Id::from_text("p")));
    assert_eq!((message.result(), message.error()), (None, None));
}

#[test]
fn a_method_is_known_however_it_is_written() {
    let message = |method: &str| parse(&CALL.replace("tools/call", method));
    for (method, is_call) in [
        ("tools/call", true),
        ("tools\\/call", true),
        ("\\u0074ools/call", true),
        ("tools/cal", false),
        ("tools/calls", false),
        ("Tools/call", false),
    ] {
        assert_eq!(message(method).is_method("tools/call"), is_call, "{method}");
    }
    assert!(!parse(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).is_method(""));
}

#[test]
fn a_later_round_is_told_by_its_members() {
    assert!(!parse(CALL).has_round());
    for (member, is_round) in [
        ("inputResponses", true),
        ("requestState", true),
        ("other", false),
        ("request\\u0053tate", true),
    ] {
        let text = CALL.replace(r#""uri""#, &format!(r#""{member}":{{}},"uri""#));
        assert_eq!(parse(&text).has_round(), is_round, "{member}");
    }
}

#[test]
fn a_response_shows_its_result_only() {
    let message = parse(r#"{"jsonrpc":"2.0","id":"x","result": [1, 2] }"#);
    assert!(message.is_response());
    assert_eq!(message.result(), Some("[1, 2]"));
    assert_eq!(message.decode_result::<Vec<u8>>().unwrap(), [1, 2]);
    assert_eq!((message.params(), message.error(), message.method()), (None, None, None));
    assert!(message.decode_error().is_err());
}

#[test]
fn an_error_shows_its_error_only() {
    let message = parse(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no","x":1}}"#);
    assert!(message.is_response());
    assert_eq!(message.id(), None);
    assert_eq!(message.decode_error().unwrap(), ErrorObject::new(-1, "no"));
    assert!(message.decode_result::<Value>().is_err());
}

#[test]
fn missing_params_are_decoded_as_an_empty_object() {
    let message = parse(r#"{"jsonrpc":"2.0","method":"m"}"#);
    assert_eq!(message.params(), None);
    assert_eq!(message.decode_params::<Value>().unwrap(), json!({}));
}

#[test]
fn the_token_is_where_the_kind_has_it() {
    let both = r#""params":{"progressToken":1,"_meta":{"progressToken":2}}}"#;
    let token = |head: &str| parse(&format!("{head}{both}")).progress_token();
    assert_eq!(token(r#"{"jsonrpc":"2.0","method":"m","#), Some(Id::from_number(1)));
    assert_eq!(token(r#"{"jsonrpc":"2.0","id":9,"method":"m","#), Some(Id::from_number(2)));
}

#[test]
fn a_token_of_another_type_is_none() {
    for token in ["1.5", "null", "true", "[]", "-0"] {
        let message = parse(&CALL.replace("\"p\"", token));
        assert_eq!(message.progress_token(), None);
        check(&message.with_progress_token(Id::from_number(5)), &CALL.replace("\"p\"", token), 1);
    }
}

#[test]
fn a_message_is_written_as_it_came() {
    let bytes = Bytes::copy_from_slice(CALL.as_bytes());
    let message = Message::parse(bytes.clone(), &ScanLimits::default()).unwrap();
    check(&message, CALL, 1);
    assert_eq!(message.to_bytes().as_ptr(), bytes.as_ptr());
    assert_eq!(message.pieces().next().unwrap().as_ptr(), bytes.as_ptr());
}

#[test]
fn what_is_long_is_shared_around_a_new_id() {
    let text = CALL.replace("{\"a\": 1}", &format!("\"{}\"", "x".repeat(5_000)));
    let message = parse(&text);
    let original = message.to_bytes();
    let pieces: Vec<_> = message.with_id(Id::from_number(2)).pieces().collect();
    assert_eq!(pieces.len(), 2);
    assert_eq!(pieces[1].as_ptr_range().end, original.as_ptr_range().end);
    assert_eq!(pieces.concat(), text.replace("\"id\":1", "\"id\":2").as_bytes());
}

#[test]
fn a_new_id_and_a_new_token_take_their_places() {
    let id = || Id::from_text("new id");
    let token = || Id::from_number(77);
    let with_id = CALL.replace(":1,", ":\"new id\",");
    check(&parse(CALL).with_id(id()), &with_id, 1);
    check(&parse(CALL).with_progress_token(token()), &CALL.replace("\"p\"", "77"), 1);
    let both = parse(CALL).with_id(id()).with_progress_token(token());
    check(&both, &with_id.replace("\"p\"", "77"), 1);
    assert_eq!((both.id(), both.progress_token()), (Some(id()), Some(token())));
    check(&both.with_id(Id::from_number(1)), &CALL.replace("\"p\"", "77"), 1);
}

#[test]
fn the_token_may_come_before_the_id() {
    let text = r#"{"params":{"_meta":{"progressToken":1}},"method":"m","jsonrpc":"2.0","id":1}"#;
    let message = parse(text).with_id(Id::from_number(22)).with_progress_token(Id::from_number(3));
    check(&message, &text.replace("\"id\":1", "\"id\":22").replace("Token\":1", "Token\":3"), 1);
}

#[test]
fn a_message_without_an_id_gets_none() {
    for text in [
        r#"{"jsonrpc":"2.0","method":"m"}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
    ] {
        check(&parse(text).with_id(Id::from_number(1)), text, 1);
        assert_eq!(parse(text).with_id(Id::from_number(1)).id(), None);
    }
}

#[test]
fn white_space_around_a_message_is_not_part_of_it() {
    let message = parse(&format!("\n {CALL}\r\n"));
    check(&message, CALL, 1);
    assert!(message.is_single_line());
    assert_eq!(message.method().as_deref(), Some("tools/call"));
}

#[test]
fn line_ends_inside_are_seen() {
    assert!(!parse("{\"jsonrpc\":\"2.0\",\n\"method\":\"m\"}").is_single_line());
    assert!(!parse("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"x\":[\r]}").is_single_line());
    let text = "{\"jsonrpc\":\"2.0\",\"method\":\"a\\nb\",\"x\":\"\u{2028}\"}";
    assert!(parse(text).is_single_line() && parse(text).has_line_separators());
    assert!(!parse(CALL).has_line_separators());
    assert!(parse(CALL).with_id(Id::from_text("\u{2029}")).has_line_separators());
    let near = "{\"jsonrpc\":\"2.0\",\"method\":\"\u{2027}\u{202A}\u{E2}\u{2000}\"}";
    assert!(!parse(near).has_line_separators());
}

#[test]
fn a_message_in_a_log_shows_no_content() {
    let shown = format!("{:?}", parse(&CALL.replace("\"t\"", "\"secret\"")));
    assert!(shown.contains("tools/call") && !shown.contains("secret"), "{shown}");
}

proptest! {
    #[test]
    fn a_patched_message_reads_as_the_same_message_with_another_id(
        id in any::<String>(),
        token in any::<u64>(),
        is_id_first in any::<bool>(),
    ) {
        let head = r#""id":"old""#;
        let tail = r#""params":{"_meta":{"progressToken":"p"},"x":[1]}"#;
        let (first, second) = if is_id_first { (head, tail) } else { (tail, head) };
        let message = parse(&format!(r#"{{"jsonrpc":"2.0",{first},"method":"m",{second}}}"#));
        let (id, token) = (Id::from_text(&id), Id::from_number(token));
        let patched = message.clone().with_id(id.clone()).with_progress_token(token.clone());
        let again = Message::parse(patched.to_bytes(), &ScanLimits::default()).unwrap();
        prop_assert_eq!(again.id(), Some(id));
        prop_assert_eq!(again.progress_token(), Some(token));
        prop_assert_eq!(again.kind(), message.kind());
        prop_assert_eq!(again.method(), message.method());
        prop_assert_eq!(patched.len(), again.len());
        prop_assert_eq!(patched.pieces().collect::<Vec<_>>().concat(), again.to_bytes());
        let back = again.with_id(Id::from_text("old")).with_progress_token(Id::from_text("p"));
        prop_assert_eq!(back.to_bytes(), message.to_bytes());
    }
}
