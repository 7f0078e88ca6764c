//! What a legacy request becomes.

use eyot_jsonrpc::{Id, Request};
use eyot_types::Revision;
use serde_json::{Value, json};

use super::ClientMeta;

fn client(revision: Revision, capabilities: impl Into<Value>) -> ClientMeta {
    let params = json!({ "protocolVersion": revision.as_str(), "capabilities": capabilities.into(),
        "clientInfo": { "name": "c", "version": "1" } });
    ClientMeta::of_initialize(revision, &params.to_string()).unwrap().0
}

fn request(params: &str) -> Request {
    Request::of_text(Id::from_number(1), "tools/call", params)
}

fn meta_of(params: &str) -> Value {
    serde_json::from_str::<Value>(params).unwrap()["_meta"].clone()
}

#[test]
fn what_the_client_has_said_once_is_in_every_request() {
    let client = client(Revision::V2025_11_25, json!({ "roots": { "listChanged": true } }));
    let request = request(r#"{"name":"x","_meta":{"progressToken":7,"a.b/c":1.50}}"#);
    let converted = client.request(&request, Some("info"));
    let params = converted.params().unwrap();
    assert!(params.contains("1.50") && params.starts_with(r#"{"name":"x","_meta":{"#), "{params}");
    let key = |name: &str| format!("io.modelcontextprotocol/{name}");
    let expected = json!({ "progressToken": 7, "a.b/c": 1.5,
        key("protocolVersion"): "2026-07-28", key("logLevel"): "info",
        key("clientInfo"): { "name": "c", "version": "1" },
        key("clientCapabilities"): { "roots": {} } });
    assert_eq!(meta_of(params), expected);
}

#[test]
fn a_capability_that_the_sessions_revision_does_not_have_is_not_declared() {
    let declared = json!({ "elicitation": {}, "sampling": {}, "tasks": {} });
    let old = client(Revision::V2025_03_26, declared.clone());
    assert!(!old.capabilities().has_elicitation_form());
    let new = client(Revision::V2025_11_25, declared);
    assert!(new.capabilities().has_elicitation_form());
    assert!(!new.capabilities().0.contains_key("tasks"));
}

#[test]
fn members_that_would_mean_something_else_are_left_out() {
    let client = client(Revision::V2025_11_25, json!({}));
    let request = request(r#"{"name":"x","task":{"ttl":1},"requestState":"forged","z":1.0}"#);
    let params: Value = client.request(&request, None).decode_params().unwrap();
    let names: Vec<_> = params.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["_meta", "name", "z"]);
}

#[test]
fn names_of_such_members_within_arguments_change_nothing() {
    let client = client(Revision::V2025_11_25, json!({}));
    let text = r#""arguments":{ "task" : 1.0 }}"#;
    let converted = client.request(&request(&format!(r#"{{"name":"x",{text}"#)), None);
    let params = converted.params().unwrap();
    assert!(params.contains(text.trim_end_matches('}')), "{params}");
}
