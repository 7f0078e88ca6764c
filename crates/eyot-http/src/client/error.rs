//! Why a request to an upstream has no answer.

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection could be made. The request was not sent.
    #[error("cannot connect to {address}: {reason}")]
    Connect {
        /// The host and port of the upstream.
        address: String,
        /// The error of the system.
        reason: String,
    },
    /// The connection broke after the request may have been read.
    #[error("connection to the upstream broke: {reason}")]
    Broken {
        /// What happened.
        reason: String,
    },
    /// The answer's body cannot be decoded.
    #[error("upstream's answer has the content coding {coding:?} and cannot be decoded")]
    Coding {
        /// The coding that the answer declares.
        coding: String,
    },
}

impl HttpError {
    /// Whether the upstream may have read the request.
    #[must_use]
    pub fn may_have_been_read(&self) -> bool {
        !matches!(self, Self::Connect { .. })
    }
}
