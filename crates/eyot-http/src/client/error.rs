//! Why a request to an upstream has no answer.

use eyot_service::OperatorText;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection could be made. The request was not sent.
    #[error("upstream cannot be reached: {reason}")]
    Connect {
        /// The host and port of the upstream: no client should learn of them.
        address: OperatorText,
        /// The error of the system, or which step failed.
        reason: String,
        /// What there is to know about it, of TLS or a proxy.
        detail: Option<OperatorText>,
        /// What is wrong with the set-up does not pass by itself: a certificate that is not
        /// trusted, a socket that belongs to others.
        is_lasting: bool,
    },
    /// The upstream has no address that may be connected to. The request was not sent.
    #[error("upstream's address is not allowed here")]
    Forbidden {
        /// The host and port of the upstream.
        address: OperatorText,
        /// The address that was refused: no client should learn of it.
        detail: OperatorText,
    },
    /// The connection broke after the request may have been read.
    #[error("connection to the upstream broke: {reason}")]
    Broken {
        /// What happened.
        reason: String,
        /// What may be wrong with the configuration.
        hint: Option<OperatorText>,
    },
    /// The answer's body cannot be decoded.
    #[error("upstream's answer has the content coding {coding:?} and cannot be decoded")]
    Coding {
        /// The coding that the answer declares.
        coding: String,
    },
}

impl HttpError {
    /// The whole error, for operators. `None`: the display says it all.
    #[must_use]
    pub fn operator_text(&self) -> Option<OperatorText> {
        match self {
            Self::Connect { address, reason, detail, .. } => {
                let address = address.reveal_to_operator();
                let reason = detail.as_ref().map_or(&**reason, OperatorText::reveal_to_operator);
                Some(OperatorText::new(format!("cannot connect to {address}: {reason}")))
            }
            Self::Forbidden { address, detail } => {
                let (address, detail) = (address.reveal_to_operator(), detail.reveal_to_operator());
                Some(OperatorText::new(format!("may not connect to {address}: {detail}")))
            }
            Self::Broken { hint, .. } => hint.clone(),
            Self::Coding { .. } => None,
        }
    }

    /// Whether the cause does not pass by itself.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Connect { is_lasting, .. } => *is_lasting,
            Self::Broken { .. } => false,
            // What is wrong with a coding is wrong with the set-up.
            Self::Forbidden { .. } | Self::Coding { .. } => true,
        }
    }

    /// Whether the upstream may have read the request.
    #[must_use]
    pub fn may_have_been_read(&self) -> bool {
        !matches!(self, Self::Connect { .. } | Self::Forbidden { .. })
    }
}
