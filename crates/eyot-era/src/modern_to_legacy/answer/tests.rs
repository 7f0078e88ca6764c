//! Answers of legacy servers have what the modern era asks for.

use eyot_jsonrpc::{Id, Json, Message, Response, ScanLimits};
use eyot_types::{ClientCapabilities, ClientCapability, Implementation, Method};
use serde_json::{Value, json};

use super::{answer, missing_capability_error, url_elicitations};

fn said(member: &str, value: &Value) -> Response {
    let text = json!({ "jsonrpc": "2.0", "id": 1, member: value }).to_string();
    Message::parse(text.into(), &ScanLimits::default()).unwrap().into_response().unwrap()
}

fn converted(method: Method<'_>, member: &str, value: &Value) -> Value {
    let server = Json::of(&Implementation::new("s", "1")).unwrap();
    let answered = answer(Id::from_text("theirs"), method, &said(member, value), &server);
    serde_json::from_slice(&answered.message.to_bytes()).unwrap()
}

#[test]
fn a_list_says_its_type_its_server_and_that_nobody_may_keep_it() {
    let tool = json!({ "name": "a", "inputSchema": { "type": "object" },
        "execution": { "taskSupport": "optional" } });
    let answer = converted(Method::ToolsList, "result", &json!({ "tools": [tool] }));
    assert_eq!(answer["id"], "theirs");
    let result = &answer["result"];
    assert_eq!(result["resultType"], "complete");
    assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(0), &json!("private")));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "s");
    assert!(result["tools"][0].get("execution").is_none(), "{result}");
}

#[test]
fn metadata_of_a_server_stays_beside_ours() {
    let result = json!({ "content": [], "_meta": { "vendor/x": 1 } });
    let answer = converted(Method::ToolsCall, "result", &result);
    assert_eq!(answer["result"]["_meta"]["vendor/x"], 1);
}

#[test]
fn errors_have_codes_of_the_modern_era() {
    let error = json!({ "code": -32002, "message": "gone", "data": { "uri": "a:b" } });
    let answer = converted(Method::ResourcesRead, "error", &error);
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(answer["error"]["data"]["uri"], "a:b");
    let error = json!({ "code": -32001, "message": "late" });
    assert_eq!(converted(Method::ToolsCall, "error", &error)["error"]["code"], -32603);
}

#[test]
fn a_page_to_visit_that_cannot_be_read_is_an_error_of_the_modern_era() {
    let error = json!({ "code": -32042, "message": "visit", "data": { "elicitations": 7 } });
    assert_eq!(converted(Method::ToolsCall, "error", &error)["error"]["code"], -32603);
}

#[test]
fn an_answer_that_is_no_result_of_its_method_is_an_error_that_says_that_the_tool_has_run() {
    let answer = converted(Method::ToolsCall, "result", &json!([7]));
    assert_eq!(answer["error"]["code"], -32603);
    assert_eq!(answer["error"]["data"], json!({ "outcome": "ran", "retryable": false }));
}

#[test]
fn pages_to_visit_are_questions_without_their_legacy_id() {
    let page = json!({ "mode": "url", "message": "m", "url": "https://a/", "elicitationId": "e" });
    let error = json!({ "code": -32042, "message": "visit", "data": { "elicitations": [page] } });
    let error = said("error", &error);
    let client = ClientCapabilities::default();
    assert_eq!(url_elicitations(&error, &client).unwrap_err().code, -32021);
    let client = client.with_setting(ClientCapability::Elicitation, "url");
    let pages = url_elicitations(&error, &client).unwrap().unwrap();
    assert_eq!((pages.len(), &pages[0].elicitation_id), (1, &None));
}

#[test]
fn a_failure_after_a_question_in_vain_is_for_want_of_a_capability() {
    let unmet = ClientCapabilities::default().with(ClientCapability::Sampling);
    let failed = json!({ "content": [], "isError": true });
    let error = missing_capability_error(&said("result", &failed), &unmet).unwrap();
    assert_eq!(error.code, -32021);
    let expected = json!({ "requiredCapabilities": { "sampling": {} }, "original": failed });
    assert_eq!(error.data, Some(expected));
    let refused = json!({ "code": -32600, "message": "no model" });
    let error = missing_capability_error(&said("error", &refused), &unmet).unwrap();
    assert_eq!(error.data.unwrap()["original"], refused);
}

#[test]
fn nothing_is_wanting_where_the_server_could_do_without() {
    let unmet = ClientCapabilities::default().with(ClientCapability::Sampling);
    let done = said("result", &json!({ "content": [], "isError": false }));
    assert_eq!(missing_capability_error(&done, &unmet), None);
    let failed = said("result", &json!({ "content": [], "isError": true }));
    assert_eq!(missing_capability_error(&failed, &ClientCapabilities::default()), None);
}
