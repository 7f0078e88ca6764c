//! What is wrong with files.

use eyot_config::Problem;

use crate::steps::SettingsProblem;

/// All that is wrong with files, one line each, with places.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct FileProblems(String);

impl FileProblems {
    pub(crate) fn one(message: String) -> Self {
        Self(message)
    }

    /// Problems whose messages have their places.
    pub(crate) fn placed(problems: &[SettingsProblem]) -> Self {
        Self(problems.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("\n"))
    }
}

impl From<Vec<Problem>> for FileProblems {
    fn from(problems: Vec<Problem>) -> Self {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        Self(lines.join("\n"))
    }
}
