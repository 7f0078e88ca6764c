//! How the era of a server was found: what it was asked, and what it said.

use std::fmt;
use std::time::Duration;

use eyot_era::{Carrier, Evidence};
use eyot_jsonrpc::{ErrorObject, Response};
use eyot_service::Fault;
use eyot_types::{DiscoverResult, Era, Method, Revision, codes};
use http::StatusCode;

use super::error::ClientError;
use super::session::Facts;

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
        /// The HTTP status that came with it; `None` where nobody saw one.
        status: Option<u16>,
    },
    /// It speaks the modern era, and these revisions of it, of which none is known here.
    Offered(Vec<String>),
    /// It answered with something else than the result of the method.
    Misunderstood,
    /// It did not answer with a JSON-RPC message, for this reason.
    Failed(String),
    /// It was silent for this long.
    Silent(Duration),
}

/// What came of the question `server/discover`, before it is judged.
pub(super) struct Asked<'a> {
    pub(super) said: &'a Result<Result<(StatusCode, Response), Fault>, tokio::time::error::Elapsed>,
    pub(super) carrier: Carrier,
    pub(super) patience: Duration,
}

impl EraStep {
    /// What came of `server/discover`; `answer` is from before it was judged.
    pub(super) fn of_discover(
        answer: EraAnswer,
        is_modern: bool,
        judged: &Result<Option<Facts>, ClientError>,
    ) -> Self {
        let (answer, taken_for) = match judged {
            Ok(Some(facts)) => (EraAnswer::Accepted(facts.revision), Some(Era::Modern)),
            Ok(None) => (answer, Some(Era::Legacy)),
            Err(_) => (answer, is_modern.then_some(Era::Modern)),
        };
        Self { asked: Method::ServerDiscover.as_str(), answer, taken_for }
    }

    /// What came of `initialize`.
    pub(super) fn of_initialize(opened: Result<Revision, &ClientError>) -> Self {
        let (answer, taken_for) = match opened {
            Ok(revision) => (EraAnswer::Accepted(revision), Some(Era::Legacy)),
            Err(ClientError::Rpc(error)) => {
                let is_modern = codes::is_modern_evidence(error.code);
                let answer = EraAnswer::Refused { error: error.clone(), status: None };
                (answer, is_modern.then_some(Era::Modern))
            }
            Err(ClientError::Timeout { waited, .. }) => (EraAnswer::Silent(*waited), None),
            Err(error) => (EraAnswer::Failed(reason(error)), None),
        };
        Self { asked: Method::Initialize.as_str(), answer, taken_for }
    }
}

impl Asked<'_> {
    /// What was said.
    pub(super) fn answer(&self) -> EraAnswer {
        match self.said {
            Ok(Ok((status, answer))) => match answer.decode_error() {
                Ok(error) => {
                    let has_status = self.carrier == Carrier::Http;
                    EraAnswer::Refused { error, status: has_status.then_some(status.as_u16()) }
                }
                Err(_) => match answer.decode_result::<DiscoverResult>() {
                    Ok(result) => EraAnswer::Offered(result.supported_versions),
                    Err(_) => EraAnswer::Misunderstood,
                },
            },
            Ok(Err(fault)) => EraAnswer::Failed(reason(&ClientError::from_fault(fault))),
            Err(_elapsed) => EraAnswer::Silent(self.patience),
        }
    }

    /// Whether only a modern server says so, even one of a revision that is not known here.
    pub(super) fn is_modern(&self) -> bool {
        let Ok(Ok((status, answer))) = self.said else { return false };
        eyot_era::of_answer(answer, status.as_u16()) == Evidence::Modern
    }
}

/// What happened, without what it means for a call.
fn reason(error: &ClientError) -> String {
    match error {
        ClientError::Unreachable { reason }
        | ClientError::Refused { reason }
        | ClientError::Lost { reason, .. } => reason.clone(),
        error => error.to_string(),
    }
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
