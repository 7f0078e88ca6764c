//! Real answers of real servers, and what they prove.

use eyot_jsonrpc::{Message, ScanLimits};

use super::{Carrier, Evidence, is_doubtful, is_legacy_refusal, of_answer, of_fault, of_silence};

#[track_caller]
fn check(answer: &'static str, expected: Evidence) {
    check_status(200, answer, expected);
}

#[track_caller]
fn check_status(status: u16, answer: &'static str, expected: Evidence) {
    let message = Message::parse(answer.into(), &ScanLimits::default()).unwrap();
    assert_eq!(of_answer(&message, status), expected, "{status}: {answer}");
}

#[test]
fn a_discovery_and_a_modern_error_prove_a_modern_server() {
    check(
        r#"{"jsonrpc":"2.0","id":0,"result":{"resultType":"complete","supportedVersions":[]}}"#,
        Evidence::Modern,
    );
    for code in [-32020, -32021, -32022] {
        let answer =
            format!(r#"{{"jsonrpc":"2.0","id":0,"error":{{"code":{code},"message":"no"}}}}"#);
        check(Box::leak(answer.into_boxed_str()), Evidence::Modern);
    }
}

#[test]
fn any_other_answer_is_one_of_a_legacy_server() {
    for code in [-32601, -32600, -32602, -32000, -32001, 1] {
        let answer =
            format!(r#"{{"jsonrpc":"2.0","id":0,"error":{{"code":{code},"message":"no"}}}}"#);
        check(Box::leak(answer.into_boxed_str()), Evidence::Legacy);
    }
    check(r#"{"jsonrpc":"2.0","id":0,"result":{}}"#, Evidence::Legacy);
    check(r#"{"jsonrpc":"2.0","id":0,"result":{"supportedVersions":"all"}}"#, Evidence::Legacy);
}

#[test]
fn authorization_overload_and_outages_prove_nothing() {
    for status in [401, 403, 429, 500, 502, 503, 504] {
        assert_eq!(
            of_fault(is_legacy_refusal(status), Carrier::Http),
            Evidence::Nothing,
            "{status}"
        );
    }
    let error = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32603,"message":"no"}}"#;
    let modern = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32022,"message":"no"}}"#;
    for status in [401, 403, 408, 429, 500, 503] {
        check_status(status, error, Evidence::Nothing);
        check_status(status, modern, Evidence::Modern);
    }
    check_status(400, error, Evidence::Legacy);
    assert_eq!(of_fault(false, Carrier::Http), Evidence::Nothing, "a broken connection");
    assert_eq!(of_silence(Carrier::Http), Evidence::Nothing);
}

#[test]
fn a_bare_refusal_proves_a_legacy_server() {
    for status in [400, 404, 405] {
        assert_eq!(
            of_fault(is_legacy_refusal(status), Carrier::Http),
            Evidence::Legacy,
            "{status}"
        );
    }
}

#[test]
fn a_child_that_is_silent_or_ends_is_legacy() {
    assert_eq!(of_silence(Carrier::Pipe), Evidence::Legacy);
    assert_eq!(of_fault(false, Carrier::Pipe), Evidence::Legacy);
}

#[test]
fn a_refusal_for_want_of_a_session_casts_doubt() {
    assert!([-32600, -32601, -32000, -32001].into_iter().all(is_doubtful));
    assert!(![-32602, -32603, -32700, -32020, -32022, 1503].into_iter().any(is_doubtful));
}
