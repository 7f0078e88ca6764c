//! Tasks as the extension `io.modelcontextprotocol/tasks` of the modern era has them.
//!
//! The experimental tasks of 2025-11-25 differ in their shape and their methods: their types are
//! called `Legacy*`. [`TaskStatus`], [`TaskParams`] and [`RelatedTask`] are the same in both.

use eyot_jsonrpc::ErrorObject;
use serde::{Deserialize, Serialize};

use crate::open_enum::open_enum;
use crate::with_members::with_members;
use crate::{InputRequests, InputResponses, JsonObject, ResultType};

/// The name of the extension.
pub const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";

open_enum! {
    /// How far a task is.
    pub enum TaskStatus {
        /// It runs.
        Working = "working",
        /// It waits for input from the client.
        InputRequired = "input_required",
        /// It has a result.
        Completed = "completed",
        /// It has an error.
        Failed = "failed",
        /// It was stopped.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Whether the task will never change again. Of an unknown status nothing is known: no.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// The state of a task (SEP-2663, `Task` and `DetailedTask`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Task {
    /// The name of the task, chosen by the server.
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
    pub ttl_ms: Option<u64>,
    /// How long a client should wait before it asks again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_interval_ms: Option<u64>,
    /// What the task waits for. `None` unless it is [`TaskStatus::InputRequired`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_requests: Option<InputRequests>,
    /// The result of the request. `None` unless it is [`TaskStatus::Completed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<JsonObject>,
    /// The error of the request. `None` unless it is [`TaskStatus::Failed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl Task {
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
            ttl_ms: None,
            poll_interval_ms: None,
            input_requests: None,
            result: None,
            error: None,
            other: JsonObject::new(),
        }
    }

    with_members! {
        /// Says what it does.
        with_status_message(status_message: impl Into<String>),
        /// Says how long it is kept, in milliseconds.
        with_ttl_ms(ttl_ms: u64),
        /// Says how long a client should wait before it asks again, in milliseconds.
        with_poll_interval_ms(poll_interval_ms: u64),
    }

    /// The task, waiting for input.
    #[must_use]
    pub fn waiting_for(self, input_requests: InputRequests) -> Self {
        let input_requests = Some(input_requests);
        Self { status: TaskStatus::InputRequired, input_requests, ..self.bare() }
    }

    /// The task with its result.
    #[must_use]
    pub fn completed(self, result: JsonObject) -> Self {
        Self { status: TaskStatus::Completed, result: Some(result), ..self.bare() }
    }

    /// The task with its error.
    #[must_use]
    pub fn failed(self, error: ErrorObject) -> Self {
        Self { status: TaskStatus::Failed, error: Some(error), ..self.bare() }
    }

    /// The task, stopped.
    #[must_use]
    pub fn cancelled(self) -> Self {
        Self { status: TaskStatus::Cancelled, ..self.bare() }
    }

    /// Without the members that only one status has.
    fn bare(self) -> Self {
        Self { input_requests: None, result: None, error: None, ..self }
    }
}

/// Result of a request that goes on as a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreateTaskResult {
    /// What kind of result this is.
    pub result_type: ResultType,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// The task, and the members that no type names.
    #[serde(flatten)]
    pub task: Task,
}

impl CreateTaskResult {
    /// The request goes on as this task.
    #[must_use]
    pub const fn new(task: Task) -> Self {
        Self { result_type: ResultType::Task, meta: None, task }
    }
}

/// Parameters of `tasks/get` and `tasks/cancel` in both eras, and of the legacy `tasks/result`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TaskParams {
    /// The task.
    pub task_id: String,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl TaskParams {
    /// Names a task.
    #[must_use]
    pub fn new(task_id: impl Into<String>) -> Self {
        Self { task_id: task_id.into(), ..Self::default() }
    }
}

/// Result of `tasks/get`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GetTaskResult {
    /// What kind of result this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// The task, and the members that no type names.
    #[serde(flatten)]
    pub task: Task,
}

impl GetTaskResult {
    /// The state of this task.
    #[must_use]
    pub const fn new(task: Task) -> Self {
        Self { result_type: Some(ResultType::Complete), meta: None, task }
    }
}

/// Parameters of `tasks/update`. Its result and that of `tasks/cancel` is an
/// [`EmptyResult`](crate::EmptyResult).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateTaskParams {
    /// The task.
    pub task_id: String,
    /// Answers to what the task waits for.
    pub input_responses: InputResponses,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl UpdateTaskParams {
    /// Gives a task these answers.
    #[must_use]
    pub fn new(task_id: impl Into<String>, input_responses: InputResponses) -> Self {
        Self { task_id: task_id.into(), input_responses, ..Self::default() }
    }
}

/// Parameters of `notifications/tasks`: what `tasks/get` would answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TaskNotificationParams {
    /// Metadata of the notification.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// The task, and the members that no type names.
    #[serde(flatten)]
    pub task: Task,
}

impl TaskNotificationParams {
    /// The state of this task.
    #[must_use]
    pub const fn new(task: Task) -> Self {
        Self { meta: None, task }
    }
}

/// The task that a message belongs to, under [`RELATED_TASK`](crate::meta::RELATED_TASK).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RelatedTask {
    /// The task.
    pub task_id: String,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl RelatedTask {
    /// Names a task.
    #[must_use]
    pub fn new(task_id: impl Into<String>) -> Self {
        Self { task_id: task_id.into(), other: JsonObject::new() }
    }
}

#[cfg(test)]
mod tests;
