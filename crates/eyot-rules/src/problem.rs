//! What is wrong with a file of rules, and where.

use std::fmt;
use std::sync::Arc;

use eyot_document::Position;

/// Something that is wrong with a file of rules, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The place in the file.
    pub at: Position,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    /// `file:line:column: error: message`, as compilers write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: error: {}", self.file, self.at, self.message)
    }
}

impl std::error::Error for Problem {}

/// All that is wrong with a file of rules, in the order of the file; at least one problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// The problems, in the order of the file.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    /// One line for each problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
