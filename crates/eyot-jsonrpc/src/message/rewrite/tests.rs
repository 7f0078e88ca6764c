//! A message that is rewritten is what its text would be read as.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Changes, Keeps};
use crate::{Id, Json, Message, MessageKind, ScanLimits};

fn limits() -> ScanLimits {
    ScanLimits { id_bytes_max: 10_000, ..ScanLimits::default() }
}

fn parse(text: &str) -> Message {
    Message::parse(text.to_owned().into(), &limits()).unwrap()
}

fn call(params: &str) -> Message {
    parse(&format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#))
}

fn keeping(names: &'static [&'static str]) -> impl Fn(&str) -> bool {
    move |name| names.contains(&name)
}

/// All that a reader can ask a message for.
fn seen(message: &Message) -> Vec<Option<String>> {
    // A long text is as good as its length, and easier to read.
    let owned = |it: Option<&str>| it.map(|it| format!("{} {it:.200}", it.len()));
    let id = |it: Option<Id>| it.map(|it| it.as_raw().to_owned());
    vec![
        Some(format!(
            "{:?} {} {} {}",
            message.kind(),
            message.has_round(),
            message.has_task(),
            message.has_other_meta(),
        )),
        Some(message.len().to_string()),
        id(message.id()),
        message.method().map(String::from),
        owned(message.params()),
        owned(message.result()),
        owned(message.meta()),
        message.name().map(String::from),
        message.uri().map(String::from),
        owned(message.arguments()),
        id(message.progress_token()),
        owned(message.protocol_version()),
        owned(message.client_info()),
        owned(message.client_capabilities()),
        owned(message.log_level()),
        message
            .members()
            .map(|it| format!("{:?}", it.map(|it| (it.0, it.1.len())).collect::<Vec<_>>())),
    ]
}

fn is_known_complete(message: &Message) -> bool {
    matches!(message.clone().into_kind(), MessageKind::Response(it) if it.is_known_complete())
}

/// Rewrites, and holds the message against one that is read from its text.
#[track_caller]
fn rewritten(message: &Message, changes: &Changes<'_>, in_meta: &Changes<'_>) -> String {
    let rewritten = message.rewritten(changes, in_meta).unwrap();
    let pieces: Vec<u8> = rewritten.pieces().flatten().collect();
    assert_eq!(pieces, rewritten.to_bytes());
    let text = String::from_utf8(pieces).unwrap();
    let read = Message::parse_from_upstream(text.clone().into(), &limits()).unwrap();
    assert_eq!(seen(&rewritten), seen(&read), "{text:.2000}");
    assert!(!is_known_complete(&rewritten) || is_known_complete(&read), "{text:.2000}");
    assert_eq!(rewritten.is_single_line(), message.is_single_line());
    text
}

#[track_caller]
fn check_params(params: &str, changes: &Changes<'_>, in_meta: &Changes<'_>, expected: &str) {
    let text = rewritten(&call(params), changes, in_meta);
    assert_eq!(text, *String::from_utf8(call(expected).to_bytes().to_vec()).unwrap());
}

#[test]
fn what_stays_keeps_its_bytes() {
    let changes = Changes { keeps: Keeps::If(&|name| name != "task"), adds: &[] };
    check_params(
        r#"{ "name" : "x" ,"task":{}, "arguments":{ "z":1e2 } , "_meta":{"a": 1.50} }"#,
        &changes,
        &Changes::NONE,
        r#"{"name" : "x","arguments":{ "z":1e2 },"_meta":{"a": 1.50}}"#,
    );
}

#[test]
fn members_are_put_into_a_meta_and_taken_out_of_it() {
    let value = Json::parse("2").unwrap();
    let level = Json::parse("\"info\"").unwrap();
    let adds = [Some(("b", &value)), Some(("io.modelcontextprotocol/logLevel", &level))];
    let in_meta = Changes { keeps: Keeps::If(&|name| name != "c"), adds: &adds };
    check_params(
        r#"{"_meta":{"b":1,"a":{},"c":3,"progressToken":"t"},"name":"x"}"#,
        &Changes::NONE,
        &in_meta,
        r#"{"_meta":{"a":{},"progressToken":"t","b":2,"io.modelcontextprotocol/logLevel":"info"},"name":"x"}"#,
    );
    let put = r#"{"_meta":{"b":2,"io.modelcontextprotocol/logLevel":"info"}"#;
    let expected = format!(r#"{put},"name":"x"}}"#);
    check_params(r#"{"name":"x"}"#, &Changes::NONE, &in_meta, &expected);
    check_params("{ }", &Changes::NONE, &in_meta, &format!("{put} }}"));
}

#[test]
fn a_meta_that_comes_out_empty_is_left_out() {
    let none = Changes { keeps: Keeps::None, adds: &[] };
    let keep = Changes::NONE;
    check_params(r#"{"_meta":{"a":1},"name":"x"}"#, &keep, &none, r#"{"name":"x"}"#);
    check_params(r#"{"name":"x", "_meta" : {"a":1}}"#, &keep, &none, r#"{"name":"x"}"#);
    check_params(r#"{"_meta":{}}"#, &keep, &none, "{}");
    check_params(r#"{ "_meta" : {"a":1} , "name":"x" }"#, &keep, &none, r#"{  "name":"x" }"#);
    check_params(
        r#"{"name":"_meta","x":[1] , "_meta":{"a":{}} }"#,
        &keep,
        &none,
        r#"{"name":"_meta","x":[1] }"#,
    );
    check_params(r#"{"x":1,"\u005fmeta":{"a":1},"y":2}"#, &keep, &none, r#"{"x":1,"y":2}"#);
}

#[test]
fn a_request_without_parameters_gets_some_when_they_are_needed() {
    let bare = parse(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list" }"#);
    let value = Json::parse("2").unwrap();
    let in_meta = Changes { keeps: Keeps::All, adds: &[Some(("b", &value))] };
    assert_eq!(
        rewritten(&bare, &Changes::NONE, &in_meta),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list" ,"params":{"_meta":{"b":2}}}"#,
    );
    let unchanged = rewritten(&bare, &Changes::NONE, &Changes::NONE);
    assert_eq!(unchanged.as_bytes(), bare.to_bytes());
}

#[test]
fn a_result_loses_and_gains_members() {
    let complete = Json::of(&"complete").unwrap();
    let changes = Changes {
        keeps: Keeps::If(&|name| name != "ttlMs"),
        adds: &[Some(("resultType", &complete))],
    };
    let answer = parse(r#"{"jsonrpc":"2.0","id":1,"result":{"ttlMs":5,"content":[1, 2],"x":"y"}}"#);
    assert_eq!(
        rewritten(&answer, &changes, &Changes::NONE),
        r#"{"jsonrpc":"2.0","id":1,"result":{"content":[1, 2],"x":"y","resultType":"complete"}}"#,
    );
    let odd = parse(r#"{"jsonrpc":"2.0","id":1,"result":[]}"#);
    assert!(odd.rewritten(&Changes::NONE, &Changes::NONE).is_none());
}

#[test]
fn long_content_is_shared() {
    let long = "x".repeat(100_000);
    let message =
        call(&format!(r#"{{"arguments":{{"text":"{long}"}},"_meta":{{"a":1}},"name":"n"}}"#));
    let none = Changes { keeps: Keeps::None, adds: &[] };
    let rewritten = message.rewritten(&Changes::NONE, &none).unwrap().with_id(Id::from_number(9));
    let sizes: Vec<_> = rewritten.pieces().map(|it| it.len()).collect();
    assert_eq!(sizes.len(), 3, "{sizes:?}");
    let shared = rewritten.pieces().nth(1).unwrap();
    let original = message.arguments().unwrap();
    let offset = original.as_ptr().addr() - shared.as_ptr().addr();
    assert!(offset < 64, "the text is the client's own");
    assert_eq!(rewritten.arguments().map(str::as_ptr), Some(original.as_ptr()));
}

#[test]
fn half_surrogates_leave_as_they_came() {
    let text =
        r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\ud83d!"}],"a":1}}"#;
    let answer = Message::parse_from_upstream(text.into(), &limits()).unwrap();
    let changes = Changes { keeps: Keeps::If(&|name| name != "a"), adds: &[] };
    assert_eq!(
        rewritten(&answer, &changes, &Changes::NONE),
        r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\ud83d!"}]}}"#,
    );
    let result = answer.rewritten(&changes, &Changes::NONE).unwrap();
    assert!(result.has_lone_surrogates());
    assert!(result.result().unwrap().contains("\\uFFFD!"), "readers see a character");
}

#[test]
fn new_ids_and_tokens_stay_with_a_rewritten_message() {
    let text = r#"{"name":"x","task":1,"_meta":{"a":1,"progressToken":"old"}}"#;
    let message = call(text).with_id(Id::from_number(42)).with_progress_token(Id::from_text("new"));
    let changes = Changes { keeps: Keeps::If(&|name| name != "task"), adds: &[] };
    let in_meta = Changes { keeps: Keeps::If(&keeping(&["progressToken"])), adds: &[] };
    assert_eq!(
        rewritten_bytes(&message.rewritten(&changes, &in_meta).unwrap()),
        r#"{"jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"x","_meta":{"progressToken":"new"}}}"#,
    );
    let in_meta = Changes { keeps: Keeps::None, adds: &[] };
    assert_eq!(
        rewritten_bytes(&message.rewritten(&changes, &in_meta).unwrap()),
        r#"{"jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"x"}}"#,
    );
}

fn rewritten_bytes(message: &Message) -> String {
    assert_eq!(message.len(), message.to_bytes().len());
    String::from_utf8(message.to_bytes().to_vec()).unwrap()
}

/// A member that a reader looks for, or another, with a value that may be long.
fn any_member() -> impl Strategy<Value = (String, Value)> {
    let name = prop_oneof![
        Just("name"),
        Just("uri"),
        Just("arguments"),
        Just("task"),
        Just("requestState"),
        Just("progressToken"),
        Just("resultType"),
        Just("io.modelcontextprotocol/protocolVersion"),
        Just("io.modelcontextprotocol/clientInfo"),
        Just("é"),
        Just("x\"y"),
    ];
    let value = prop_oneof![
        Just(json!("short")),
        Just(json!("complete")),
        Just(json!({ "a": [1, 2.5, null] })),
        (0..5_000_usize).prop_map(|len| Value::from("y".repeat(len))),
        any::<i64>().prop_map(Value::from),
    ];
    (name.prop_map(str::to_owned), value)
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(any_member(), 0..7).prop_map(Map::from_iter)
}

proptest! {
    #[test]
    fn any_change_of_any_request_reads_as_its_text_does(
        payload in any_object(),
        meta in prop::option::of(any_object()),
        added in any_object(),
        added_to_meta in any_object(),
        kept in prop::collection::hash_set(0..10_usize, 0..10),
        is_pretty: bool,
        is_result: bool,
        (drops_all, only_meta) in any::<(bool, bool)>(),
        id in any::<u64>(),
    ) {
        let mut payload = payload;
        payload.extend(meta.map(|it| ("_meta".to_owned(), Value::from(it))));
        let text = match is_result {
            true => json!({ "jsonrpc": "2.0", "id": 1, "result": payload }),
            false => json!({ "jsonrpc": "2.0", "id": 1, "method": "a/b", "params": payload }),
        };
        let text = match is_pretty {
            true => serde_json::to_string_pretty(&text).unwrap(),
            false => text.to_string(),
        };
        let keeps = |name: &str| kept.contains(&(name.len() % 10));
        let json = |members: &Map<String, Value>| -> Vec<(String, Json)> {
            members.iter().filter(|it| !it.0.contains('"')).map(|(name, value)| (name.clone(), Json::of(value).unwrap())).collect()
        };
        let (adds, meta_adds) = (json(&added), json(&added_to_meta));
        let adds: Vec<Option<(&str, &Json)>> = adds.iter().map(|(name, value)| Some((&**name, value))).collect();
        let meta_adds: Vec<Option<(&str, &Json)>> = meta_adds.iter().map(|(name, value)| Some((&**name, value))).collect();
        let changes = match only_meta {
            true => Changes::NONE,
            false => Changes { keeps: Keeps::If(&keeps), adds: &adds },
        };
        let stays = if drops_all { Keeps::None } else { Keeps::If(&keeps) };
        let in_meta = Changes { keeps: stays, adds: &meta_adds };
        let message = parse(&text).with_id(Id::from_number(id));
        let found = rewritten(&message, &changes, &in_meta);

        let change = |object: &mut Map<String, Value>, adds: &[Option<(&str, &Json)>]| {
            object.retain(|name, _| keeps(name));
            for (name, value) in adds.iter().flatten() {
                object.insert((*name).to_owned(), serde_json::from_str(value.as_str()).unwrap());
            }
        };
        let inner = payload.remove("_meta");
        if !only_meta {
            change(&mut payload, &adds);
        }
        let mut inner = match inner { Some(Value::Object(inner)) => inner, _ => Map::new() };
        if drops_all {
            inner.clear();
        }
        change(&mut inner, &meta_adds);
        if !inner.is_empty() {
            payload.insert("_meta".to_owned(), inner.into());
        }
        let found: Value = serde_json::from_str(&found).unwrap();
        let place = if is_result { "result" } else { "params" };
        prop_assert_eq!(&found[place], &Value::from(payload));
        prop_assert_eq!(&found["id"], &Value::from(id));
    }
}
