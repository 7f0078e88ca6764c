//! The outcome of the questions for an era, and the error if no era was found.

use std::time::Duration;

use eyot_era::detect::{Action, Carrier, DetectConfig, Detector, EraAnswer, EraStep, GiveUp};
use eyot_jsonrpc::{ErrorObject, Response};
use eyot_service::{Fault, FaultKind};
use eyot_types::codes::{self, Outcome};
use eyot_types::{DiscoverResult, Era, Method, Revision, meta};
use http::StatusCode;
use tokio::time::error::Elapsed;

use crate::error::ClientError;
use crate::read::read;
use crate::session::Facts;

/// The outcome of `server/discover`.
pub(super) type DiscoverOutcome = Result<Result<(StatusCode, Response), Fault>, Elapsed>;

/// Finds the era, and keeps what the caller is told.
pub(super) struct Finding {
    carrier: Carrier,
    detector: Detector,
    /// The last answer to `server/discover`.
    answer: Option<Response>,
    /// Why the last question has found no era.
    error: Option<ClientError>,
    /// How `initialize` was refused.
    refusal: Option<ClientError>,
}

impl Finding {
    /// Nothing was asked yet.
    pub(super) fn new(config: DetectConfig) -> Self {
        let (carrier, detector) = (config.carrier, Detector::new(config));
        Self { carrier, detector, answer: None, error: None, refusal: None }
    }

    /// What is done next.
    pub(super) fn action(&self) -> Action {
        self.detector.poll_action()
    }

    /// The outcome of the last question.
    pub(super) fn step(&mut self) -> Option<EraStep> {
        self.detector.poll_step()
    }

    /// Takes the outcome of `server/discover`, which had `patience` to be answered.
    pub(super) fn discovered(&mut self, asked: DiscoverOutcome, patience: Duration) {
        match asked {
            Ok(Ok((status, answer))) => {
                let status = (self.carrier == Carrier::Http).then(|| status.as_u16());
                self.error = answer.decode_error().ok().map(ClientError::Rpc);
                self.detector.handle_answer(EraAnswer::of_discover(&answer, status));
                self.answer = Some(answer);
            }
            Ok(Err(fault)) => {
                tracing::debug!(%fault, "server has not answered `server/discover`");
                let error = ClientError::from_fault(&fault);
                self.detector.handle_fault(reason(&error), fault.kind == FaultKind::Refused);
                self.error = Some(error);
            }
            Err(_elapsed) => {
                let outcome = Outcome::Unknown;
                self.detector.handle_silence();
                self.error = Some(ClientError::Timeout { waited: patience, outcome });
            }
        }
    }

    /// Takes the outcome of opening a legacy session.
    pub(super) fn initialized(&mut self, opened: Result<Revision, &ClientError>) {
        match opened {
            Ok(revision) => self.detector.handle_answer(EraAnswer::Accepted(revision)),
            Err(ClientError::Rpc(error)) => {
                let error = error.clone();
                self.detector.handle_answer(EraAnswer::Refused { error, status: None });
            }
            Err(ClientError::Timeout { .. }) => self.detector.handle_silence(),
            Err(error) => {
                let is_refusal = matches!(error, ClientError::Refused { .. });
                self.detector.handle_fault(reason(error), is_refusal);
            }
        }
        if let Err(error) = opened {
            self.refusal = Some(error.clone());
            self.error = Some(error.clone());
        }
    }

    /// What a modern server says of itself.
    pub(super) fn facts(&self) -> Result<Facts, ClientError> {
        let answer = self.answer.as_ref().ok_or_else(|| unanswered(Method::ServerDiscover))?;
        let result: DiscoverResult = read(answer)?;
        let info = result.meta.as_ref().and_then(meta::server_info);
        let DiscoverResult { capabilities, instructions, .. } = result;
        Ok(Facts { revision: Revision::MODERN, info, capabilities, instructions })
    }

    /// Why there is no connection.
    pub(super) fn failure(self, why: GiveUp) -> ClientError {
        let error = match why {
            GiveUp::Refused => self.error,
            GiveUp::Neither => self.refusal,
            GiveUp::Pinned => Some(ClientError::Rpc(modern_only())),
            GiveUp::NoCommonRevision(offered) => {
                let reason = format!("server speaks only {}", offered.join(", "));
                Some(ClientError::Protocol { reason })
            }
        };
        error.unwrap_or_else(|| unanswered(Method::ServerDiscover))
    }
}

/// The error of a server that has answered with something else.
pub(super) fn unanswered(method: Method<'_>) -> ClientError {
    ClientError::Protocol { reason: format!("server answered `{method}` with no result of it") }
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

fn modern_only() -> ErrorObject {
    codes::era_mismatch(Revision::MODERN.as_str(), Era::Legacy)
}

#[cfg(test)]
mod tests;
