//! What a fault becomes, and what each error says of the request.

use eyot_service::Fault;
use eyot_types::codes::{self, Outcome};

use super::ClientError;

fn lost(outcome: Outcome, retryable: bool) -> ClientError {
    ClientError::from_fault(&Fault::upstream(codes::upstream_lost("gone", outcome, retryable)))
}

#[test]
fn a_request_that_was_not_sent_can_be_sent_again() {
    let error = lost(Outcome::NotSent, true);
    assert!(matches!(&error, ClientError::Unreachable { reason } if reason == "gone"), "{error}");
    assert!(error.retry_is_safe() && error.is_transient());
}

#[test]
fn an_unknown_outcome_is_said() {
    let error = lost(Outcome::Unknown, true);
    assert_eq!(error.outcome(), Some(Outcome::Unknown));
    assert!(!error.retry_is_safe());
    let text = "connection was lost before the answer (outcome unknown): gone";
    assert_eq!(error.to_string(), text);
}

#[test]
fn an_answer_that_cannot_be_read_is_a_broken_protocol() {
    let error = lost(Outcome::Unknown, false);
    assert!(matches!(error, ClientError::Protocol { .. }), "{error}");
    assert!(!error.retry_is_safe());
}

#[test]
fn an_answered_request_has_no_outcome() {
    let error = ClientError::Rpc(codes::invalid_params("no"));
    assert_eq!(error.outcome(), None);
    assert!(!error.retry_is_safe());
}
