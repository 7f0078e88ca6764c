//! One question on the way to an era, and what came of it.

use std::fmt;
use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Message};
use eyot_types::{Era, Revision, codes};
use serde::Deserialize;
use serde_json::Value;

use super::evidence::{Carrier, Evidence, is_no_evidence, of_fault, of_silence};

/// One question on the way to the era of a server, and what came of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EraStep {
    /// The method that it was asked with: `server/discover` or `initialize`.
    pub asked: &'static str,
    /// What it said.
    pub answer: EraAnswer,
    /// The era that the server is taken for after that; `None`: it is no evidence of an era.
    pub taken_for: Option<Era>,
}

/// What a server said when it was asked for its era.
///
/// Displayed, it goes on after the method: "was accepted (2026-07-28)".
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EraAnswer {
    /// It agreed to speak this revision.
    Accepted(Revision),
    /// It answered with an error.
    Refused {
        /// What it said.
        error: ErrorObject,
        /// The HTTP status that came with it; `None` where there was none.
        status: Option<u16>,
    },
    /// It offers these revisions, and not the one that was asked for.
    Offered(Vec<String>),
    /// It answered with something else than the result of the method.
    Misunderstood,
    /// It did not answer with a JSON-RPC message, for this reason.
    Failed(String),
    /// It was silent for this long.
    Silent(Duration),
}

/// What only a modern server says in the result of `server/discover`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    supported_versions: Vec<Value>,
}

impl EraAnswer {
    /// What an answer to `server/discover` says that came with this HTTP status; `None`: nothing
    /// that has a status carried it.
    #[must_use]
    pub fn of_discover(answer: &Message, status: Option<u16>) -> Self {
        if let Ok(error) = answer.decode_error() {
            return Self::Refused { error, status };
        }
        let Ok(offer) = answer.decode_result::<Offer>() else {
            return match status.filter(|it| is_no_evidence(*it)) {
                Some(status) => Self::Failed(format!("HTTP status {status}")),
                None => Self::Misunderstood,
            };
        };
        let versions = texts(&offer.supported_versions);
        match versions.iter().any(|it| it == Revision::MODERN.as_str()) {
            true => Self::Accepted(Revision::MODERN),
            false => Self::Offered(versions),
        }
    }

    /// What it proves, as the answer to `server/discover`. `is_refusal` is what
    /// [`is_legacy_refusal`](super::is_legacy_refusal) said of the status of a fault.
    ///
    /// "If the body contains a recognized modern JSON-RPC error, the server speaks a modern
    /// version" (2026-07-28, basic/transports/streamable-http, Backward Compatibility). "Anything
    /// else identifies a legacy server" (2026-07-28, basic/versioning), but for what an
    /// authorization, an overload or a broken line says.
    pub(super) fn evidence(&self, is_refusal: bool, carrier: Carrier) -> Evidence {
        match self {
            Self::Accepted(revision) if revision.era() == Era::Legacy => Evidence::Legacy,
            Self::Accepted(_) | Self::Offered(_) => Evidence::Modern,
            Self::Refused { error, .. } if codes::is_modern_evidence(error.code) => {
                Evidence::Modern
            }
            Self::Refused { status, .. } if status.is_some_and(is_no_evidence) => Evidence::Nothing,
            Self::Refused { .. } | Self::Misunderstood => Evidence::Legacy,
            Self::Failed(_) => of_fault(is_refusal, carrier),
            Self::Silent(_) => of_silence(carrier),
        }
    }

    /// The revisions that the server offers; `None`: it does not say.
    pub(super) fn offered(&self) -> Option<Vec<String>> {
        match self {
            Self::Offered(versions) => Some(versions.clone()),
            Self::Refused { error, .. } if error.code == codes::UNSUPPORTED_VERSION => {
                let supported = error.data.as_ref().and_then(|it| it.get("supported"));
                Some(supported.and_then(Value::as_array).map(|it| texts(it)).unwrap_or_default())
            }
            _ => None,
        }
    }

    /// Whether the server refuses the version of the request and offers the same.
    pub(super) fn refuses_and_offers(&self, revision: Revision) -> bool {
        let is_refusal = matches!(self, Self::Refused { .. });
        let offered = self.offered().filter(|_| is_refusal).unwrap_or_default();
        offered.iter().any(|it| it == revision.as_str())
    }

    /// Whether it is an error that only a modern server answers with.
    pub(super) fn is_modern_error(&self) -> bool {
        matches!(self, Self::Refused { error, .. } if codes::is_modern_evidence(error.code))
    }
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl fmt::Display for EraAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(revision) => write!(f, "was accepted ({revision})"),
            Self::Refused { error, status } => {
                write!(f, "answered {} ({})", error.code, error.message)?;
                match status {
                    Some(status) => write!(f, " with HTTP status {status}"),
                    None => Ok(()),
                }
            }
            Self::Offered(versions) => write!(f, "offered only {}", versions.join(", ")),
            Self::Misunderstood => f.write_str("answered something that is no result of it"),
            Self::Failed(reason) => write!(f, "failed: {reason}"),
            Self::Silent(waited) => write!(f, "got no answer within {waited:?}"),
        }
    }
}

impl fmt::Display for EraStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.asked, self.answer)
    }
}

#[cfg(test)]
mod tests;
