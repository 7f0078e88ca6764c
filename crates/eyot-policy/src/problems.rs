//! What is wrong with a policy.

use std::fmt;

/// One thing that is wrong with a policy, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{member}`: {message}")]
#[non_exhaustive]
pub struct PolicyProblem {
    /// The member that it is about, such as `rates[0].per`.
    pub member: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// All that is wrong with a policy: at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyProblems(Vec<PolicyProblem>);

impl PolicyProblems {
    /// The problems, if there are any.
    pub(crate) fn some(problems: Vec<PolicyProblem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// Each of them, in the order of the members.
    pub fn iter(&self) -> impl Iterator<Item = &PolicyProblem> {
        self.0.iter()
    }
}

impl fmt::Display for PolicyProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            let between = if number == 0 { "" } else { "; " };
            write!(f, "{between}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyProblems {}
