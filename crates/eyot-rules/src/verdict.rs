//! What rules say about a message.

use std::borrow::Cow;
use std::fmt;

use crate::action::{LogLevel, Terminal};

/// What becomes of a message, and why.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict<'s> {
    /// What becomes of it.
    pub decision: Decision<'s>,
    /// The rule that decided. `None`: none did, and it is as the file says by default.
    pub rule: Option<&'s str>,
    /// The rules before it that did something and decided nothing, in the order of the file.
    pub applied: Vec<&'s str>,
    /// The payload that takes the place of the one that came. `None`: it stays as it is.
    pub payload: Option<String>,
    /// The tags of the rules that were about it, in the order of the file.
    pub tags: Vec<&'s str>,
    /// Lines for the log of the operator.
    pub log: Vec<LogLine<'s>>,
    /// What rules in audit mode would have done.
    pub audits: Vec<Audit<'s>>,
    /// Rules that could not be applied.
    pub failures: Vec<Failure<'s>>,
}

/// What becomes of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision<'s> {
    /// It goes on.
    #[default]
    Allow,
    /// It ends here, with this error for the peer.
    Deny(Denial<'s>),
    /// It goes to the upstream of this name.
    Route(&'s str),
    /// It fails with this error, as a test wants it.
    Fault(Denial<'s>),
}

/// An error for a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denial<'s> {
    /// The code of the JSON-RPC error.
    pub code: i64,
    /// The message of the error. No name of a rule is in it.
    pub message: Cow<'s, str>,
}

/// A line for the log of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine<'s> {
    /// The rule that says it.
    pub rule: &'s str,
    /// How important it is.
    pub level: LogLevel,
    /// What the rule says.
    pub message: &'s str,
}

/// What would have been done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit<'s> {
    /// The rule. `None`: what the file says by default.
    pub rule: Option<&'s str>,
    /// What it would have decided. `None`: nothing; it would only have done something.
    pub decision: Option<Decision<'s>>,
    /// The actions that it would have done, as a file of rules names them.
    pub actions: Vec<&'static str>,
}

/// A rule that could not be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure<'s> {
    /// The rule.
    pub rule: &'s str,
    /// Why, for the operator. No value of the message is in it.
    pub reason: String,
}

/// The debug output has no payload, which may be secret.
impl fmt::Debug for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Verdict");
        debug.field("decision", &self.decision).field("rule", &self.rule);
        debug.field("applied", &self.applied);
        debug.field("payload_len", &self.payload.as_ref().map(String::len));
        debug.field("tags", &self.tags).field("log", &self.log);
        debug.field("audits", &self.audits).field("failures", &self.failures).finish()
    }
}

impl Decision<'_> {
    /// The word for it in a file of rules.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny(_) => "deny",
            Self::Route(_) => "route",
            Self::Fault(_) => "fault",
        }
    }

    /// The error for the peer, if there is one.
    #[must_use]
    pub const fn error(&self) -> Option<&Denial<'_>> {
        match self {
            Self::Deny(denial) | Self::Fault(denial) => Some(denial),
            Self::Allow | Self::Route(_) => None,
        }
    }
}

/// What a rule decides. Asking for consent would allow it, if it is given.
pub(crate) fn decision_of(terminal: &Terminal) -> Decision<'_> {
    match terminal {
        Terminal::Allow | Terminal::Ask { .. } => Decision::Allow,
        Terminal::Deny(refusal) => {
            Decision::Deny(Denial { code: refusal.code, message: Cow::Borrowed(&refusal.message) })
        }
        Terminal::Route { to, .. } => Decision::Route(to),
        Terminal::Fault(refusal) => {
            Decision::Fault(Denial { code: refusal.code, message: Cow::Borrowed(&refusal.message) })
        }
    }
}

/// A denial with a text of ours.
pub(crate) const fn denial(code: i64, message: &'static str) -> Decision<'static> {
    Decision::Deny(Denial { code, message: Cow::Borrowed(message) })
}

/// What the peer is told where the file says nothing.
pub(crate) const NOT_ALLOWED: &str = "not allowed here";
