//! The outcome of one scenario, from its checks and from the output of the suite.

use crate::conformance::catalog::{Leg, Scenario, Side};
use crate::conformance::checks::Checks;
use crate::conformance::wait::NO_END;

/// One scenario that was run.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) side: Side,
    pub(super) leg: Leg,
    pub(super) scenario: Scenario,
    pub(super) checks: Checks,
    pub(super) verdict: Verdict,
}

/// The verdict on a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    /// With the reason.
    Failed(String),
    /// Nothing was checked, with the reason.
    Skipped(String),
}

impl Verdict {
    /// Judges by the checks, if there are any, otherwise by the output of the suite.
    ///
    /// `is_content` is the suite's own verdict at the end: a client whose checks all passed still
    /// fails if it ran out of time or ended with an error.
    pub(super) fn new(checks: Option<&Checks>, is_content: bool, said: &str) -> Self {
        let Some(checks) = checks else {
            return Self::Failed(complaint(said).unwrap_or("the suite told nothing").to_owned());
        };
        match (&checks.failure, checks.failed_count) {
            (Some(reason), 1) => return Self::Failed(reason.clone()),
            (Some(reason), count) => {
                return Self::Failed(format!("{reason} (and {} more)", count.saturating_sub(1)));
            }
            (None, _) => {}
        }
        if !is_content {
            return Self::Failed(complaint(said).unwrap_or("the suite ended badly").to_owned());
        }
        match &checks.omission {
            _ if checks.is_shown => Self::Passed,
            Some(reason) => Self::Skipped(reason.clone()),
            None => Self::Skipped("nothing was checked".to_owned()),
        }
    }
}

/// The line that explains why there are no checks, or why some are missing.
fn complaint(said: &str) -> Option<&str> {
    let is_complaint = |line: &&str| {
        line.starts_with("Failed to run scenario")
            || line.starts_with(NO_END)
            || line.contains("CLIENT TIMED OUT")
            || line.contains("CLIENT EXITED WITH ERROR")
            || line.contains("test error:")
    };
    said.lines().map(str::trim).find(is_complaint)
}

#[cfg(test)]
mod tests;
