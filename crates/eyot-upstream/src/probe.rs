//! Whether an upstream speaks the modern era.

use std::time::Duration;

use eyot_era::detect::{self, Action, DetectConfig, Detector, EraAnswer, EraMode, Goal};
use eyot_service::{Fault, FaultKind};
use eyot_types::Era;
use eyot_types::codes::{self, Outcome};
use tokio::time::timeout;

use crate::http_response::unexpected_status;
use crate::modern::ModernConnection;
use crate::upstream::Upstream;

/// What a probe found.
#[derive(Debug)]
pub enum EraFound {
    /// The upstream speaks 2026-07-28; the connection that found it can be used.
    Modern(ModernConnection),
    /// It does not.
    Legacy,
}

/// Asks an upstream with `server/discover`, unless its era is pinned.
///
/// A child is started for the question alone: some legacy servers exit when anything comes before
/// `initialize`. The [`Detector`] judges what its answer proves.
///
/// # Errors
///
/// A [`Fault`] when nothing was learnt.
///
/// # Cancel safety
///
/// Dropping the future ends the probing child.
pub async fn probe_modern(upstream: &Upstream) -> Result<EraFound, Fault> {
    let Upstream { target, runtime, era, .. } = upstream;
    let limits = &runtime.limits;
    if era.pinned().is_none() && target.era_mode(era.mode()) == EraMode::Legacy {
        return Ok(EraFound::Legacy);
    }
    let mut detector = Detector::new(DetectConfig {
        mode: era.mode(),
        goal: Goal::Era,
        carrier: target.carrier(),
        patience: limits.upstream.connect_timeout,
        long_patience: limits.calls.timeout,
    });
    let connection = ModernConnection::open(target, None, runtime).await?;
    let mut nothing_learnt = None;
    loop {
        match detector.poll_action() {
            Action::Discover(patience) | Action::Retry(patience) => {
                nothing_learnt = Some(ask(&connection, &mut detector, patience).await);
            }
            Action::Settled(Era::Modern, _) => return Ok(EraFound::Modern(connection)),
            // Clients open their legacy sessions themselves.
            Action::Settled(Era::Legacy, _) | Action::Initialize(_) => return Ok(EraFound::Legacy),
            Action::GaveUp(_) => {
                let fault = nothing_learnt.unwrap_or_else(Fault::unanswered);
                return Err(Fault { error: codes::not_sent(fault.error), ..fault });
            }
        }
    }
}

/// Asks, and tells the detector the answer. Returns the fault for the case that the answer proves
/// nothing.
async fn ask(connection: &ModernConnection, detector: &mut Detector, patience: Duration) -> Fault {
    match timeout(patience, connection.ask(detect::discover(&detect::proxy_meta()))).await {
        Ok(Ok((status, answer))) => {
            detector.handle_answer(EraAnswer::of_discover(&answer, Some(status.as_u16())));
            unexpected_status(status)
        }
        Ok(Err(fault)) => {
            detector.handle_fault(fault.error.message.clone(), fault.kind == FaultKind::Refused);
            match &fault.challenge {
                // The upstream's own error is about our question, not about a client's request.
                Some(challenge) if Outcome::of(&fault.error).is_none() => {
                    unexpected_status(challenge.status)
                }
                _ => fault,
            }
        }
        Err(_elapsed) => {
            detector.handle_silence();
            let reason = format!("upstream did not answer `server/discover` in {patience:?}");
            Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true))
        }
    }
}
