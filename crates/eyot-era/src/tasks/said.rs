//! What is said of a task beside its state.

use eyot_stdx::iso8601;
use eyot_types::{JsonObject, LegacyTask, Task};
use serde::{Serialize, Serializer};

/// What the work says of itself.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the members of a task in both eras")]
pub struct Said {
    /// What the work does, for people.
    pub status_message: Option<String>,
    /// When the task was created.
    pub created_at: Stamp,
    /// When the task last changed.
    pub last_updated_at: Stamp,
    /// How long a client should wait before it looks again, in milliseconds.
    pub poll_interval_ms: Option<u64>,
    /// Members that no type names.
    pub other: JsonObject,
}

impl Said {
    /// A task that begins in this process at `unix_ms`.
    #[must_use]
    pub fn at(unix_ms: u64) -> Self {
        Self {
            status_message: None,
            created_at: Stamp::Unix(unix_ms),
            last_updated_at: Stamp::Unix(unix_ms),
            poll_interval_ms: None,
            other: JsonObject::new(),
        }
    }
}

impl From<LegacyTask> for Said {
    fn from(task: LegacyTask) -> Self {
        Self {
            status_message: task.status_message,
            created_at: Stamp::Text(task.created_at.into()),
            last_updated_at: Stamp::Text(task.last_updated_at.into()),
            poll_interval_ms: task.poll_interval,
            other: task.other,
        }
    }
}

impl From<Task> for Said {
    fn from(task: Task) -> Self {
        Self {
            status_message: task.status_message,
            created_at: Stamp::Text(task.created_at.into()),
            last_updated_at: Stamp::Text(task.last_updated_at.into()),
            poll_interval_ms: task.poll_interval_ms,
            other: task.other,
        }
    }
}

/// A point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a point in time is ours or a peer's")]
pub enum Stamp {
    /// Milliseconds since 1970, by the clock of this process.
    Unix(u64),
    /// As a peer has written it.
    Text(Box<str>),
}

impl Stamp {
    /// In ISO 8601, if the peer keeps to that.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Unix(unix_ms) => iso8601(*unix_ms),
            Self::Text(text) => text.as_ref().to_owned(),
        }
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unix(unix_ms) => serializer.serialize_str(&iso8601(*unix_ms)),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}
