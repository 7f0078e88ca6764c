//! What a request always has, and how it changes its ids.

use serde_json::json;

use crate::{ErrorObject, Id, Message, Request, ScanLimits, UpstreamId};

fn parse(text: &str) -> Request {
    let text = bytes::Bytes::copy_from_slice(text.as_bytes());
    Message::parse(text, &ScanLimits::default()).unwrap().into_request().unwrap()
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"t","_meta":{"progressToken":"p"}}}"#;

#[test]
fn a_request_has_its_id_and_its_method() {
    let request = parse(CALL);
    assert_eq!(request.id(), Id::from_text("a"));
    assert_eq!(request.method(), "tools/call");
    assert_eq!(request.name().as_deref(), Some("t"));
    assert_eq!(request.into_message().to_bytes(), CALL);
}

#[test]
fn a_method_with_escapes_is_borrowed_too() {
    let request = parse(&CALL.replace("tools/call", "t\\u006fols\\/call\\n"));
    let other = request.clone();
    let method: &str = request.method();
    assert_eq!(method, "tools/call\n");
    assert_eq!(other.method().as_ptr(), method.as_ptr());
    assert!(request.is_method("tools/call\n") && !request.is_method("t\\u006fols\\/call\\n"));
}

#[test]
fn a_request_goes_upstream_under_our_id() {
    let ours = UpstreamId::new(12);
    let renumbered = CALL.replace("\"a\"", "12");
    assert_eq!(parse(CALL).with_upstream_id(ours).to_bytes(), renumbered);
    let with_token = parse(CALL).with_upstream_id_and_token(ours);
    assert_eq!(with_token.to_bytes(), renumbered.replace("\"p\"", "12"));
    assert_eq!(with_token.id(), Id::from_number(12));
    let without_token = parse(r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#);
    let text = without_token.with_upstream_id_and_token(ours).to_bytes();
    assert_eq!(text, r#"{"jsonrpc":"2.0","id":12,"method":"m"}"#);
}

#[test]
fn a_request_of_ours_is_numbered_by_whoever_sends_it() {
    let request = Request::unnumbered("tools/list", &json!({"cursor": "c"}));
    let text = request.with_upstream_id(UpstreamId::new(3)).to_bytes();
    assert_eq!(text, r#"{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"c"}}"#);
}

#[test]
fn a_request_is_answered_under_the_id_that_it_has_now() {
    let request = parse(CALL).with_id(Id::from_text("b"));
    let answer = request.answer(&json!({}));
    assert_eq!((answer.id(), answer.payload()), (Some(Id::from_text("b")), Ok("{}")));
    let error = ErrorObject::new(-1, "no");
    let refusal = request.refuse(&error);
    assert_eq!((refusal.id(), refusal.error_object()), (Some(Id::from_text("b")), Some(error)));
}

#[test]
fn a_request_of_a_text_has_the_parameters_that_the_scan_accepts() {
    let request = |params| Request::of_text(Id::from_number(1), "m", params);
    assert_eq!(request(r#"{"a":1}"#).params(), Some(r#"{"a":1}"#));
    assert_eq!(request("{").params(), None);
}
