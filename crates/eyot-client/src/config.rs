//! How a client behaves: everything that the builder sets.

use std::time::Duration;

use eyot_service::Limits;
use eyot_types::{Era, Implementation, JsonObject, Revision, meta};
use eyot_upstream::EraMode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::handlers::Handlers;

/// What was found out about a server, to be kept for the next connection to it.
///
/// Keep it by server and authorization. "Clients SHOULD cache the result [...] and MAY persist it
/// across restarts of the same server configuration, re-probing if the cached assumption later
/// fails" (2026-07-28, basic/versioning): a modern verdict that no longer holds corrects itself,
/// a legacy one of a server of both eras never does, so that it should expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The revision that was agreed on; it says the [`era`](Self::era) as well.
    pub revision: Revision,
    /// When it was found, in milliseconds since 1970.
    pub found_at_ms: u64,
}

impl Verdict {
    /// A verdict of now.
    pub(crate) fn new(revision: Revision) -> Self {
        Self { revision, found_at_ms: eyot_service::unix_ms() }
    }

    /// The era of the server.
    #[must_use]
    pub const fn era(&self) -> Era {
        self.revision.era()
    }
}

/// How a silent connection is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The silence after which the server is asked whether it lives, and the time that it has to
    /// answer.
    pub interval: Duration,
    /// Answers that may be missing in a row before the session is given up.
    pub missed_max: u32,
}

impl Default for Heartbeat {
    /// Every 30 seconds; three missing answers are too many.
    fn default() -> Self {
        Self { interval: Duration::from_secs(30), missed_max: 3 }
    }
}

/// Everything that the builder sets.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) info: Implementation,
    pub(crate) era: EraMode,
    pub(crate) prior: Option<Verdict>,
    /// The legacy revision that is asked for.
    pub(crate) revision: Revision,
    pub(crate) timeout: Duration,
    pub(crate) max_total: Duration,
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) rounds_max: u32,
    pub(crate) cache_entries_max: usize,
    pub(crate) limits: Limits,
    pub(crate) handlers: Handlers,
}

impl Config {
    pub(crate) fn new(info: Implementation) -> Self {
        let limits = Limits::default();
        Self {
            info,
            era: EraMode::Auto,
            prior: None,
            revision: Revision::LATEST_LEGACY,
            timeout: limits.call_timeout,
            max_total: Duration::from_secs(600),
            heartbeat: Some(Heartbeat::default()),
            rounds_max: 8,
            cache_entries_max: 256,
            limits,
            handlers: Handlers::default(),
        }
    }

    /// What every modern request says in its `_meta` (2026-07-28, basic/index, `_meta`).
    pub(crate) fn modern_meta(&self) -> JsonObject {
        let members = [
            (meta::PROTOCOL_VERSION, json!(Revision::MODERN)),
            (meta::CLIENT_INFO, json!(self.info)),
            (meta::CLIENT_CAPABILITIES, Value::Object(self.handlers.capabilities().0)),
        ];
        members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}
