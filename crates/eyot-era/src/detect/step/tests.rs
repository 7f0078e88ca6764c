//! Real answers of real servers: what they prove, and how they are told.

use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Message, ScanLimits};
use eyot_types::{Era, Revision};
use serde_json::json;

use super::{Carrier, EraAnswer, EraStep, Evidence};

fn said(answer: &str, status: Option<u16>) -> EraAnswer {
    let message = Message::parse(answer.to_owned().into(), &ScanLimits::default()).unwrap();
    EraAnswer::of_discover(&message, status)
}

#[track_caller]
fn check(answer: &str, expected: Evidence) {
    check_status(None, answer, expected);
    check_status(Some(200), answer, expected);
}

#[track_caller]
fn check_status(status: Option<u16>, answer: &str, expected: Evidence) {
    let carrier = if status.is_some() { Carrier::Http } else { Carrier::Pipe };
    assert_eq!(said(answer, status).evidence(false, carrier), expected, "{status:?}: {answer}");
}

fn refused(code: i64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":0,"error":{{"code":{code},"message":"no"}}}}"#)
}

#[test]
fn a_discovery_and_a_modern_error_prove_a_modern_server() {
    check(
        r#"{"jsonrpc":"2.0","id":0,"result":{"resultType":"complete","supportedVersions":[]}}"#,
        Evidence::Modern,
    );
    for code in [-32020, -32021, -32022] {
        check(&refused(code), Evidence::Modern);
    }
}

#[test]
fn any_other_answer_is_one_of_a_legacy_server() {
    for code in [-32601, -32600, -32602, -32000, -32001, 1] {
        check(&refused(code), Evidence::Legacy);
    }
    check(r#"{"jsonrpc":"2.0","id":0,"result":{}}"#, Evidence::Legacy);
    check(r#"{"jsonrpc":"2.0","id":0,"result":{"supportedVersions":"all"}}"#, Evidence::Legacy);
}

#[test]
fn authorization_overload_and_outages_prove_nothing_whatever_body_comes_with_them() {
    for status in [401, 403, 408, 429, 500, 503] {
        check_status(Some(status), &refused(-32603), Evidence::Nothing);
        check_status(Some(status), &refused(-32022), Evidence::Modern);
        check_status(Some(status), r#"{"jsonrpc":"2.0","id":0,"result":{}}"#, Evidence::Nothing);
    }
    check_status(Some(400), &refused(-32603), Evidence::Legacy);
}

#[test]
fn versions_that_are_no_text_do_not_hide_the_others() {
    let result = json!({ "supportedVersions": [1, null, "2026-07-28"] });
    let answer = json!({ "jsonrpc": "2.0", "id": 0, "result": result }).to_string();
    assert_eq!(said(&answer, None), EraAnswer::Accepted(Revision::MODERN));
}

#[test]
fn an_answer_is_told_after_the_method_that_asked() {
    let told = |answer: EraAnswer| {
        EraStep { asked: "server/discover", answer, taken_for: None }.to_string()
    };
    let error = || ErrorObject::new(-32601, "no");
    let over_lines = EraAnswer::Refused { error: error(), status: None };
    assert_eq!(told(over_lines), "server/discover answered -32601 (no)");
    let over_http = EraAnswer::Refused { error: error(), status: Some(404) };
    assert_eq!(told(over_http), "server/discover answered -32601 (no) with HTTP status 404");
    let accepted = EraAnswer::Accepted(Revision::MODERN);
    assert_eq!(told(accepted), "server/discover was accepted (2026-07-28)");
    let offered = EraAnswer::Offered(vec!["2031-01-01".to_owned()]);
    assert_eq!(told(offered), "server/discover offered only 2031-01-01");
    let told_of_none = "server/discover answered something that is no result of it";
    assert_eq!(told(EraAnswer::Misunderstood), told_of_none);
    let failed = EraAnswer::Failed("upstream exited".to_owned());
    assert_eq!(told(failed), "server/discover failed: upstream exited");
    let silent = EraAnswer::Silent(Duration::from_secs(2));
    assert_eq!(told(silent), "server/discover got no answer within 2s");
}

#[test]
fn a_server_that_agrees_to_another_era_than_it_was_asked_for_is_not_believed() {
    let legacy = EraAnswer::Accepted(Revision::LATEST_LEGACY);
    assert_eq!(legacy.evidence(false, Carrier::Pipe), Evidence::Legacy);
    assert_eq!(Revision::LATEST_LEGACY.era(), Era::Legacy);
}
