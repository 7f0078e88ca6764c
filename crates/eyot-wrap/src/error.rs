//! Why a file is not changed.

use eyot_config::{Dialect, Problem};

/// The reason why a file is left as it is.
///
/// Its text names keys and servers, and never a value, which may be a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The file cannot be read, or a server that is named in it.
    #[error("{}", lines(problems))]
    Unreadable {
        /// What is wrong, and where.
        problems: Vec<Problem>,
    },
    /// The file is none that a client reads.
    #[error("{file}: {}", of_dialect(*dialect))]
    NoClient {
        /// The file.
        file: String,
        /// What it is.
        dialect: Dialect,
    },
    /// There is no server of a name.
    #[error("there is no server `{name}` in {file}, but {}", listed(names))]
    NoServer {
        /// The file.
        file: String,
        /// The name that is not there.
        name: String,
        /// The names that are.
        names: Vec<String>,
    },
    /// An entry is of a form that cannot be changed.
    #[error("{place}: `{name}` {reason}")]
    Entry {
        /// The file and the place in it.
        place: String,
        /// The name of the server.
        name: String,
        /// What is in the way, and what to do.
        reason: String,
    },
}

/// What is in the way of changing an entry: the end of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Obstacle(pub(crate) String);

impl Obstacle {
    /// The way in which the entry is written.
    pub(crate) fn form() -> Self {
        Self("is written in a way that eyot cannot change: change it by hand".to_owned())
    }

    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn of_dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Eyot => {
            "eyot reads its own form itself, and there is nothing to wrap: `eyot run --config FILE`, \
             `eyot serve --config FILE`"
        }
        _ => "no client reads this file: `eyot import` makes servers of it",
    }
}

/// Names in a message, a few of them.
fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(NAMES_MAX).map(|it| format!("`{it}`")).collect();
    let more = names.len().saturating_sub(NAMES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if shown.is_empty() { "none at all".to_owned() } else { format!("{}{more}", shown.join(", ")) }
}

/// Names in a message.
const NAMES_MAX: usize = 20;
