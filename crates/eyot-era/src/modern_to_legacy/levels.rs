//! One log level for a session in which every call wants its own.

use std::collections::BTreeMap;

use eyot_jsonrpc::UpstreamId;
use eyot_types::LogLevel;

/// What the running calls of a session want to hear, and what its server was told.
///
/// A legacy server has one level for the whole session, so it is told the most verbose that any
/// running call wants; each call hears what it wants of that ([`passes`]).
#[derive(Debug, Default)]
pub struct Levels {
    wanted: BTreeMap<UpstreamId, LogLevel>,
    told: Option<LogLevel>,
}

impl Levels {
    /// No call wants to hear anything yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A call begins; what the server must be told before, if anything.
    pub fn begin(&mut self, call: UpstreamId, wanted: Option<&LogLevel>) -> Option<LogLevel> {
        let wanted = wanted.filter(|it| !matches!(it, LogLevel::Other(_)))?;
        self.wanted.insert(call, wanted.clone());
        let loudest = self.wanted.values().min().cloned();
        if loudest == self.told {
            return None;
        }
        self.told.clone_from(&loudest);
        loudest
    }

    /// A call has ended. The server is told when the next one begins.
    pub fn end(&mut self, call: UpstreamId) {
        self.wanted.remove(&call);
    }
}

/// Whether a call hears a message of this level; one that names none hears nothing (2026-07-28,
/// server/utilities/logging).
#[must_use]
pub fn passes(wanted: Option<&LogLevel>, level: &LogLevel) -> bool {
    wanted.is_some_and(|wanted| level >= wanted)
}

#[cfg(test)]
mod tests;
