//! The two banks of the protocol.

use std::fmt;

/// How a peer speaks: a property of the peer, never of a single message.
///
/// "The era determination is a property of the server, not of an individual request"
/// (2026-07-28, basic/versioning).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// Revisions up to 2025-11-25: a session that starts with `initialize`.
    Legacy,
    /// Revisions from 2026-07-28 on: no session, metadata in every request.
    Modern,
}

impl Era {
    /// The name in logs and metrics: `legacy` or `modern`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }

    /// The other bank.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Legacy => Self::Modern,
            Self::Modern => Self::Legacy,
        }
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
