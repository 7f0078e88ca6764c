//! Everything that kept a server from being built.

/// Everything that is wrong with a server, at once.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("; "))]
pub struct BuildError {
    /// One text for each problem.
    pub problems: Vec<String>,
}
