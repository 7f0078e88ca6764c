//! The sessions that this process serves, for operators to look at.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use eyot_service::unix_ms;
use eyot_session::SessionId;
use eyot_types::Revision;
use sha2::{Digest as _, Sha256};

use crate::active_session::ActiveSession;
use crate::registry::Registry;

/// Looks at the sessions that this process serves; shows no secret. Cheap to clone.
///
/// Each method goes through all sessions: it is for people, not for the path of a call.
#[derive(Clone, Debug)]
pub struct Sessions(Arc<Registry>);

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionCounts {
    /// Sessions.
    pub sessions: usize,
    /// Requests of their clients that run.
    pub calls: usize,
    /// Streams that their clients hold open with GET.
    pub streams: usize,
}

/// Some of the sessions, in the order of their digests.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionPage {
    /// The sessions.
    pub sessions: Vec<SessionSnapshot>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<SessionDigest>,
}

/// One session at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionSnapshot {
    /// The name of the session, which does not give its id away.
    pub digest: SessionDigest,
    /// The name of the principal that opened it; `None` when clients need no credentials.
    pub principal: Option<Arc<str>>,
    /// The revision that was agreed.
    pub revision: Revision,
    /// How long ago it was opened.
    pub age: Duration,
    /// After how long a silence it ends.
    pub expires_in: Duration,
    /// Requests of its client that run.
    pub calls: usize,
    /// Streams that its client holds open with GET.
    pub streams: usize,
}

/// A name of a session. It follows from the session's id, but does not give the id away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionDigest(u64);

impl Sessions {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self(registry)
    }

    /// How many there are of each thing.
    #[must_use]
    pub fn counts(&self) -> SessionCounts {
        let mut counts = SessionCounts::default();
        for session in self.0.all() {
            let machine = session.machine();
            counts.sessions += 1;
            counts.calls += machine.in_flight();
            counts.streams += machine.streams_open();
        }
        counts
    }

    /// The first `max` sessions behind `after`, or of all.
    #[must_use]
    pub fn page(&self, after: Option<SessionDigest>, max: usize) -> SessionPage {
        let named = self.0.all().map(|it| (SessionDigest::of(it.handle().id()), it));
        let mut found: Vec<_> =
            named.filter(|(digest, _)| after.is_none_or(|it| *digest > it)).collect();
        found.sort_unstable_by_key(|(digest, _)| *digest);
        let has_more = found.len() > max;
        found.truncate(max);
        let next = found.last().filter(|_| has_more).map(|(digest, _)| *digest);
        let now_ms = unix_ms();
        let sessions = found.iter().map(|(digest, it)| snapshot(*digest, it, now_ms)).collect();
        SessionPage { sessions, next }
    }
}

fn snapshot(digest: SessionDigest, session: &ActiveSession, now_ms: u64) -> SessionSnapshot {
    let principal = session.handle().principal().cloned();
    let machine = session.machine();
    SessionSnapshot {
        digest,
        principal,
        revision: machine.revision(),
        age: Duration::from_millis(now_ms.saturating_sub(machine.opened_ms())),
        expires_in: Duration::from_millis(machine.expires_ms().saturating_sub(now_ms)),
        calls: machine.in_flight(),
        streams: machine.streams_open(),
    }
}

impl SessionDigest {
    /// The name of the session of this id.
    #[must_use]
    pub fn of(id: &SessionId) -> Self {
        let digest: [u8; 32] = Sha256::digest(id.as_str()).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Reads what `Display` writes.
impl FromStr for SessionDigest {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests;
