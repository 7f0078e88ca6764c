//! The experimental tasks of 2025-11-25: nested in their results, listed, and fetched by a request
//! that waits.

use serde::{Deserialize, Serialize};

use crate::{JsonObject, TaskStatus};

/// The state of a task of 2025-11-25. Its result comes apart, from `tasks/result`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LegacyTask {
    /// The name of the task, chosen by the peer that runs it.
    pub task_id: String,
    /// How far it is.
    pub status: TaskStatus,
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// When it was created, in ISO 8601.
    pub created_at: String,
    /// When it last changed, in ISO 8601.
    pub last_updated_at: String,
    /// How long it is kept from its creation on, in milliseconds. `None`, sent as `null`: for ever.
    #[serde(default)]
    pub ttl: Option<u64>,
    /// How long to wait before asking again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_interval: Option<u64>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl LegacyTask {
    /// A task that has just been created at `created_at`, in ISO 8601, and is kept for ever.
    #[must_use]
    pub fn new(task_id: impl Into<String>, created_at: impl Into<String>) -> Self {
        let created_at = created_at.into();
        Self {
            task_id: task_id.into(),
            status: TaskStatus::Working,
            status_message: None,
            last_updated_at: created_at.clone(),
            created_at,
            ttl: None,
            poll_interval: None,
            other: JsonObject::new(),
        }
    }
}

/// Result of a request of 2025-11-25 that asked for a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LegacyCreateTaskResult {
    /// The task.
    pub task: LegacyTask,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl LegacyCreateTaskResult {
    /// The request goes on as this task.
    #[must_use]
    pub fn new(task: LegacyTask) -> Self {
        Self { task, meta: None, other: JsonObject::new() }
    }
}

/// Result of `tasks/get` and `tasks/cancel`, and parameters of `notifications/tasks/status`, in
/// 2025-11-25: all three are a task. The result of `tasks/result` is that of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LegacyTaskState {
    /// Metadata of the message.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// The task, and the members that no type names.
    #[serde(flatten)]
    pub task: LegacyTask,
}

impl LegacyTaskState {
    /// The state of this task.
    #[must_use]
    pub const fn new(task: LegacyTask) -> Self {
        Self { meta: None, task }
    }
}

/// Result of `tasks/list`. 2025-11-25 only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LegacyListTasksResult {
    /// The tasks of this page.
    pub tasks: Vec<LegacyTask>,
    /// Where the next page starts. `None`: this is the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl LegacyListTasksResult {
    /// The last page.
    #[must_use]
    pub fn new(tasks: Vec<LegacyTask>) -> Self {
        Self { tasks, ..Self::default() }
    }
}
