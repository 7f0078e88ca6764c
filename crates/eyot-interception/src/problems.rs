//! What is wrong with files.

use eyot_config::Problem;

/// All that is wrong with files, one line each, with places.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct FileProblems(String);

impl FileProblems {
    pub(crate) fn one(message: String) -> Self {
        Self(message)
    }
}

impl From<Vec<Problem>> for FileProblems {
    fn from(problems: Vec<Problem>) -> Self {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        Self(lines.join("\n"))
    }
}
