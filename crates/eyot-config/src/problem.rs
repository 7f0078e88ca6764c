//! What is wrong with a file, and where.

use std::fmt;
use std::sync::Arc;

use eyot_document::Position;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// What it belongs to cannot be used.
    Error,
    /// Something is not as its writer may believe.
    Warning,
}

/// Something that is wrong with a file.
///
/// Its text names keys, variables and servers, and never a value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as it was named.
    pub source: Arc<str>,
    /// The place in the file. `None`: it is about the whole file.
    pub at: Option<Position>,
    /// The server that it is about. `None`: it is about all of them.
    pub server: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Problem {
    /// Whether what it belongs to cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    /// `file:line:column: error: message`, as compilers write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some(at) = self.at {
            write!(f, ":{at}")?;
        }
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, ": {severity}: {}", self.message)
    }
}

impl std::error::Error for Problem {}
