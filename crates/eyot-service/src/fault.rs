//! The reasons why a call has no answer of its own.

use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_types::codes::{self, Outcome};

use crate::{Challenge, OperatorText};

/// A call that could not be answered by the service that should have answered it.
///
/// The error object goes to the client as it is. The kind decides how the binding reports it. No
/// client gets the operator's text or the challenge.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} ({})", error.message, error.code)]
pub struct Fault {
    /// The side that failed, in the terms of the binding.
    pub kind: FaultKind,
    /// The error for the client.
    pub error: ErrorObject,
    /// The text for the operator. `None`: the error says it all.
    pub operator_text: Option<OperatorText>,
    /// The upstream's own error, where `error` speaks of it in other words: a client gets it in the
    /// end, if nothing else helps. `None`: there is none.
    pub upstream_error: Option<Box<ErrorObject>>,
    /// How the upstream refused the authorization of our request, for what can obtain a better one.
    /// `None`: it was not refused for that.
    pub challenge: Option<Box<Challenge>>,
}

/// The side that failed, and so the reason why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The client sent a request that cannot be served. Nothing ran.
    Refused,
    /// The operator does not allow it. Nothing ran.
    Forbidden,
    /// The session is unknown or has ended; the client may open another.
    SessionGone,
    /// There is too much work now. Nothing ran.
    Overloaded {
        /// The time after which the client should try again.
        retry_after: Duration,
    },
    /// The upstream failed, or took too long. The error says whether the call may have run.
    Upstream,
    /// A part of Eyot failed.
    Internal,
}

impl Fault {
    /// A fault of this kind, with the error for the client.
    #[must_use]
    pub const fn new(kind: FaultKind, error: ErrorObject) -> Self {
        Self { kind, error, operator_text: None, upstream_error: None, challenge: None }
    }

    /// Adds a text for the operator.
    #[must_use]
    pub fn with_operator_text(mut self, text: impl Into<Option<OperatorText>>) -> Self {
        self.operator_text = text.into();
        self
    }

    /// The fault, of which the operator has been told.
    #[must_use]
    pub fn told(mut self) -> Self {
        self.operator_text = self.operator_text.map(OperatorText::told);
        self
    }

    /// What the operator should still be told; `None`: nothing.
    #[must_use]
    pub fn untold(&self) -> Option<&str> {
        let text = self.operator_text.as_ref().filter(|it| !it.is_told());
        text.map(OperatorText::reveal_to_operator)
    }

    /// Adds the upstream's own error.
    #[must_use]
    pub fn with_upstream_error(mut self, error: Option<ErrorObject>) -> Self {
        self.upstream_error = error.map(Box::new);
        self
    }

    /// The fault in the upstream's own words, if it has any. A session that the upstream has lost is
    /// the upstream's fault: the client's goes on.
    #[must_use]
    pub fn in_words_of_upstream(mut self) -> Self {
        if self.kind == FaultKind::SessionGone {
            self.kind = FaultKind::Upstream;
        }
        if let Some(error) = self.upstream_error.take() {
            self.error = *error;
        }
        self
    }

    /// Adds how an authorization was refused.
    #[must_use]
    pub fn with_challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(Box::new(challenge));
        self
    }

    /// A fault of the client.
    #[must_use]
    pub fn refused(error: ErrorObject) -> Self {
        Self::new(FaultKind::Refused, error)
    }

    /// A fault of the upstream.
    #[must_use]
    pub fn upstream(error: ErrorObject) -> Self {
        Self::new(FaultKind::Upstream, error)
    }

    /// A fault because there is too much work.
    #[must_use]
    pub fn overloaded(error: ErrorObject, retry_after: Duration) -> Self {
        Self::new(FaultKind::Overloaded { retry_after }, error)
    }

    /// A fault of Eyot. The text goes to the client, so that nothing found at run time can be in it;
    /// details belong in the log.
    #[must_use]
    pub fn internal(message: &'static str) -> Self {
        let error = ErrorObject::new(eyot_jsonrpc::INTERNAL_ERROR, message);
        Self::new(FaultKind::Internal, error)
    }

    /// A fault because the session is gone.
    #[must_use]
    pub fn session_gone(message: &'static str) -> Self {
        let error = ErrorObject::new(eyot_jsonrpc::INVALID_REQUEST, message);
        Self::new(FaultKind::SessionGone, error)
    }

    /// The upstream sent nothing for this long; the call may have run.
    #[must_use]
    pub fn timed_out(waited: Duration) -> Self {
        let reason = format!("upstream was silent for {waited:?}");
        Self::upstream(codes::upstream_lost(&reason, Outcome::Unknown, false))
    }

    /// The call has made progress for this long, and has no answer; it may have run.
    #[must_use]
    pub fn took_too_long(total: Duration) -> Self {
        let reason = format!("call took longer than {total:?} in all");
        Self::upstream(codes::upstream_lost(&reason, Outcome::Unknown, false))
    }

    /// The upstream ended the call without an answer; the call may have run.
    #[must_use]
    pub fn unanswered() -> Self {
        let reason = "upstream ended the call without an answer";
        Self::upstream(codes::upstream_lost(reason, Outcome::Unknown, true))
    }
}
