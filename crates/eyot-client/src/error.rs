//! Why a call has no result, and whether asking again does harm.

use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_service::{Fault, FaultKind};
use eyot_types::codes::{self, Outcome};
use eyot_upstream::TargetError;
use serde_json::Value;

/// Why a call has no result.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The target cannot be used: a bad URL, a stream that was used up, a header that cannot be
    /// written.
    #[error("target cannot be used: {reason}")]
    Target {
        /// What is wrong.
        reason: String,
    },
    /// The server was not reached. The request was not sent.
    #[error("server cannot be reached: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// The server wants authorization, or a wider one. The request did not run.
    #[error("server refused the authorization with HTTP status {status}")]
    Unauthorized {
        /// 401 or 403.
        status: u16,
        /// What the server said in `WWW-Authenticate`.
        challenge: Option<String>,
    },
    /// The server refused the request below JSON-RPC. It did not run.
    #[error("server refused the request: {reason}")]
    Refused {
        /// How it did.
        reason: String,
    },
    /// The server answered with an error.
    #[error("{} ({})", .0.message, .0.code)]
    Rpc(ErrorObject),
    /// The server took too long; it was told to cancel the call.
    #[error("server did not answer within {waited:?}")]
    Timeout {
        /// The time that was granted.
        waited: Duration,
        /// What became of the request.
        outcome: Outcome,
    },
    /// The connection or the session was lost before the answer.
    #[error("connection was lost before the answer (outcome {}): {reason}", .outcome.as_str())]
    Lost {
        /// What happened.
        reason: String,
        /// What became of the request.
        outcome: Outcome,
    },
    /// The server said what the protocol does not allow.
    #[error("server broke the protocol: {reason}")]
    Protocol {
        /// What it did.
        reason: String,
    },
    /// The server has run the request, and nothing can be made of its answer.
    #[error("answer of the server cannot be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// The server still asks after the last round that is allowed.
    #[error("server still asks after {rounds} rounds")]
    TooManyRounds {
        /// The rounds that were made.
        rounds: u32,
    },
    /// The server asked for something that this client does not answer, or failed to.
    #[error("question `{method}` of the server was not answered: {}", .error.message)]
    Unanswered {
        /// What the server asked.
        method: String,
        /// Why there is no answer.
        error: ErrorObject,
    },
    /// The server, or its era, does not have what was asked for.
    #[error("{what} is not available at this server")]
    Unsupported {
        /// What was asked for.
        what: String,
    },
    /// The parameters are no JSON object, or a list has more pages than are read.
    #[error("request cannot be made: {reason}")]
    Request {
        /// What is wrong.
        reason: String,
    },
    /// The client is closed.
    #[error("client is closed")]
    Closed,
}

impl ClientError {
    /// What became of the request; `None` when the server answered it.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Rpc(_) | Self::TooManyRounds { .. } | Self::Unanswered { .. } => None,
            Self::Timeout { outcome, .. } | Self::Lost { outcome, .. } => Some(*outcome),
            Self::Protocol { .. } => Some(Outcome::Unknown),
            Self::Unreadable { .. } => Some(Outcome::Ran),
            Self::Target { .. }
            | Self::Unreachable { .. }
            | Self::Unauthorized { .. }
            | Self::Refused { .. }
            | Self::Unsupported { .. }
            | Self::Request { .. }
            | Self::Closed => Some(Outcome::NotSent),
        }
    }

    /// Whether the request can be sent again without the danger that it runs twice. Whether that
    /// helps is another question: see [`is_transient`](Self::is_transient).
    #[must_use]
    pub fn retry_is_safe(&self) -> bool {
        self.outcome() == Some(Outcome::NotSent)
    }

    /// Whether the cause may pass by itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { .. } | Self::Lost { .. })
    }

    /// What a connection's fault means to a caller.
    pub(crate) fn from_fault(fault: &Fault) -> Self {
        if let Some(challenge) = &fault.challenge {
            let (status, challenge) = (challenge.status.as_u16(), &challenge.www_authenticate);
            return Self::Unauthorized { status, challenge: challenge.clone() };
        }
        let data = fault.error.data.as_ref();
        let member = |name: &str| data.and_then(|it| it.get(name));
        let reason = member("reason").and_then(Value::as_str);
        let reason = reason.unwrap_or(&fault.error.message);
        let reason = match &fault.operator_text {
            // Who uses a client has configured its target.
            Some(text) => format!("{reason}: {}", text.reveal_to_operator()),
            None => reason.to_owned(),
        };
        let is_not_sent = Outcome::of(&fault.error) == Some(Outcome::NotSent);
        let is_retryable = codes::is_retryable(&fault.error);
        // Whether the cause passes by itself or not.
        let is_unreached = member("connected").and_then(Value::as_bool) == Some(false);
        match fault.kind {
            FaultKind::SessionGone => Self::Lost { reason, outcome: Outcome::NotSent },
            FaultKind::Overloaded { .. } => Self::Unreachable { reason },
            FaultKind::Refused => Self::Refused { reason },
            FaultKind::Upstream if is_unreached || is_not_sent && is_retryable => {
                Self::Unreachable { reason }
            }
            FaultKind::Upstream if is_not_sent => Self::Refused { reason },
            FaultKind::Upstream if is_retryable => Self::Lost { reason, outcome: Outcome::Unknown },
            _ => Self::Protocol { reason },
        }
    }
}

impl From<TargetError> for ClientError {
    fn from(error: TargetError) -> Self {
        Self::Target { reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests;
