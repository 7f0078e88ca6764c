//! Tasks of the extension and those of 2025-11-25: another shape, and the result comes apart.

use eyot_jsonrpc::ErrorObject;
use eyot_types::{JsonObject, LegacyTask, Task, TaskStatus};

/// What the request of a task has come to. 2025-11-25 answers `tasks/result` with it.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "JSON-RPC has no third outcome")]
pub enum Payload {
    /// Its result.
    Result(JsonObject),
    /// Its error.
    Error(ErrorObject),
}

/// A task of the extension as 2025-11-25 says it, with what its request has come to.
///
/// "When the tool result has `isError` set to `true`, the task should reach `failed` status"
/// (2025-11-25, basic/utilities/tasks, Task Execution Errors). What the task waits for is not in
/// it: 2025-11-25 asks with requests of their own.
#[must_use]
pub fn to_legacy_task(task: Task) -> (LegacyTask, Option<Payload>) {
    let Task { result, error, .. } = task;
    let is_error = |result: &JsonObject| result.get("isError").is_some_and(|it| it == true);
    let status = match task.status {
        TaskStatus::Completed if result.as_ref().is_some_and(is_error) => TaskStatus::Failed,
        status => status,
    };
    let mut legacy = LegacyTask::new(task.task_id, task.created_at);
    legacy.status = status;
    legacy.status_message = task.status_message;
    legacy.last_updated_at = task.last_updated_at;
    legacy.ttl = task.ttl_ms;
    legacy.poll_interval = task.poll_interval_ms;
    legacy.other = task.other;
    let payload = result.map(Payload::Result).or_else(|| error.map(Payload::Error));
    (legacy, payload)
}

/// A task of 2025-11-25 as the extension says it, with what its request has come to.
///
/// A tool that failed has a result, so its task is `completed`: "failed" is for "a JSON-RPC error
/// during execution" (SEP-2663, `TaskStatus`).
#[must_use]
pub fn to_modern_task(task: LegacyTask, payload: Option<Payload>) -> Task {
    let mut modern = Task::new(task.task_id, task.created_at);
    modern.status = task.status;
    modern.status_message = task.status_message;
    modern.last_updated_at = task.last_updated_at;
    modern.ttl_ms = task.ttl;
    modern.poll_interval_ms = task.poll_interval;
    modern.other = task.other;
    match payload {
        Some(Payload::Result(result)) => modern.completed(result),
        Some(Payload::Error(error)) => modern.failed(error),
        None => modern,
    }
}
