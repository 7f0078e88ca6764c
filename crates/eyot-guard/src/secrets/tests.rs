//! Secrets in plain sight, behind escapes, and what only looks a little like one.

use eyot_interceptors::{Decision, Origin, Plan, PlanOptions};
use eyot_service::Peer;
use eyot_types::Era;
use proptest::prelude::*;

use super::*;

/// A made-up key in two parts, so that scanners of secrets do not take this file for a leak.
fn github() -> String {
    ["ghp_", "1a2B3c4D5e6F7g8H9i0J1"].concat()
}

async fn redacted(payload: &str) -> String {
    let step = Secrets::known().redactor().interceptor(&[Phase::Request]);
    let plan = Plan::compile([step], PlanOptions::default()).unwrap();
    let origin = Origin::of_client(Peer::ourselves(Era::Modern));
    let outcome = plan.apply("tools/call", Phase::Request, payload, &origin).await.unwrap();
    assert_eq!(outcome.decision, Decision::Allow);
    outcome.final_payload.unwrap().get().to_owned()
}

#[test]
fn every_known_form_can_be_used_and_finds_its_own() {
    let secrets = Secrets::known();
    let tail = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0";
    for beginning in ["sk_live_", "ghp_", "glpat-", "xoxb-", "sk-ant-", "sk-proj-", "pypi-"] {
        let key = format!("{beginning}{tail}");
        assert_eq!(secrets.find(&key).len(), 1, "{beginning}");
    }
    let pem = ["-----BEGIN RSA PRIV", "ATE KEY-----\nabc\n-----END RSA PRIV", "ATE KEY----- rest"];
    assert!(secrets.find(&pem.concat())[0].0.ends_with("KEY-----"));
    assert!(secrets.find("ghp_short and AKIA and sk-learn").is_empty());
}

#[tokio::test]
async fn a_secret_is_replaced_and_all_else_keeps_its_bytes() {
    let payload =
        format!(r#"{{ "name":"a", "arguments":{{"q":"key {} end", "n": 1.50}} }}"#, github());
    let expected =
        r#"{ "name":"a", "arguments":{"q":"key [redacted:github_token] end", "n": 1.50} }"#;
    assert_eq!(redacted(&payload).await, expected);
}

#[tokio::test]
async fn escapes_hide_no_secret() {
    let hidden = github().replace("gh", r"\u0067\u0068");
    let payload = format!(r#"{{"name":"a","arguments":{{"q":"\"{hidden}\n"}}}}"#);
    let expected = r#"{"name":"a","arguments":{"q":"\"[redacted:github_token]\n"}}"#;
    assert_eq!(redacted(&payload).await, expected);
}

proptest! {
    #[test]
    fn no_payload_keeps_a_secret_and_every_one_stays_json(
        before in ".{0,20}", after in ".{0,20}", is_escaped: bool,
    ) {
        let text = format!("{before} {} {after}", github());
        let mut quoted = serde_json::Value::from(text.as_str()).to_string();
        if is_escaped {
            quoted = quoted.replace("ghp", r"\u0067hp");
        }
        let payload = format!(r#"{{"name":"a","arguments":{{"q":{quoted}}}}}"#);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let after: serde_json::Value =
            serde_json::from_str(&runtime.block_on(redacted(&payload))).unwrap();
        let expected = text.replace(&github(), "[redacted:github_token]");
        prop_assert_eq!(after["arguments"]["q"].as_str().unwrap(), expected);
    }
}
