//! One task as a state machine: events and time in, states out. No I/O, no clock.
//!
//! The record is plain data, so that a store which outlives the process can keep it.

use std::sync::Arc;

use eyot_jsonrpc::ErrorObject;
use eyot_stdx::iso8601;
use eyot_types::{JsonObject, ResultType, TaskStatus};
use serde::Serialize;
use serde_json::value::RawValue;

/// What is kept of one task.
#[derive(Debug)]
pub(crate) struct TaskRecord {
    pub(crate) id: Arc<str>,
    /// Who may ask for it. `None`: nobody has to say who it is, and the id alone opens it.
    pub(crate) principal: Option<Arc<str>>,
    pub(crate) ttl_ms: u64,
    pub(crate) poll_interval_ms: u64,
    created_ms: u64,
    updated_ms: u64,
    status_message: Option<String>,
    stage: Stage,
}

/// How far a task is, with what belongs to that.
#[derive(Debug)]
enum Stage {
    Working,
    /// Never empty.
    InputRequired(JsonObject),
    /// The result as it was written.
    Completed(Box<RawValue>),
    Failed(ErrorObject),
    Cancelled,
}

/// A task as the protocol shows it: `Task` with what its status adds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskView<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<ResultType>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<JsonObject>,
    task_id: &'r str,
    status: TaskStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'r str>,
    created_at: String,
    last_updated_at: String,
    ttl_ms: u64,
    poll_interval_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_requests: Option<&'r JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'r RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r ErrorObject>,
}

impl TaskRecord {
    /// A task that begins.
    pub(crate) fn new(
        id: Arc<str>,
        principal: Option<Arc<str>>,
        (ttl_ms, poll_interval_ms): (u64, u64),
        now_ms: u64,
    ) -> Self {
        Self {
            id,
            principal,
            ttl_ms,
            poll_interval_ms,
            created_ms: now_ms,
            updated_ms: now_ms,
            status_message: None,
            stage: Stage::Working,
        }
    }

    pub(crate) fn status(&self) -> TaskStatus {
        match self.stage {
            Stage::Working => TaskStatus::Working,
            Stage::InputRequired(_) => TaskStatus::InputRequired,
            Stage::Completed(_) => TaskStatus::Completed,
            Stage::Failed(_) => TaskStatus::Failed,
            Stage::Cancelled => TaskStatus::Cancelled,
        }
    }

    /// Bytes of the result.
    pub(crate) fn result_bytes(&self) -> usize {
        match &self.stage {
            Stage::Completed(result) => result.get().len(),
            Stage::Working | Stage::InputRequired(_) | Stage::Failed(_) | Stage::Cancelled => 0,
        }
    }

    /// What the client owes now: nothing, or questions by their keys. `false`: nothing has changed.
    pub(crate) fn handle_inputs(&mut self, inputs: JsonObject, now_ms: u64) -> bool {
        let is_same = match &self.stage {
            Stage::Working => inputs.is_empty(),
            Stage::InputRequired(asked) => *asked == inputs,
            Stage::Completed(_) | Stage::Failed(_) | Stage::Cancelled => return false,
        };
        if is_same {
            return false;
        }
        let stage = match inputs.is_empty() {
            true => Stage::Working,
            false => Stage::InputRequired(inputs),
        };
        self.enter(stage, now_ms)
    }

    /// What the task does, for people. `false`: it says so already, or is over.
    pub(crate) fn handle_message(&mut self, message: String, now_ms: u64) -> bool {
        if self.status().is_terminal() || self.status_message.as_ref() == Some(&message) {
            return false;
        }
        self.status_message = Some(message);
        self.touch(now_ms);
        true
    }

    /// The call has a result. `false`: the task is over already.
    pub(crate) fn handle_completed(&mut self, result: Box<RawValue>, now_ms: u64) -> bool {
        self.enter(Stage::Completed(result), now_ms)
    }

    /// The call has an error of the protocol. `false`: the task is over already.
    ///
    /// "The `tasks/get` response SHOULD include a `statusMessage` field with diagnostic information
    /// about the failure" (tasks extension, Task Execution Errors).
    pub(crate) fn handle_failed(&mut self, error: ErrorObject, now_ms: u64) -> bool {
        let message = error.message.clone();
        let has_moved = self.enter(Stage::Failed(error), now_ms);
        if has_moved {
            self.status_message = Some(message);
        }
        has_moved
    }

    /// The client does not want it any more. `false`: the task is over already.
    pub(crate) fn handle_cancelled(&mut self, now_ms: u64) -> bool {
        self.enter(Stage::Cancelled, now_ms)
    }

    /// The one place where a task moves. A terminal state is left for no other (tasks extension,
    /// Task Status State Diagram).
    fn enter(&mut self, stage: Stage, now_ms: u64) -> bool {
        if self.status().is_terminal() {
            return false;
        }
        self.stage = stage;
        self.touch(now_ms);
        true
    }

    /// Time goes on, whatever the clock of the machine does.
    fn touch(&mut self, now_ms: u64) {
        self.updated_ms = self.updated_ms.max(now_ms);
    }

    /// The task without what its status adds, for the answer that creates it.
    pub(crate) fn seed(&self) -> TaskView<'_> {
        TaskView {
            result_type: Some(ResultType::Task),
            meta: None,
            task_id: &self.id,
            status: self.status(),
            status_message: self.status_message.as_deref(),
            created_at: iso8601(self.created_ms),
            last_updated_at: iso8601(self.updated_ms),
            ttl_ms: self.ttl_ms,
            poll_interval_ms: self.poll_interval_ms,
            input_requests: None,
            result: None,
            error: None,
        }
    }

    /// The whole task, for `tasks/get`.
    pub(crate) fn view(&self) -> TaskView<'_> {
        let mut view = TaskView { result_type: Some(ResultType::Complete), ..self.seed() };
        match &self.stage {
            Stage::InputRequired(inputs) => view.input_requests = Some(inputs),
            Stage::Completed(result) => view.result = Some(result),
            Stage::Failed(error) => view.error = Some(error),
            Stage::Working | Stage::Cancelled => {}
        }
        view
    }

    /// The same, for `notifications/tasks`.
    pub(crate) fn notice(&self, meta: JsonObject) -> TaskView<'_> {
        TaskView { result_type: None, meta: Some(meta), ..self.view() }
    }
}

#[cfg(test)]
mod tests;
