//! Calls of modern clients as the experimental tasks of 2025-11-25.
//!
//! The client of the extension gets one state with everything in it; the legacy server answers with
//! the state alone, keeps the result for `tasks/result`, and asks on that request's stream. What
//! belongs to a state is put together here.

use eyot_jsonrpc::{Changes, Json, Keeps, Kind, Message, Request};
use eyot_types::{
    ClientCapabilities, LegacyCreateTaskResult, LegacyTask, Method, RelatedTask, Revision,
    ServerCapabilities, TASKS_EXTENSION, TaskMetadata, TaskSupport, meta, read_as,
};
use serde::Deserialize;

use super::answer::outcome;
use crate::revision::Losses;
use crate::tasks::End;

/// How a call of a tool goes to a server with tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever sends the call must do each of them")]
pub enum TaskPlan {
    /// As it came.
    Plain,
    /// As a task, which the client asks for.
    Task,
    /// As a task that the client does not know of: it waits for the answer.
    Driven,
}

impl TaskPlan {
    /// How a call of a tool with this support goes. `None`: the tool is unknown, or says nothing.
    ///
    /// "The server is the sole decider" (tasks extension, Capability Negotiation): a client that
    /// declares the extension gets a task wherever there can be one.
    #[must_use]
    pub const fn of(support: Option<&TaskSupport>, has_extension: bool) -> Self {
        match (support, has_extension) {
            (Some(TaskSupport::Optional | TaskSupport::Required), true) => Self::Task,
            (Some(TaskSupport::Required), false) => Self::Driven,
            _ => Self::Plain,
        }
    }
}

/// Whether calls of tools can be tasks at a server of `revision` that declares this.
#[must_use]
pub fn has_tasks(revision: Revision, server: &ServerCapabilities) -> bool {
    let requests = server.0.get("tasks").and_then(|it| it.get("requests"));
    let call = requests.and_then(|it| it.get("tools")).and_then(|it| it.get("call"));
    revision == Revision::V2025_11_25 && call.is_some_and(serde_json::Value::is_object)
}

/// Whether a request of a modern client declares the extension.
#[must_use]
pub fn declares_tasks(request: &Message) -> bool {
    let declared = request.client_capabilities().filter(|it| it.contains(TASKS_EXTENSION));
    let declared = declared.and_then(|it| serde_json::from_str(it).ok());
    declared.is_some_and(|it: ClientCapabilities| it.extension(TASKS_EXTENSION).is_some())
}

/// The call as it asks for a task which is kept for `ttl_ms`; `None` when it has no parameters.
#[must_use]
pub fn with_task(call: &Request, ttl_ms: u64) -> Option<Request> {
    let task = Json::of(&TaskMetadata::new().with_ttl(ttl_ms))?;
    let changes = Changes { keeps: Keeps::All, adds: &[Some(("task", &task))] };
    call.rewritten(&changes, &Changes::NONE)
}

/// The task that the server has made of a call; `None` when it has answered the call itself.
#[must_use]
pub fn created(answer: &Message) -> Option<LegacyTask> {
    let mut members = answer.members().filter(|_| answer.kind() == Kind::Response)?;
    members.find(|(name, _)| name == "task")?;
    let created = read_as::<LegacyCreateTaskResult>(Method::ToolsCall, answer.result()?);
    created.ok().map(|(created, _)| created.task)
}

/// What a task came to, out of the answer to `tasks/result`.
///
/// A tool that failed has a result, so its task is `completed`; an error of the protocol is what
/// makes one `failed` (SEP-2663, `TaskStatus`).
#[must_use]
pub fn task_end(answer: &Message, server: &Json) -> (End, Losses) {
    let (outcome, losses) = outcome(Method::ToolsCall, answer, server);
    (End::of_outcome(outcome), losses)
}

/// The task that a message of a server names as its own.
#[must_use]
pub fn related_task(message: &Message) -> Option<String> {
    #[derive(Deserialize)]
    struct Related {
        #[serde(rename = "io.modelcontextprotocol/related-task")]
        task: RelatedTask,
    }
    let text = message.meta().filter(|it| it.contains(meta::RELATED_TASK))?;
    serde_json::from_str::<Related>(text).ok().map(|it| it.task.task_id)
}

#[cfg(test)]
mod tests;
