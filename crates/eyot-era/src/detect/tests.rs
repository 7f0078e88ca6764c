//! What is asked of a server, and what it is taken for: each rule of the specification, then every
//! server that there may be.

mod every_server;

use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_types::{Era, Revision, codes};
use serde_json::json;

use super::{Action, Carrier, DetectConfig, Detector, EraAnswer, EraMode, GiveUp, Goal};

const PATIENCE: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_secs(60);
const LEGACY: Revision = Revision::LATEST_LEGACY;
const MODERN: Revision = Revision::MODERN;

/// Nothing is known of the server, and another connection can be made.
const OPENING: Goal = Goal::Handshake { known: None, can_reconnect: true };

fn detector(mode: EraMode, goal: Goal, carrier: Carrier) -> Detector {
    let config = DetectConfig { mode, goal, carrier, patience: PATIENCE, long_patience: LONG };
    Detector::new(config)
}

/// A detector of a client that has asked with `server/discover`.
#[track_caller]
fn opening(carrier: Carrier) -> Detector {
    let detector = detector(EraMode::Auto, OPENING, carrier);
    assert_eq!(detector.poll_action(), Action::Discover(PATIENCE));
    detector
}

fn refused(code: i64) -> EraAnswer {
    EraAnswer::Refused { error: ErrorObject::new(code, "no"), status: None }
}

fn unsupported(supported: &[&str]) -> EraAnswer {
    let error = ErrorObject::new(codes::UNSUPPORTED_VERSION, "no");
    EraAnswer::Refused { error: error.with_data(json!({ "supported": supported })), status: None }
}

fn with_status(code: i64, status: u16) -> EraAnswer {
    EraAnswer::Refused { error: ErrorObject::new(code, "no"), status: Some(status) }
}

fn offered(versions: &[&str]) -> EraAnswer {
    EraAnswer::Offered(versions.iter().map(|it| (*it).to_owned()).collect())
}

/// What is done after this answer to `server/discover`, and what the server is taken for.
fn after(carrier: Carrier, answer: EraAnswer) -> (Action, Option<Era>) {
    let mut detector = opening(carrier);
    detector.handle_answer(answer);
    let taken_for = detector.poll_step().and_then(|it| it.taken_for);
    (detector.poll_action(), taken_for)
}

#[test]
fn a_result_with_our_revision_settles_a_modern_server() {
    // "The stdio probe returns a `DiscoverResult` [...]; on HTTP, the first modern request succeeds
    // [...]. The client stays modern" (2026-07-28, basic/versioning, Compatibility Matrix).
    for carrier in [Carrier::Pipe, Carrier::Http] {
        let settled = (Action::Settled(Era::Modern, Some(MODERN)), Some(Era::Modern));
        assert_eq!(after(carrier, EraAnswer::Accepted(MODERN)), settled);
    }
}

#[test]
fn any_error_that_is_not_a_modern_one_leads_to_initialize() {
    // "The fallback MUST NOT be keyed to one specific error code" (2026-07-28,
    // basic/transports/stdio, Backward Compatibility).
    for code in [-32601, -32602, -32600, -32603, -32000, -32001, 1] {
        let initialize = (Action::Initialize(LONG), Some(Era::Legacy));
        assert_eq!(after(Carrier::Pipe, refused(code)), initialize, "{code}");
        assert_eq!(after(Carrier::Http, with_status(code, 400)), initialize, "{code}");
    }
    // "If the body is empty or is not a recognized modern JSON-RPC error, fall back to
    // `initialize`" (2026-07-28, basic/transports/streamable-http, Backward Compatibility).
    let initialize = (Action::Initialize(LONG), Some(Era::Legacy));
    assert_eq!(after(Carrier::Http, EraAnswer::Misunderstood), initialize);
    let mut detector = opening(Carrier::Http);
    detector.handle_fault("HTTP status 405".to_owned(), true);
    assert_eq!(detector.poll_action(), Action::Initialize(LONG));
}

#[test]
fn a_modern_error_never_leads_to_initialize() {
    // "If the body contains a recognized modern JSON-RPC error, the server speaks a modern version
    // of MCP — retry using the advertised `supported` versions or correct the request, rather than
    // falling back" (2026-07-28, basic/transports/streamable-http, Backward Compatibility).
    for code in [codes::HEADER_MISMATCH, codes::MISSING_CAPABILITY] {
        let modern = (Action::GaveUp(GiveUp::Refused), Some(Era::Modern));
        assert_eq!(after(Carrier::Http, with_status(code, 400)), modern);
    }
    let versions = || vec!["2031-01-01".to_owned()];
    let modern = || (Action::GaveUp(GiveUp::NoCommonRevision(versions())), Some(Era::Modern));
    assert_eq!(after(Carrier::Http, unsupported(&["2031-01-01"])), modern());
    assert_eq!(after(Carrier::Pipe, offered(&["2031-01-01"])), modern());
}

#[test]
fn a_server_that_offers_the_revision_that_it_refused_is_asked_once_more() {
    // "The client SHOULD select a mutually supported version from the `supported` list and retry
    // the request, or surface an error to the user if no compatible version exists" (2026-07-28,
    // basic/versioning, Protocol Version Negotiation).
    let refusal = || unsupported(&[MODERN.as_str()]);
    let mut detector = opening(Carrier::Http);
    detector.handle_answer(refusal());
    assert_eq!(detector.poll_action(), Action::Retry(PATIENCE));
    assert_eq!(detector.poll_step(), None, "it is told when it is judged");
    detector.handle_answer(refusal());
    let versions = vec![MODERN.as_str().to_owned()];
    assert_eq!(detector.poll_action(), Action::GaveUp(GiveUp::NoCommonRevision(versions)));
}

#[test]
fn a_server_of_both_eras_that_lacks_our_modern_revision_is_spoken_to_as_legacy() {
    let initialize = || (Action::Initialize(LONG), Some(Era::Legacy));
    let both = ["2031-01-01", "2025-11-25"];
    assert_eq!(after(Carrier::Http, unsupported(&both)), initialize());
    assert_eq!(after(Carrier::Pipe, offered(&both)), initialize());
}

#[test]
fn silence_and_a_broken_connection_are_of_a_legacy_server_over_lines_only() {
    // "stdio: the probe returns a non-modern error or times out, and the client falls back to
    // `initialize`. HTTP: the modern request returns a `4xx` without a recognized modern error
    // body" (2026-07-28, basic/versioning, Compatibility Matrix).
    let silence = |carrier| {
        let mut detector = opening(carrier);
        detector.handle_silence();
        detector.poll_action()
    };
    let broken = |carrier| {
        let mut detector = opening(carrier);
        detector.handle_fault("upstream exited".to_owned(), false);
        detector.poll_action()
    };
    for action in [silence(Carrier::Pipe), broken(Carrier::Pipe)] {
        assert_eq!(action, Action::Initialize(LONG));
    }
    for action in [silence(Carrier::Http), broken(Carrier::Http)] {
        assert_eq!(action, Action::GaveUp(GiveUp::Refused));
    }
}

#[test]
fn authorization_overload_and_outages_are_no_evidence() {
    for status in [401, 403, 408, 429, 500, 503] {
        let nothing = (Action::GaveUp(GiveUp::Refused), None);
        assert_eq!(after(Carrier::Http, with_status(-32603, status)), nothing, "{status}");
    }
}

#[test]
fn an_accepted_handshake_settles_a_legacy_server() {
    let mut detector = opening(Carrier::Pipe);
    detector.handle_answer(refused(-32601));
    detector.handle_answer(EraAnswer::Accepted(Revision::V2025_06_18));
    let settled = Action::Settled(Era::Legacy, Some(Revision::V2025_06_18));
    assert_eq!(detector.poll_action(), settled);
    let step = detector.poll_step().unwrap();
    assert_eq!(step.to_string(), "initialize was accepted (2025-06-18)");
    assert_eq!(step.taken_for, Some(Era::Legacy));
    detector.handle_silence();
    assert_eq!(detector.poll_action(), settled, "what comes too late changes nothing");
}

#[test]
fn a_refused_handshake_is_no_evidence_unless_a_modern_server_says_so() {
    for (code, taken_for) in [(codes::UNSUPPORTED_VERSION, Some(Era::Modern)), (-32602, None)] {
        let mut detector = detector(EraMode::Legacy, OPENING, Carrier::Http);
        detector.handle_answer(refused(code));
        assert_eq!(detector.poll_step().unwrap().taken_for, taken_for);
    }
    let mut detector = detector(EraMode::Legacy, OPENING, Carrier::Http);
    detector.handle_silence();
    let step = detector.poll_step().unwrap();
    assert_eq!(step.to_string(), "initialize got no answer within 60s");
    assert_eq!(step.taken_for, None);
}

#[test]
fn a_server_that_was_slow_to_start_is_asked_once_more_with_more_patience() {
    let mut detector = opening(Carrier::Pipe);
    detector.handle_silence();
    detector.handle_answer(unsupported(&[MODERN.as_str()]));
    assert_eq!(detector.poll_action(), Action::Discover(LONG));
    let mut slow = detector;
    slow.handle_answer(EraAnswer::Accepted(MODERN));
    assert_eq!(slow.poll_action(), Action::Settled(Era::Modern, Some(MODERN)));
}

#[test]
fn a_server_that_refuses_both_handshakes_is_given_up() {
    let mut detector = opening(Carrier::Pipe);
    detector.handle_answer(refused(-32601));
    detector.handle_answer(unsupported(&[MODERN.as_str()]));
    detector.handle_answer(refused(-32601));
    assert_eq!(detector.poll_action(), Action::GaveUp(GiveUp::Neither));
}

#[test]
fn what_is_known_is_tried_first_and_looked_into_when_it_fails() {
    // "[...] re-probing if the cached assumption later fails" (2026-07-28, basic/versioning,
    // Backward Compatibility with Initialization-Based Versions). "The exact code is
    // implementation-defined" (Compatibility Matrix, Legacy and Modern).
    let goal = Goal::Handshake { known: Some(Era::Legacy), can_reconnect: true };
    for code in [-32601, -32602, -32022, 1] {
        let mut detector = detector(EraMode::Auto, goal, Carrier::Pipe);
        assert_eq!(detector.poll_action(), Action::Initialize(LONG));
        detector.handle_answer(refused(code));
        assert_eq!(detector.poll_action(), Action::Discover(PATIENCE), "{code}");
    }
    let mut lost = detector(EraMode::Auto, goal, Carrier::Pipe);
    lost.handle_fault("upstream exited".to_owned(), false);
    assert_eq!(lost.poll_action(), Action::GaveUp(GiveUp::Refused));
}

#[test]
fn a_stream_is_not_asked_again_after_it_was_refused() {
    let goal = Goal::Handshake { known: Some(Era::Legacy), can_reconnect: false };
    let mut detector = detector(EraMode::Auto, goal, Carrier::Pipe);
    detector.handle_answer(refused(-32601));
    assert_eq!(detector.poll_action(), Action::GaveUp(GiveUp::Refused));
}

#[test]
fn a_pin_is_not_looked_into() {
    for (mode, era) in [(EraMode::Legacy, Era::Legacy), (EraMode::Modern, Era::Modern)] {
        let pinned = detector(mode, Goal::Era, Carrier::Http);
        assert_eq!(pinned.poll_action(), Action::Settled(era, None), "nothing is asked");
    }
    let mut legacy = detector(EraMode::Legacy, OPENING, Carrier::Http);
    assert_eq!(legacy.poll_action(), Action::Initialize(LONG));
    legacy.handle_answer(unsupported(&[MODERN.as_str()]));
    assert_eq!(legacy.poll_action(), Action::GaveUp(GiveUp::Refused));
    let mut modern = detector(EraMode::Modern, OPENING, Carrier::Pipe);
    assert_eq!(modern.poll_action(), Action::Discover(PATIENCE));
    modern.handle_answer(refused(-32601));
    assert_eq!(modern.poll_action(), Action::GaveUp(GiveUp::Pinned));
}

#[test]
fn no_handshake_is_asked_for_where_none_is_needed() {
    let found = |answer| {
        let mut detector = detector(EraMode::Auto, Goal::Era, Carrier::Http);
        detector.handle_answer(answer);
        detector.poll_action()
    };
    assert_eq!(found(refused(-32601)), Action::Settled(Era::Legacy, None));
    assert_eq!(found(refused(codes::HEADER_MISMATCH)), Action::Settled(Era::Modern, None));
    assert_eq!(found(offered(&["2031-01-01"])), Action::Settled(Era::Modern, None));
    assert_eq!(found(offered(&[LEGACY.as_str()])), Action::Settled(Era::Legacy, None));
    let modern = Action::Settled(Era::Modern, Some(MODERN));
    assert_eq!(found(EraAnswer::Accepted(MODERN)), modern);
}
