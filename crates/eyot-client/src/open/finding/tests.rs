//! What the answer to a probe says of the server.

use std::time::Duration;

use eyot_era::detect::{Action, DetectConfig, EraMode, Goal};
use eyot_jsonrpc::{ErrorObject, Id, Response};
use eyot_service::Fault;
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, Revision};
use http::StatusCode;
use serde_json::json;

use super::{Carrier, DiscoverOutcome, Finding};
use crate::error::ClientError;
use crate::session::Facts;

const PATIENCE: Duration = Duration::from_secs(10);

fn finding(is_lines: bool) -> Finding {
    Finding::new(DetectConfig {
        mode: EraMode::Auto,
        goal: Goal::Handshake { known: None, can_reconnect: true },
        carrier: if is_lines { Carrier::Pipe } else { Carrier::Http },
        patience: PATIENCE,
        long_patience: PATIENCE,
    })
}

/// What a modern server says of itself; `None`: the server is legacy.
fn judge(
    asked: DiscoverOutcome,
    is_lines: bool,
    patience: Duration,
) -> Result<Option<Facts>, ClientError> {
    let mut finding = finding(is_lines);
    finding.discovered(asked, patience);
    match finding.action() {
        Action::Initialize(_) => Ok(None),
        Action::GaveUp(why) => Err(finding.failure(why)),
        _ => finding.facts().map(Some),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Said {
    Modern,
    Legacy,
    Nothing,
}

#[track_caller]
fn check(status: StatusCode, answer: &Response, over_http: Said, over_lines: Said) {
    for (is_lines, expected) in [(false, over_http), (true, over_lines)] {
        let judged = judge(Ok(Ok((status, answer.clone()))), is_lines, PATIENCE);
        let said = match judged {
            Ok(Some(facts)) => {
                assert_eq!(facts.revision, Revision::MODERN);
                Said::Modern
            }
            Ok(None) => Said::Legacy,
            Err(_) => Said::Nothing,
        };
        assert_eq!(said, expected, "lines: {is_lines}");
    }
}

fn error(code: i64, data: serde_json::Value) -> Response {
    let error = ErrorObject::new(code, "no").with_data(data);
    Response::of_error(Some(Id::from_number(0)), &error)
}

fn discovered(versions: &[&str]) -> Response {
    let result = json!({ "supportedVersions": versions, "capabilities": {} });
    Response::new(Id::from_number(0), &result)
}

#[test]
fn a_result_with_our_version_is_of_a_modern_server() {
    check(StatusCode::OK, &discovered(&["2026-07-28"]), Said::Modern, Said::Modern);
}

#[test]
fn a_modern_server_of_other_versions_is_not_taken_for_a_legacy_one() {
    check(StatusCode::OK, &discovered(&["2031-01-01"]), Said::Nothing, Said::Nothing);
    let unsupported = error(codes::UNSUPPORTED_VERSION, json!({ "supported": ["2031-01-01"] }));
    check(StatusCode::BAD_REQUEST, &unsupported, Said::Nothing, Said::Nothing);
}

#[test]
fn a_server_of_both_eras_that_lacks_our_modern_version_is_spoken_to_as_legacy() {
    let unsupported =
        error(codes::UNSUPPORTED_VERSION, json!({ "supported": ["2031-01-01", "2025-11-25"] }));
    check(StatusCode::BAD_REQUEST, &unsupported, Said::Legacy, Said::Legacy);
}

#[test]
fn any_other_error_is_of_a_legacy_server() {
    for code in [codes::METHOD_NOT_FOUND, codes::INVALID_PARAMS, codes::SDK_CONNECTION_CLOSED] {
        check(StatusCode::BAD_REQUEST, &error(code, json!({})), Said::Legacy, Said::Legacy);
        check(StatusCode::OK, &error(code, json!({})), Said::Legacy, Said::Legacy);
    }
}

#[test]
fn an_error_of_a_busy_or_broken_server_says_nothing() {
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS] {
        let answer = error(codes::OVERLOADED, json!({}));
        let judged = judge(Ok(Ok((status, answer))), false, PATIENCE);
        assert!(matches!(judged, Err(ClientError::Rpc(_))), "{status}");
    }
}

#[test]
fn silence_is_of_a_legacy_server_over_lines_only() {
    let refused = Fault::upstream(codes::upstream_lost("exited", Outcome::Unknown, true));
    assert!(matches!(judge(Ok(Err(refused.clone())), true, PATIENCE), Ok(None)));
    let judged = judge(Ok(Err(refused)), false, PATIENCE);
    assert!(matches!(judged, Err(ClientError::Lost { .. })));
}

#[test]
fn a_status_that_refuses_the_request_itself_is_of_a_legacy_server() {
    let refused = Fault::refused(codes::upstream_lost("405", Outcome::NotSent, false));
    assert!(matches!(judge(Ok(Err(refused)), false, PATIENCE), Ok(None)));
}

fn told(finding: &mut Finding) -> (String, Option<Era>) {
    let step = finding.step().expect("it is told");
    (step.to_string(), step.taken_for)
}

#[track_caller]
fn check_discover(said: DiscoverOutcome, is_lines: bool, expected: &str, taken_for: Option<Era>) {
    let mut finding = finding(is_lines);
    finding.discovered(said, PATIENCE);
    assert_eq!(told(&mut finding), (expected.to_owned(), taken_for));
}

fn refused(status: StatusCode, code: i64) -> DiscoverOutcome {
    Ok(Ok((status, error(code, json!({})))))
}

#[test]
fn a_refusal_is_told_with_its_code_and_with_the_status_that_came_with_it() {
    let legacy = Some(Era::Legacy);
    let answer = refused(StatusCode::OK, codes::METHOD_NOT_FOUND);
    check_discover(answer, true, "server/discover answered -32601 (no)", legacy);
    let answer = refused(StatusCode::NOT_FOUND, codes::METHOD_NOT_FOUND);
    let told = "server/discover answered -32601 (no) with HTTP status 404";
    check_discover(answer, false, told, legacy);
    let busy = refused(StatusCode::SERVICE_UNAVAILABLE, codes::INTERNAL_ERROR);
    let told = "server/discover answered -32603 (no) with HTTP status 503";
    check_discover(busy, false, told, None);
}

#[test]
fn a_server_of_unknown_versions_is_modern_all_the_same() {
    let said = discovered(&["2031-01-01"]);
    let told = "server/discover offered only 2031-01-01";
    check_discover(Ok(Ok((StatusCode::OK, said))), false, told, Some(Era::Modern));
    let said = Response::new(Id::from_number(0), &json!({}));
    let told = "server/discover answered something that is no result of it";
    check_discover(Ok(Ok((StatusCode::OK, said))), false, told, Some(Era::Legacy));
}

#[test]
fn a_fault_is_told_by_its_reason() {
    let lost = codes::upstream_lost("upstream exited", Outcome::Unknown, true);
    let told = "server/discover failed: upstream exited";
    check_discover(Ok(Err(Fault::upstream(lost))), true, told, Some(Era::Legacy));
}

#[test]
fn only_an_accepted_handshake_is_of_the_legacy_era() {
    let told = |opened: Result<Revision, &ClientError>| {
        let mut finding = finding(true);
        finding.discovered(refused(StatusCode::OK, codes::METHOD_NOT_FOUND), PATIENCE);
        finding.initialized(opened);
        told(&mut finding)
    };
    let (text, era) = told(Ok(Revision::LATEST_LEGACY));
    assert_eq!((text.as_str(), era), ("initialize was accepted (2025-11-25)", Some(Era::Legacy)));
    let rpc = |code| ClientError::Rpc(ErrorObject::new(code, "no"));
    assert_eq!(told(Err(&rpc(codes::UNSUPPORTED_VERSION))).1, Some(Era::Modern));
    assert_eq!(told(Err(&rpc(codes::INVALID_PARAMS))).1, None);
    let silent = ClientError::Timeout { waited: PATIENCE, outcome: Outcome::Unknown };
    assert_eq!(told(Err(&silent)), ("initialize got no answer within 10s".to_owned(), None));
}

#[test]
fn the_refusal_of_initialize_is_the_error_of_a_server_that_refuses_both_handshakes() {
    let mut finding = finding(true);
    finding.discovered(refused(StatusCode::OK, codes::METHOD_NOT_FOUND), PATIENCE);
    let refusal = ErrorObject::new(codes::UNSUPPORTED_VERSION, "only 2031-01-01");
    finding.initialized(Err(&ClientError::Rpc(refusal)));
    finding.discovered(refused(StatusCode::OK, codes::METHOD_NOT_FOUND), PATIENCE);
    let Action::GaveUp(why) = finding.action() else { panic!("{:?}", finding.action()) };
    let failure = finding.failure(why);
    assert!(matches!(&failure, ClientError::Rpc(it) if it.message == "only 2031-01-01"));
}
