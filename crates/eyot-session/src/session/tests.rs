//! Behaviour of the session machine, on a clock of its own.

use std::time::Duration;

use eyot_jsonrpc::Id;
use eyot_types::Revision;

use crate::{Limits, Phase, SessionError, SessionMachine};

const LIMITS: Limits =
    Limits { idle_timeout: Duration::from_secs(80), in_flight_max: 2, streams_max: 1 };

fn session() -> SessionMachine {
    SessionMachine::open(Revision::LATEST_LEGACY, LIMITS, 0)
}

#[test]
fn request_id_is_refused_while_it_runs_and_free_afterwards() {
    let mut session = session();
    let id = Id::from_number(1);
    assert_eq!(session.handle_request(&id, 0), Ok(()));
    assert_eq!(session.handle_request(&id, 0), Err(SessionError::DuplicateId));
    session.handle_answer(&id, 0);
    assert_eq!(session.handle_request(&id, 0), Ok(()));
}

#[test]
fn text_and_number_are_different_ids() {
    let mut session = session();
    assert_eq!(session.handle_request(&Id::from_number(1), 0), Ok(()));
    assert_eq!(session.handle_request(&Id::from_text("1"), 0), Ok(()));
}

#[test]
fn request_over_the_bound_is_refused_by_name() {
    let mut session = session();
    for id in 0..2 {
        assert_eq!(session.handle_request(&Id::from_number(id), 0), Ok(()));
    }
    let refused = session.handle_request(&Id::from_number(2), 0);
    assert_eq!(refused, Err(SessionError::TooManyRequests { in_flight_max: 2 }));
}

#[test]
fn silence_ends_the_session_at_the_idle_timeout_and_not_before() {
    let mut session = session();
    assert!(!session.handle_timeout(79_999));
    assert!(session.handle_timeout(80_000));
    assert_eq!(session.handle_activity(80_000), Err(SessionError::Closed));
}

#[test]
fn running_call_keeps_the_session_alive() {
    let mut session = session();
    let id = Id::from_number(1);
    assert_eq!(session.handle_request(&id, 0), Ok(()));
    assert!(!session.handle_timeout(500_000));
    session.handle_answer(&id, 500_000);
    assert!(!session.handle_timeout(579_999));
    assert!(session.handle_timeout(580_000));
}

#[test]
fn open_stream_keeps_the_session_alive_and_counts_against_the_bound() {
    let mut session = session();
    assert_eq!(session.handle_stream_opened(0), Ok(()));
    let refused = session.handle_stream_opened(0);
    assert_eq!(refused, Err(SessionError::TooManyStreams { streams_max: 1 }));
    assert!(!session.handle_timeout(500_000));
    session.handle_stream_closed(500_000);
    assert!(session.handle_timeout(580_000));
}

#[test]
fn end_is_written_only_when_it_moved_by_an_eighth() {
    let mut session = session();
    assert_eq!(session.handle_activity(10_000), Ok(()));
    assert_eq!(session.poll_touch(), None);
    assert_eq!(session.handle_activity(10_001), Ok(()));
    assert_eq!(session.poll_touch(), Some(90_001));
    assert_eq!(session.poll_touch(), None);
}

#[test]
fn only_the_first_initialized_counts() {
    let mut session = session();
    assert_eq!(session.phase(), Phase::Opening);
    assert!(session.handle_initialized());
    assert!(!session.handle_initialized());
    assert_eq!(session.phase(), Phase::Operating);
}

#[test]
fn stream_numbers_never_repeat_and_leave_the_standalone_stream_out() {
    let mut session = session();
    let numbers: Vec<u32> = (0..3).map(|_| session.take_stream().0).collect();
    assert_eq!(numbers, [1, 2, 3]);
}
