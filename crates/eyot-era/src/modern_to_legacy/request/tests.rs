//! Requests lose what only the modern era has, and nothing else.

use eyot_jsonrpc::{Message, Request, ScanLimits};
use eyot_types::Revision;

use super::{capabilities, request as converted};

fn request(method: &str, params: &str) -> Request {
    let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    Message::parse(text.into(), &ScanLimits::default()).unwrap().into_request().unwrap()
}

#[track_caller]
fn check(method: &str, given: &str, expected: &str) {
    let (converted, losses) = converted(&request(method, given), Revision::LATEST_LEGACY).unwrap();
    assert_eq!(converted.params(), Some(expected));
    assert!(losses.is_empty(), "what was for the bridge is not lost");
}

#[test]
fn metadata_of_the_protocol_goes_and_the_rest_keeps_its_bytes() {
    check(
        "tools/call",
        r#"{"name":"a","arguments":{"n":1e2, "x":[ ]},"_meta":{"io.modelcontextprotocol/logLevel":"info","progressToken":7,"traceparent":"t"}}"#,
        r#"{"name":"a","arguments":{"n":1e2, "x":[ ]},"_meta":{"progressToken":7,"traceparent":"t"}}"#,
    );
    check("tools/list", r#"{"_meta":{"io.modelcontextprotocol/logLevel":"info"}}"#, "{}");
}

#[test]
fn what_belongs_to_a_round_does_not_reach_the_server() {
    check(
        "tools/call",
        r#"{"name":"a","requestState":"s","inputResponses":{"k":{}}}"#,
        r#"{"name":"a"}"#,
    );
}

#[test]
fn only_what_a_legacy_server_may_ask_for_is_declared() {
    let declared = r#"{"elicitation":{"form":{}},"sampling":{},"roots":{},"extensions":{"x":{}}}"#;
    let declared = capabilities(Some(declared)).unwrap();
    let names: Vec<_> = declared.0.keys().map(String::as_str).collect();
    assert_eq!(names, ["elicitation", "roots", "sampling"]);
}
