//! What the answer to a probe says of the server.

use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Id, Response};
use eyot_service::Fault;
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, Revision};
use http::StatusCode;
use serde_json::json;

use super::{agreed, judge};
use crate::error::ClientError;

const PATIENCE: Duration = Duration::from_secs(10);

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

#[test]
fn a_handshake_agrees_on_a_legacy_revision_only() {
    let answer = |version: &str| {
        let info = json!({ "name": "s", "version": "1" });
        let result = json!({ "protocolVersion": version, "capabilities": {}, "serverInfo": info });
        Response::new(Id::from_number(0), &result)
    };
    assert_eq!(agreed(&answer("2025-06-18")).unwrap().revision.era(), Era::Legacy);
    for version in ["2026-07-28", "1999-01-01"] {
        let refused = agreed(&answer(version));
        assert!(matches!(refused, Err(ClientError::Protocol { .. })), "{version}");
    }
}
