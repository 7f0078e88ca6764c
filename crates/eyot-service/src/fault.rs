//! Why a call has no answer of its own.

use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_types::codes::{self, Outcome};

use crate::OperatorText;

/// A call that could not be answered by the service that should have answered it.
///
/// The error object goes to the client as it is; the kind tells the binding how to say it; the
/// operator's text goes to no client.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} ({})", error.message, error.code)]
pub struct Fault {
    /// Whose fault, in the binding's terms.
    pub kind: FaultKind,
    /// What the client is told.
    pub error: ErrorObject,
    /// What only the operator is told. `None`: nothing beyond the error.
    pub operator_text: Option<OperatorText>,
}

/// Whose fault it is that a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The client sent what cannot be served. Nothing ran.
    Refused,
    /// The session is unknown or has ended; the client may open another.
    SessionGone,
    /// There is too much to do now. Nothing ran.
    Overloaded {
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// The upstream failed, or took too long. The error says whether the call may have run.
    Upstream,
    /// Something of ours failed.
    Internal,
}

impl Fault {
    /// A fault of this kind, as clients are told.
    #[must_use]
    pub const fn new(kind: FaultKind, error: ErrorObject) -> Self {
        Self { kind, error, operator_text: None }
    }

    /// The same fault, with more for the operator.
    #[must_use]
    pub fn with_operator_text(mut self, text: impl Into<Option<OperatorText>>) -> Self {
        self.operator_text = text.into();
        self
    }

    /// The client's fault.
    #[must_use]
    pub fn refused(error: ErrorObject) -> Self {
        Self::new(FaultKind::Refused, error)
    }

    /// The upstream's fault.
    #[must_use]
    pub fn upstream(error: ErrorObject) -> Self {
        Self::new(FaultKind::Upstream, error)
    }

    /// Too much to do.
    #[must_use]
    pub fn overloaded(error: ErrorObject, retry_after: Duration) -> Self {
        Self::new(FaultKind::Overloaded { retry_after }, error)
    }

    /// Our fault. The text goes to the client; details belong in the log.
    #[must_use]
    pub fn internal(message: &str) -> Self {
        let error = ErrorObject::new(eyot_jsonrpc::INTERNAL_ERROR, message);
        Self::new(FaultKind::Internal, error)
    }

    /// The session is gone.
    #[must_use]
    pub fn session_gone(message: &str) -> Self {
        let error = ErrorObject::new(eyot_jsonrpc::INVALID_REQUEST, message);
        Self::new(FaultKind::SessionGone, error)
    }

    /// The upstream said nothing for this long; whether the call has run is not known.
    #[must_use]
    pub fn timed_out(waited: Duration) -> Self {
        let reason = format!("upstream was silent for {waited:?}");
        Self::upstream(codes::upstream_lost(&reason, Outcome::Unknown, false))
    }

    /// The upstream ended the call without an answer; whether it has run is not known.
    #[must_use]
    pub fn unanswered() -> Self {
        let reason = "upstream ended the call without an answer";
        Self::upstream(codes::upstream_lost(reason, Outcome::Unknown, true))
    }
}
