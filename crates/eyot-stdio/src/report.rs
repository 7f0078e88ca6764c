//! How a child process ended.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use eyot_service::{IoEnd, OperatorText};

/// How a child process ended, and the last lines of its stderr.
///
/// The lines are for operators: they may name files and hosts that a client should not learn of. So
/// displaying a report does not show them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitReport {
    /// The exit code. `None`: a signal ended the process, or its status is unknown.
    pub status: Option<i32>,
    /// The signal that ended the process. `None`: it ended by itself, or its status is unknown.
    pub signal: Option<i32>,
    /// The last lines of stderr, oldest first, within
    /// [`ChildLimits::stderr_tail_bytes`](crate::ChildLimits::stderr_tail_bytes) and 64 lines.
    /// Control characters and bytes that are no UTF-8 are escaped.
    pub stderr_tail: Vec<String>,
}

impl ExitReport {
    /// Joins the two; a process that did not go has the status `None`.
    pub(crate) fn new(status: Option<ExitStatus>, stderr_tail: Vec<String>) -> Self {
        Self {
            status: status.and_then(|it| it.code()),
            signal: status.and_then(|it| it.signal()),
            stderr_tail,
        }
    }
}

impl ExitReport {
    /// The last lines, oldest first, as one line for operators. `None`: there were none.
    #[must_use]
    pub fn operator_text(&self) -> Option<OperatorText> {
        let has_words = !self.stderr_tail.is_empty();
        has_words.then(|| OperatorText::new(self.stderr_tail.join(" | ")))
    }
}

impl fmt::Display for ExitReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, self.signal) {
            (Some(status), _) => write!(formatter, "exit code {status}"),
            (None, Some(signal)) => write!(formatter, "ended by signal {signal}"),
            (None, None) => formatter.write_str("no exit status"),
        }
    }
}

impl From<ExitReport> for IoEnd {
    fn from(report: ExitReport) -> Self {
        let words = report.operator_text();
        let rest = if words.is_some() { "; its last words are in the log" } else { "" };
        Self::new(format!("exited: {report}{rest}")).with_operator_text(words)
    }
}

#[cfg(test)]
mod tests;
