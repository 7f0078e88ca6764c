//! How a child process ended.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a child process ended, and its last words.
///
/// The words are for operators: they may name files and hosts that a client should not learn of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitReport {
    /// The exit code. `None`: a signal ended the process, or nobody could say.
    pub status: Option<i32>,
    /// The signal that ended the process. `None`: it ended by itself, or nobody could say.
    pub signal: Option<i32>,
    /// The last lines of stderr, oldest first, within
    /// [`ChildLimits::stderr_tail_bytes`](crate::ChildLimits::stderr_tail_bytes) and 64 lines.
    /// Control characters and bytes that are no UTF-8 are escaped.
    pub stderr_tail: Vec<String>,
}

impl ExitReport {
    /// Joins the two; a status of `None` is that of a process that would not go.
    pub(crate) fn new(status: Option<ExitStatus>, stderr_tail: Vec<String>) -> Self {
        Self {
            status: status.and_then(|it| it.code()),
            signal: status.and_then(|it| it.signal()),
            stderr_tail,
        }
    }
}

impl fmt::Display for ExitReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, self.signal) {
            (Some(status), _) => write!(formatter, "exit code {status}")?,
            (None, Some(signal)) => write!(formatter, "ended by signal {signal}")?,
            (None, None) => formatter.write_str("no exit status")?,
        }
        if !self.stderr_tail.is_empty() {
            write!(formatter, "; last stderr lines: {}", self.stderr_tail.join(" | "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
