//! Messages of our own pass our own scan.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::{ErrorObject, INTERNAL_ERROR, Id, Message, ScanLimits};

/// Checks the text of a message, and that a scan finds in it what the writing has noted.
#[track_caller]
fn check(message: &Message, expected: &str) {
    assert_eq!(message.to_bytes(), expected);
    let scanned = Message::parse(message.to_bytes(), &ScanLimits::default()).unwrap();
    assert_eq!(format!("{message:?}"), format!("{scanned:?}"));
    assert_eq!(message.params(), scanned.params());
    assert_eq!((message.result(), message.error()), (scanned.result(), scanned.error()));
    assert_eq!((message.name(), message.uri()), (scanned.name(), scanned.uri()));
    assert_eq!(
        (message.arguments(), message.has_round()),
        (scanned.arguments(), scanned.has_round())
    );
    assert_eq!(
        (message.meta(), message.progress_token()),
        (scanned.meta(), scanned.progress_token())
    );
    assert_eq!(message.is_single_line(), scanned.is_single_line());
    assert_eq!(message.has_line_separators(), scanned.has_line_separators());
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

/// A value that serde cannot write as JSON.
fn unwritable() -> impl Serialize {
    BTreeMap::from([(vec![1], 1)])
}

#[test]
fn a_request_is_written_and_its_parts_are_known() {
    let params = json!({"_meta": {"progressToken": 5}, "name": "\u{2028}", "uri": "a:b"});
    let message = Message::request(Id::from_number(7), "tools/call", &params);
    check(
        &message,
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":\
         {\"_meta\":{\"progressToken\":5},\"name\":\"\u{2028}\",\"uri\":\"a:b\"}}",
    );
    assert_eq!(message.progress_token(), Some(Id::from_number(5)));
}

#[test]
fn a_notification_is_written_and_its_token_is_known() {
    let message = Message::notification("a\"b", &json!({"progressToken": "p"}));
    check(&message, r#"{"jsonrpc":"2.0","method":"a\"b","params":{"progressToken":"p"}}"#);
    assert_eq!(message.progress_token(), Some(Id::from_text("p")));
}

#[test]
fn params_that_are_no_object_are_left_out() {
    let expected = r#"{"jsonrpc":"2.0","method":"m"}"#;
    check(&Message::notification("m", &()), expected);
    check(&Message::notification("m", &[1]), expected);
    check(&Message::notification("m", &unwritable()), expected);
    check(&Message::notification("m", &raw(r#"{"name":1,"Name":2}"#)), expected);
}

#[test]
fn a_result_is_written_as_it_is() {
    let id = || Id::from_text("x");
    let head = r#"{"jsonrpc":"2.0","id":"x","result":"#;
    check(&Message::response(id(), &json!({"a": [1]})), &format!("{head}{{\"a\":[1]}}}}"));
    check(&Message::response(id(), &Value::Null), &format!("{head}null}}"));
    check(&Message::response(id(), &raw("[1,\n2]")), &format!("{head}[1,\n2]}}"));
}

#[test]
fn a_result_that_others_could_not_read_becomes_an_error() {
    for result in [raw("[1e999]"), raw(r#""\ud800""#), raw(&("[".repeat(128) + &"]".repeat(128)))] {
        let error = Message::response(Id::from_number(1), &result).decode_error().unwrap();
        assert_eq!(error.code, INTERNAL_ERROR);
    }
    assert!(Message::response(Id::from_number(1), &unwritable()).decode_error().is_ok());
}

#[test]
fn an_error_is_written_with_and_without_an_id() {
    let error = ErrorObject::new(-1, "no").with_data(json!([1]));
    let text = r#""error":{"code":-1,"message":"no","data":[1]}}"#;
    let with_id = Message::error_response(Some(Id::from_number(3)), &error);
    check(&with_id, &format!(r#"{{"jsonrpc":"2.0","id":3,{text}"#));
    let without_id = Message::error_response(None, &error);
    check(&without_id, &format!(r#"{{"jsonrpc":"2.0",{text}"#));
    assert_eq!(without_id.id(), None);
    assert_eq!(with_id.decode_error().unwrap(), error);
}

#[test]
fn data_that_others_could_not_read_are_left_out() {
    let deep = (0..200).fold(Value::Null, |inner, _| Value::from(vec![inner]));
    let error = ErrorObject::new(-1, "no").with_data(deep);
    let message = Message::error_response(None, &error);
    check(&message, r#"{"jsonrpc":"2.0","error":{"code":-1,"message":"no"}}"#);
}

#[test]
fn a_message_of_our_own_can_be_patched() {
    let message = Message::request(Id::from_number(1), "ping", &());
    let patched = message.with_id(Id::from_text("r"));
    assert_eq!(patched.to_bytes(), r#"{"jsonrpc":"2.0","id":"r","method":"ping"}"#);
}

#[test]
fn what_is_written_already_is_scanned_and_keeps_its_bytes() {
    let params = r#"{ "name" : "a" , "_meta":{"progressToken":5}}"#;
    let message = Message::request_of_text(Id::from_number(7), "tools/call", params);
    let expected = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{ "name" : "a" , "_meta":{"progressToken":5}}}"#;
    check(&message, expected);
    let message = Message::response_of_text(Id::from_text("a"), "{\"a\": [ 1 ,\n2 ]}");
    check(&message, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"a\": [ 1 ,\n2 ]}}");
    assert!(!message.is_single_line());
}

#[test]
fn text_that_is_no_json_never_leaves() {
    let message = Message::request_of_text(Id::from_number(7), "ping", r#"{"a":}"#);
    check(&message, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#);
    for text in ["", "{", "{} {}", r#"{"a":"\ud800"}"#] {
        let message = Message::response_of_text(Id::from_number(7), text);
        assert_eq!(message.decode_error().unwrap().code, INTERNAL_ERROR, "{text}");
    }
}
