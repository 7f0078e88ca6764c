//! What goes in is what is sent.

use eyot_jsonrpc::Id;
use eyot_types::JsonObject;
use serde_json::json;

use super::Params;

#[test]
fn members_leave_as_they_were_given_and_meta_comes_last() {
    let params = Params::new().with("name", &"add").unwrap();
    let params = params.with_arguments(&json!({ "a": 1 })).unwrap();
    let meta = json!({ "k": true });
    let request = params.request(Id::from_number(1), "tools/call", meta.as_object().unwrap());
    let text = r#"{"name":"add","arguments":{"a":1},"_meta":{"k":true}}"#;
    assert_eq!(request.params(), Some(text));
}

#[test]
fn no_arguments_are_no_member() {
    let params = Params::new().with_arguments(&()).unwrap();
    let request = params.request(Id::from_number(1), "tools/call", &JsonObject::new());
    assert_eq!(request.params(), Some("{}"));
}

#[test]
fn arguments_that_are_no_object_are_refused() {
    Params::new().with_arguments(&json!([1])).unwrap_err();
    Params::of(&json!("text")).unwrap_err();
}

#[test]
fn meta_among_raw_parameters_is_taken_apart() {
    let params = Params::of(&json!({ "_meta": { "k": 1 }, "uri": "a:b" })).unwrap();
    assert_eq!(params.meta.get("k"), Some(&json!(1)));
    assert_eq!(params.get("uri"), Some(r#""a:b""#));
    assert_eq!(params.get("_meta"), None);
}

#[test]
fn a_member_that_is_set_again_is_replaced() {
    let mut params = Params::new().with("cursor", &"a").unwrap();
    params.set("cursor", super::to_raw(&"b").unwrap());
    assert_eq!(params.to_text(), "cursor=\"b\"\n");
}
