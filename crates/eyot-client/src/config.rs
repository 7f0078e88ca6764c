//! How a client behaves: everything that the builder sets.

use std::time::Duration;

use eyot_era::detect::{EraMode, KnownEra};
use eyot_service::Limits;
use eyot_types::{Implementation, JsonObject, Revision, meta};
use serde_json::{Value, json};

use crate::handlers::Handlers;

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
    pub(crate) prior: Option<KnownEra>,
    /// The legacy revision that is asked for.
    pub(crate) revision: Revision,
    pub(crate) timeout: Duration,
    pub(crate) max_total: Duration,
    pub(crate) heartbeat: Option<Heartbeat>,
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
            timeout: limits.calls.timeout,
            max_total: Duration::from_secs(600),
            heartbeat: Some(Heartbeat::default()),
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
