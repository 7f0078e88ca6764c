//! What a response always has, whom it answers, and under which id.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::any_value::any_value;
use crate::{ErrorObject, INTERNAL_ERROR, Id, Message, Response, ScanLimits, UpstreamId};

fn parse(text: &str) -> Response {
    let text = bytes::Bytes::copy_from_slice(text.as_bytes());
    Message::parse(text, &ScanLimits::default()).unwrap().into_response().unwrap()
}

const RESULT: &str = r#"{"jsonrpc":"2.0","id":7,"result": [1, 2] }"#;
const UNNAMED: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}}"#;

#[test]
fn a_result_has_its_id() {
    let response = parse(RESULT);
    assert_eq!(response.id(), Some(Id::from_number(7)));
    assert_eq!(response.upstream_id(), Some(UpstreamId::new(7)));
    assert_eq!(response.payload(), Ok("[1, 2]"));
    assert!(!response.is_error());
    assert_eq!(response.error_object(), None);
}

#[test]
fn an_error_may_name_no_request() {
    for text in [UNNAMED.to_owned(), UNNAMED.replace("\"id\":null,", "")] {
        let response = parse(&text);
        assert!(response.is_error());
        assert_eq!((response.id(), response.upstream_id()), (None, None));
        assert_eq!(response.payload(), Err(r#"{"code":-1,"message":"no"}"#));
        assert_eq!(response.error_object(), Some(ErrorObject::new(-1, "no")));
    }
}

#[test]
fn an_answer_reaches_the_client_under_its_own_id() {
    let id = || Id::from_text("client");
    let told = parse(RESULT).with_client_id(id());
    assert_eq!(told.to_bytes(), RESULT.replace(":7,", ":\"client\","));
    assert_eq!(told.id(), Some(id()));
    let error = parse(&UNNAMED.replace("null", "7")).with_client_id(id());
    assert_eq!(error.to_bytes(), UNNAMED.replace("null", "\"client\""));
    let named = parse(UNNAMED).with_client_id(id());
    assert_eq!(named.to_bytes(), UNNAMED.replace("null", "\"client\""));
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let response = Response::of_text(Id::from_number(1), "[");
    assert_eq!(response.error_object().unwrap().code, INTERNAL_ERROR);
    assert_eq!(Response::of_text(Id::from_number(1), "[1]").payload(), Ok("[1]"));
}

proptest! {
    #[test]
    fn every_error_that_the_scan_passes_can_be_read(
        code in any::<i64>(),
        message in any::<String>(),
        data in any_value(),
        id in prop::option::of(any::<String>()),
    ) {
        let error = json!({"code": code, "message": message, "data": data, "more": [data]});
        let text = json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string();
        let response = parse(&text);
        prop_assert_eq!(response.id(), id.as_deref().map(Id::from_text));
        let read = response.error_object().unwrap();
        let again: Value = serde_json::from_str(&error.to_string()).unwrap();
        // A `null` is read as no data at all.
        let expected = Some(again["data"].clone()).filter(|it| *it != Value::Null);
        prop_assert_eq!((read.code, read.message, read.data), (code, message, expected));
        let named = response.with_client_id(Id::from_text("c"));
        prop_assert_eq!(named.id(), Some(Id::from_text("c")));
        prop_assert_eq!(named.error_object().unwrap().code, code);
    }

    #[test]
    fn every_result_that_the_scan_passes_is_there(value in any_value(), id in any::<u64>()) {
        let text = json!({"jsonrpc": "2.0", "id": id, "result": value}).to_string();
        let response = parse(&text);
        prop_assert_eq!(response.upstream_id(), Some(UpstreamId::new(id)));
        let raw = value.to_string();
        prop_assert_eq!(response.payload(), Ok(raw.as_str()));
    }
}
