//! Answers of interceptors.

use eyot_interceptors::Phase;
use serde_json::{Value, json};

use super::*;

fn result(members: &Value) -> InvokeResult {
    let mut all = json!({ "interceptor": "one", "type": "validation", "phase": "request" });
    all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_str(&all.to_string()).unwrap()
}

fn judged(members: &Value) -> Option<Severity> {
    validation(result(members)).unwrap().severity()
}

#[test]
fn the_gravest_of_what_a_validator_says_counts() {
    let error = json!({ "message": "m", "severity": "error" });
    let info = json!({ "message": "m", "severity": "info" });
    for (said, counts) in [
        (json!({ "valid": true }), None),
        (json!({ "valid": false }), Some(Severity::Error)),
        (json!({ "valid": false, "severity": "warn" }), Some(Severity::Warn)),
        (json!({ "valid": false, "severity": "warn", "messages": [error] }), Some(Severity::Error)),
        (json!({ "valid": true, "messages": [error] }), Some(Severity::Error)),
        (json!({ "valid": false, "severity": "error", "messages": [info] }), Some(Severity::Error)),
        (json!({ "valid": false, "messages": [info] }), Some(Severity::Info)),
    ] {
        assert_eq!(judged(&said), counts, "{said}");
    }
    assert!(validation(result(&json!({ "severity": "info" }))).is_err());
}

#[test]
fn what_goes_on_of_it_is_bounded() {
    let long = "é".repeat(5_000);
    let info = json!({ "message": long, "severity": "info", "path": long });
    let mut messages = vec![info; 100];
    messages.push(json!({ "message": "grave", "severity": "error" }));
    let judged = validation(result(&json!({ "valid": false, "messages": messages }))).unwrap();
    assert_eq!(judged.findings.len(), FINDINGS_MAX);
    assert_eq!(judged.findings[0].message, "grave");
    assert!(judged.findings.iter().all(|it| it.message.len() <= TEXT_BYTES_MAX));
}

#[test]
fn a_mutator_changes_what_it_says_that_it_changes() {
    let kept = edit(result(&json!({ "modified": false, "payload": { "other": 1 } }))).unwrap();
    assert!(kept.is_keep());
    let changed = edit(result(&json!({ "modified": true, "payload": { "n": 1 } }))).unwrap();
    assert!(matches!(changed, Edit::Replace(text) if text == r#"{"n":1}"#));
    assert!(edit(result(&json!({ "modified": true }))).is_err());
    assert!(edit(result(&json!({ "payload": {} }))).is_err());
}

#[test]
fn an_answer_to_another_question_is_none() {
    let asked = json!({ "name": "one", "event": "tools/call", "phase": "request", "payload": {} });
    let asked: InvokeParams = serde_json::from_str(&asked.to_string()).unwrap();
    let check =
        |members: Value| check(&result(&members), &asked, InterceptorKind::Validation).is_ok();
    assert!(check(json!({})));
    assert!(!check(json!({ "interceptor": "two" })));
    assert!(!check(json!({ "phase": Phase::Response })));
    assert!(!check(json!({ "type": "mutation" })));
}
