//! A task as its clients see it, in both eras.

use eyot_jsonrpc::ErrorObject;
use eyot_types::{JsonObject, LegacyTask, ResultType, TaskStatus};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::end::{End, EndKind};
use super::machine::TaskMachine;
use super::questions::Questions;
use super::said::Stamp;

/// A task of the extension `io.modelcontextprotocol/tasks`: `Task` with what its status adds. It is
/// written from what the machine has: results and questions are not decoded.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskView<'m> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<ResultType>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<JsonObject>,
    task_id: &'m str,
    status: TaskStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'m str>,
    created_at: &'m Stamp,
    last_updated_at: &'m Stamp,
    ttl_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_interval_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_requests: Option<Open<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'m RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'m ErrorObject>,
    #[serde(flatten)]
    other: &'m JsonObject,
}

/// The questions that the client owes an answer to.
#[derive(Debug)]
struct Open<'m>(&'m Questions);

impl Serialize for Open<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, request) in self.0.open() {
            map.serialize_entry(key, request)?;
        }
        map.end()
    }
}

impl<'m> TaskView<'m> {
    /// What the machine shows. `None`: the task has ended, and its end is neither there nor given.
    pub(super) fn of(task: &'m TaskMachine, end: Option<&'m End>) -> Option<Self> {
        let end = task.end().or(end);
        if end.is_none() && task.is_over() {
            return None;
        }
        let (result, error) = match end {
            Some(End::Result(result)) => (Some(&**result), None),
            Some(End::Error(error)) => (None, Some(error)),
            Some(End::Cancelled) | None => (None, None),
        };
        let said = task.said();
        Some(Self {
            result_type: None,
            meta: None,
            task_id: task.id(),
            status: task.status(),
            status_message: said.status_message.as_deref(),
            created_at: &said.created_at,
            last_updated_at: &said.last_updated_at,
            ttl_ms: task.ttl_ms(),
            poll_interval_ms: said.poll_interval_ms,
            input_requests: task.is_asking().then_some(Open(task.questions())),
            result,
            error,
            other: &said.other,
        })
    }

    /// As the result of `tasks/get`.
    #[must_use]
    pub fn got(self) -> Self {
        Self { result_type: Some(ResultType::Complete), ..self }
    }

    /// As the parameters of `notifications/tasks`.
    #[must_use]
    pub fn notice(self, meta: JsonObject) -> Self {
        Self { meta: Some(meta), ..self }
    }

    /// As the answer that creates the task: without what the status adds.
    #[must_use]
    pub fn created(self, meta: Option<JsonObject>) -> Self {
        let result_type = Some(ResultType::Task);
        Self { result_type, meta, input_requests: None, result: None, error: None, ..self }
    }

    /// Whether the task will never change again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.status.is_terminal()
    }
}

/// A task for a client of 2025-11-25.
///
/// "When the tool result has `isError` set to `true`, the task should reach `failed` status"
/// (2025-11-25, basic/utilities/tasks, Task Execution Errors).
pub(super) fn legacy(task: &TaskMachine) -> LegacyTask {
    let said = task.said();
    let mut view = LegacyTask::new(task.id().as_ref(), said.created_at.to_text());
    view.status = match task.ended_as() {
        Some(EndKind::FailedResult) => TaskStatus::Failed,
        _ => task.status(),
    };
    view.status_message.clone_from(&said.status_message);
    view.last_updated_at = said.last_updated_at.to_text();
    view.ttl = Some(task.ttl_ms());
    view.poll_interval = said.poll_interval_ms;
    view.other.clone_from(&said.other);
    view
}
