//! How a request of 2025-11-25 asks for a task.

use serde::{Deserialize, Serialize};

use crate::JsonObject;
use crate::with_members::with_members;

/// What a request of 2025-11-25 asks of its task: the member `task` of its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TaskMetadata {
    /// How long the task should be kept from its creation on, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl TaskMetadata {
    /// Asks for a task that is kept as long as the receiver likes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with_members! {
        /// Says how long the task should be kept, in milliseconds.
        with_ttl(ttl: u64),
    }
}
