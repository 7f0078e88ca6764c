//! What the server itself promises.

use std::fmt;

use deadpool_redis::redis::{Value, cmd};

use crate::link::Link;

/// What is left of acknowledged writes when the server itself ends, as its settings say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerDurability {
    /// Nothing since the last snapshot: there is no append-only file.
    Snapshots,
    /// All but the last second (`appendfsync everysec`).
    EverySecond,
    /// All (`appendfsync always`).
    Always,
    /// All, unless the machine fails too: its operating system decides when (`appendfsync no`).
    OperatingSystem,
    /// The server does not tell its settings, as those of many providers.
    Unknown,
}

impl ServerDurability {
    /// Asks the server.
    pub(crate) async fn read(link: &mut Link<'_>) -> Self {
        let mut ask = cmd("CONFIG");
        ask.arg("GET").arg("append*");
        match link.ask(&ask).await {
            Ok(answer) => Self::of(&answer),
            Err(_) => Self::Unknown,
        }
    }

    fn of(answer: &Value) -> Self {
        let setting = |name: &str| {
            let pairs = answer.as_map_iter()?;
            let mut pairs = pairs.filter_map(|(key, value)| Some((text(key)?, text(value)?)));
            pairs.find_map(|(key, value)| (key == name).then_some(value))
        };
        match (setting("appendonly").as_deref(), setting("appendfsync").as_deref()) {
            (Some("no"), _) => Self::Snapshots,
            (Some("yes"), Some("always")) => Self::Always,
            (Some("yes"), Some("everysec")) => Self::EverySecond,
            (Some("yes"), Some("no")) => Self::OperatingSystem,
            _ => Self::Unknown,
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

impl fmt::Display for ServerDurability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshots => {
                "the server keeps no append-only file: when it ends, all since its last snapshot is lost"
            }
            Self::EverySecond => "when the server ends, the last second may be lost",
            Self::Always => "when the server ends, nothing is lost",
            Self::OperatingSystem => {
                "when the server ends, nothing is lost; when its machine fails, the last seconds may be"
            }
            Self::Unknown => "the server does not tell what is left when it ends",
        })
    }
}
