//! Reads the checks that the suite records for each scenario.

use anyhow::Context as _;
use serde::Deserialize;

/// The checks of one scenario, counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Checks {
    pub(super) passed_count: usize,
    pub(super) failed_count: usize,
    /// Whether a check of this scenario itself passed.
    pub(super) is_shown: bool,
    /// The reason of the first failed check.
    pub(super) failure: Option<String>,
    /// The reason of the first skipped check.
    pub(super) omission: Option<String>,
}

/// Every scenario has this check, even one without other checks.
const EVERYWHERE: &str = "wire-schema-valid";

/// One entry of `checks.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    id: String,
    status: Status,
    #[serde(default)]
    description: String,
    error_message: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Success,
    Failure,
    /// A SHOULD that was not met. The suite's own list of expected failures counts it as a failure,
    /// and so does this tool.
    Warning,
    Skipped,
    Info,
}

impl Checks {
    /// Counts the entries of a `checks.json`.
    pub(super) fn parse(json: &str) -> anyhow::Result<Self> {
        let entries: Vec<Check> = serde_json::from_str(json).context("read checks.json")?;
        let mut checks = Self::default();
        for entry in &entries {
            match entry.status {
                Status::Success => {
                    checks.passed_count += 1;
                    checks.is_shown |= entry.id != EVERYWHERE;
                }
                Status::Failure | Status::Warning => {
                    checks.failed_count += 1;
                    checks.failure.get_or_insert_with(|| entry.reason());
                }
                Status::Skipped => {
                    checks.omission.get_or_insert_with(|| entry.reason());
                }
                Status::Info => {}
            }
        }
        Ok(checks)
    }
}

impl Check {
    fn reason(&self) -> String {
        format!("{}: {}", self.id, self.error_message.as_ref().unwrap_or(&self.description))
    }
}

#[cfg(test)]
mod tests;
