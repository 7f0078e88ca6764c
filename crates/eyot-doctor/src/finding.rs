//! What one step has found, before it is written down.

use crate::report::Verdict;

/// What a step has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    pub(crate) detail: String,
    pub(crate) advice: Option<String>,
}

impl Finding {
    pub(crate) fn ok(detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, detail: detail.into(), advice: None }
    }

    pub(crate) fn skipped(detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, detail: detail.into(), advice: None }
    }

    pub(crate) fn warning(detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, detail: detail.into(), advice: Some(advice.into()) }
    }

    pub(crate) fn failed(detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Failed, detail: detail.into(), advice: Some(advice.into()) }
    }
}
