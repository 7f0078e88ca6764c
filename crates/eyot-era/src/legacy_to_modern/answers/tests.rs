//! What a modern answer becomes.

use eyot_jsonrpc::{ErrorObject, Id, Response};
use eyot_types::{JsonObject, Method, Revision};
use serde_json::{Value, json};

use super::convert_answer;
use crate::LOSSES_KEY;

fn converted(revision: Revision, method: Method<'_>, result: impl Into<Value>) -> Value {
    let answer = Response::new(Id::from_text("\u{1F980}"), &result.into());
    let converted = convert_answer(revision, method, &answer, None);
    serde_json::from_slice(&converted.message.to_bytes()).unwrap()
}

#[test]
fn what_only_the_modern_era_has_is_taken_off_a_result() {
    let result = json!({ "resultType": "complete", "tools": [], "ttlMs": 0,
        "cacheScope": "private", "nextCursor": "", "x": 1,
        "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "s", "version": "1" } } });
    let answer = converted(Revision::V2025_11_25, Method::ToolsList, result);
    assert_eq!(answer["result"], json!({ "tools": [], "nextCursor": "", "x": 1 }));
    assert_eq!(answer["id"], "\u{1F980}");
}

#[test]
fn a_loss_is_said_in_the_result() {
    let result = json!({ "content": [], "structuredContent": 7 });
    let answer = converted(Revision::V2025_11_25, Method::ToolsCall, result);
    assert_eq!(answer["result"]["structuredContent"], json!({ "result": 7 }));
    assert_eq!(answer["result"]["_meta"][LOSSES_KEY], json!(["any_structured_content"]));
}

#[test]
fn an_object_of_a_tool_whose_schema_was_wrapped_is_wrapped_too() {
    let schema: JsonObject = serde_json::from_value(json!({ "anyOf": [{}] })).unwrap();
    let result = json!({ "content": [], "structuredContent": { "a": 1 } });
    let answer = Response::new(Id::from_number(1), &result);
    let converted =
        convert_answer(Revision::V2025_11_25, Method::ToolsCall, &answer, Some(&schema)).message;
    let result: Value = converted.decode_result().unwrap();
    assert_eq!(result["structuredContent"], json!({ "result": { "a": 1 } }));
}

#[track_caller]
fn check_error(code: i64, data: Value, expected: i64, part: &str) {
    let error = ErrorObject::new(code, "m").with_data(data);
    let answer = Response::of_error(Some(Id::from_number(1)), &error);
    let converted = convert_answer(Revision::V2025_11_25, Method::ResourcesRead, &answer, None);
    let error = converted.message.decode_error().unwrap();
    assert_eq!(error.code, expected);
    assert!(error.message.contains(part), "{}", error.message);
}

#[test]
fn codes_that_only_the_modern_era_has_are_replaced() {
    check_error(-32020, json!({}), -32603, "m");
    check_error(-32022, json!({}), -32603, "m");
    check_error(-32602, json!({ "uri": "x" }), -32002, "m");
    check_error(-32601, json!({}), -32601, "m");
    let required = json!({ "requiredCapabilities": { "sampling": {} } });
    check_error(-32021, required, -32600, "sampling");
}

#[test]
fn a_result_that_is_none_of_its_method_is_an_error() {
    let answer = converted(Revision::V2025_11_25, Method::ToolsList, json!({ "tools": 1 }));
    assert_eq!(answer["error"]["code"], -32603);
}
