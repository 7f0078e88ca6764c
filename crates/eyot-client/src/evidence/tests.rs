//! What is told of the way to an era.

use std::time::Duration;

use eyot_era::Carrier;
use eyot_jsonrpc::{ErrorObject, Id, Response};
use eyot_service::Fault;
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, Revision};
use http::StatusCode;
use serde_json::json;

use super::{Asked, ClientError, EraStep};

type Said = Result<Result<(StatusCode, Response), Fault>, tokio::time::error::Elapsed>;

#[track_caller]
fn check_discover(said: &Said, carrier: Carrier, expected: &str, taken_for: Option<Era>) {
    let asked = Asked { said, carrier, patience: Duration::from_secs(10) };
    let (answer, is_modern) = (asked.answer(), asked.is_modern());
    let judged = match taken_for {
        Some(Era::Legacy) => Ok(None),
        _ => Err(ClientError::Closed),
    };
    let step = EraStep::of_discover(answer, is_modern, &judged);
    assert_eq!((step.to_string().as_str(), step.taken_for), (expected, taken_for));
}

fn error(status: StatusCode, code: i64) -> Said {
    let error = ErrorObject::new(code, "no");
    Ok(Ok((status, Response::of_error(Some(Id::from_number(0)), &error))))
}

#[test]
fn a_refusal_is_told_with_its_code_and_with_the_status_that_came_with_it() {
    let legacy = Some(Era::Legacy);
    let refused = error(StatusCode::OK, codes::METHOD_NOT_FOUND);
    check_discover(&refused, Carrier::Pipe, "server/discover answered -32601 (no)", legacy);
    let refused = error(StatusCode::NOT_FOUND, codes::METHOD_NOT_FOUND);
    let told = "server/discover answered -32601 (no) with HTTP status 404";
    check_discover(&refused, Carrier::Http, told, legacy);
    let busy = error(StatusCode::SERVICE_UNAVAILABLE, codes::INTERNAL_ERROR);
    let told = "server/discover answered -32603 (no) with HTTP status 503";
    check_discover(&busy, Carrier::Http, told, None);
}

#[test]
fn a_server_of_unknown_versions_is_modern_all_the_same() {
    let result = json!({ "supportedVersions": ["2031-01-01"], "capabilities": {} });
    let said = Response::new(Id::from_number(0), &result);
    let told = "server/discover offered only 2031-01-01";
    check_discover(&Ok(Ok((StatusCode::OK, said))), Carrier::Http, told, Some(Era::Modern));
    let said = Response::new(Id::from_number(0), &json!({}));
    let told = "server/discover answered something that is no result of it";
    check_discover(&Ok(Ok((StatusCode::OK, said))), Carrier::Http, told, Some(Era::Legacy));
}

#[test]
fn a_fault_is_told_by_its_reason() {
    let lost = codes::upstream_lost("upstream exited", Outcome::Unknown, true);
    let told = "server/discover failed: upstream exited";
    check_discover(&Ok(Err(Fault::upstream(lost))), Carrier::Pipe, told, Some(Era::Legacy));
}

#[test]
fn only_an_accepted_handshake_is_of_the_legacy_era() {
    let told = |opened: Result<Revision, &ClientError>| {
        let step = EraStep::of_initialize(opened);
        (step.to_string(), step.taken_for)
    };
    let (text, era) = told(Ok(Revision::LATEST_LEGACY));
    assert_eq!((text.as_str(), era), ("initialize was accepted (2025-11-25)", Some(Era::Legacy)));
    let rpc = |code| ClientError::Rpc(ErrorObject::new(code, "no"));
    assert_eq!(told(Err(&rpc(codes::UNSUPPORTED_VERSION))).1, Some(Era::Modern));
    assert_eq!(told(Err(&rpc(codes::INVALID_PARAMS))).1, None);
    let silent = ClientError::Timeout { waited: Duration::from_secs(2), outcome: Outcome::Unknown };
    assert_eq!(told(Err(&silent)), ("initialize got no answer within 2s".to_owned(), None));
}
