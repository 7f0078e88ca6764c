//! What rules do.

use std::time::Duration;

use eyot_document::Position;

use crate::path::Path;
use crate::pattern::Pattern;
use crate::price::Price;
use crate::principals::Principals;

/// What ends the evaluation.
#[derive(Debug)]
pub(crate) enum Terminal {
    Allow,
    Deny(Refusal),
    Route {
        to: Box<str>,
        at: Position,
    },
    Ask {
        message: Box<str>,
        timeout: Option<Duration>,
        /// Who is asked. `None`: the user of the client.
        of: Option<Principals>,
        at: Position,
    },
    Fault(Refusal),
}

/// An error for the peer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) message: Box<str>,
}

/// What a rule does before the evaluation goes on.
#[derive(Debug)]
pub(crate) enum Step {
    RateLimit { key: Vec<KeyPart>, limit: u64, per: Duration, price: Price },
    Concurrency { key: Vec<KeyPart>, limit: u64 },
    Delay(Duration),
    Call { interceptor: Box<str>, timeout: Option<Duration>, at: Position },
    Edit(Edit),
}

/// A change of the payload.
#[derive(Debug)]
pub(crate) enum Edit {
    /// The value of a place, which is JSON.
    Set(Path, String),
    Remove(Path),
    /// The new name of a member.
    Rename(Path, String),
    Redact(Redaction),
}

/// What of a payload is covered.
#[derive(Debug)]
pub(crate) struct Redaction {
    /// Where. Empty: everywhere in the payload.
    pub(crate) paths: Vec<Path>,
    /// What of the texts there. Empty: the values as a whole.
    pub(crate) patterns: Vec<Pattern>,
    /// What stands there instead.
    pub(crate) with: Box<str>,
}

/// What messages have in common that share a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    Principal,
    Session,
    Client,
    Server,
    Method,
    Item,
    Remote,
}

/// A line for the log of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogAction {
    pub(crate) level: LogLevel,
    pub(crate) message: Box<str>,
}

/// How important a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the levels of all logs here")]
pub enum LogLevel {
    /// For those who look for something.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What may be wrong.
    Warn,
}

impl Terminal {
    /// The word for it in a file of rules.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny(_) => "deny",
            Self::Route { .. } => "route",
            Self::Ask { .. } => "ask",
            Self::Fault(_) => "fault",
        }
    }

    /// Whether it refuses, whatever comes.
    pub(crate) const fn refuses(&self) -> bool {
        matches!(self, Self::Deny(_) | Self::Fault(_))
    }
}

impl Step {
    /// The word for it in a file of rules.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::RateLimit { .. } => "rate_limit",
            Self::Concurrency { .. } => "concurrency",
            Self::Delay(_) => "delay",
            Self::Call { .. } => "call",
            Self::Edit(Edit::Set(..)) => "set",
            Self::Edit(Edit::Remove(_)) => "remove",
            Self::Edit(Edit::Rename(..)) => "rename",
            Self::Edit(Edit::Redact(_)) => "redact",
        }
    }
}
