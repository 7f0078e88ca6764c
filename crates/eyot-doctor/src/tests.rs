//! Whole ways to servers that say what the test wants, and the words for what is found.

mod over_http;
mod programs;
mod words;

use std::sync::Arc;
use std::time::Duration;

use eyot_era::detect::EraMode;
use eyot_service::Limits;
use eyot_upstream::{Runtime, Target};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Ailment, Patient, Report, Step, examine};

/// A patient that nothing special is wanted of.
fn patient(target: Target) -> Patient {
    let patience = Duration::from_secs(10);
    let mut limits = Limits::default();
    limits.upstream.connect_timeout = patience;
    limits.calls.timeout = patience;
    Patient {
        place: target.label(),
        target,
        server: None,
        era: EraMode::Auto,
        limits,
        patience,
        has_credentials: false,
        is_unverified: false,
        call: None,
    }
}

async fn examined(patient: &Patient) -> Report {
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let runtime = Runtime::new(tracker, stop, Arc::new(patient.limits));
    examine(patient, runtime, &mut |_| {}).await
}

/// The last step, which has failed like this.
#[track_caller]
fn check(report: &Report, ailment: Ailment, detail: &str, advice: &str) -> Step {
    let step = report.steps.last().unwrap().clone();
    assert_eq!(report.ailment, Some(ailment), "{report:?}");
    assert!(step.detail.contains(detail), "{detail} is not in {step:?}");
    let given = step.advice.as_deref().unwrap_or_default();
    assert!(given.contains(advice), "{advice} is not in {given}");
    step
}
