//! The tasks extension of a modern server as the experimental tasks of 2025-11-25.
//!
//! A modern server says everything in one state; the legacy client looks at the state, waits for
//! the result in a request of its own, and is asked on that request's stream.

use crate::revision::{self, Losses, Payload};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Id, Message};
use eyot_types::{
    ClientCapabilities, CreateTaskResult, DiscoverResult, GetTaskResult, Implementation,
    InitializeResult, InputRequests, JsonObject, LegacyCreateTaskResult, LegacyTask,
    ListToolsResult, Method, RelatedTask, ResultType, Revision, ServerCapabilities,
    TASKS_EXTENSION, Task, TaskMetadata, TaskStatus, TaskSupport, ToolExecution, codes, meta,
};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::answers::carry_answer;
use super::rounds::{Leg, RoundError, RoundLimits, Rounds, Step};
use crate::members::{Members, may_have};

/// Whether a session of `revision` has tasks before a server that declares this.
#[must_use]
pub fn has_tasks(revision: Revision, server: &ServerCapabilities) -> bool {
    revision == Revision::V2025_11_25 && server.extension(TASKS_EXTENSION).is_some()
}

/// What a modern server says of itself as the answer to `initialize`. A server with the extension
/// has tasks of calls; `has_list` says whether they can be listed.
///
/// "Receivers that cannot identify requestors SHOULD NOT declare the `tasks.list` capability"
/// (2025-11-25, basic/utilities/tasks, Security Considerations).
#[must_use]
pub fn initialize(
    revision: Revision,
    mut discovered: DiscoverResult,
    unnamed: Implementation,
    has_list: bool,
) -> (InitializeResult, Losses) {
    let has_tasks = has_tasks(revision, &discovered.capabilities);
    let declared = &mut discovered.capabilities.0;
    if has_tasks && let Some(Value::Object(extensions)) = declared.get_mut("extensions") {
        extensions.remove(TASKS_EXTENSION);
        if extensions.is_empty() {
            declared.remove("extensions");
        }
    }
    let (mut result, losses) = revision::to_initialize_result(revision, discovered, unnamed);
    if has_tasks {
        let mut tasks = json!({ "cancel": {}, "requests": { "tools": { "call": {} } } });
        if has_list && let Some(tasks) = tasks.as_object_mut() {
            tasks.insert("list".to_owned(), json!({}));
        }
        result.capabilities.0.insert("tasks".to_owned(), tasks);
    }
    (result, losses)
}

/// What a call asks of its task; `None` when it asks for none.
#[must_use]
pub fn wanted_task(call: &Message) -> Option<TaskMetadata> {
    #[derive(Deserialize)]
    struct Params {
        task: Option<TaskMetadata>,
    }
    if !may_have(call, "\"task\"") {
        return None;
    }
    call.decode_params::<Params>().ok()?.task
}

/// Says of every tool whether its calls can be tasks: all can, because the bridge makes a task of
/// an answer, too. `must` tells which tools are called in no other way, as far as is known.
pub fn tell_support(page: &mut ListToolsResult, must: impl Fn(&str) -> bool) {
    for tool in &mut page.tools {
        let support = if must(&tool.name) { TaskSupport::Required } else { TaskSupport::Optional };
        tool.execution = Some(ToolExecution::new(support));
    }
}

/// Whether an error of a modern server says that it makes tasks of these calls and nothing else.
#[must_use]
pub fn requires_task(error: &ErrorObject) -> bool {
    let required = error.data.as_ref().and_then(|it| it.get("requiredCapabilities"));
    let required = required.and_then(Value::as_object).cloned().map(ClientCapabilities);
    error.code == codes::MISSING_CAPABILITY
        && required.is_some_and(|it| it.extension(TASKS_EXTENSION).is_some())
}

/// The task that the server has made of a call; `None` when it has answered otherwise.
#[must_use]
pub fn task_created(result: &str) -> Option<Task> {
    let created: CreateTaskResult = serde_json::from_str(result).ok()?;
    (created.result_type == ResultType::Task).then_some(created.task)
}

/// A task as the client of 2025-11-25 sees it.
#[derive(Debug)]
#[non_exhaustive]
pub struct TaskView {
    /// Its state.
    pub task: LegacyTask,
    /// What its request has come to. `None`: it runs, or was cancelled.
    pub outcome: Option<Payload>,
    /// What its server waits for.
    pub asked: InputRequests,
    /// What the outcome could not carry.
    pub losses: Losses,
}

/// A modern server's answer to `tasks/get`. `output_schema` is that of the tool that was called, if
/// the client has it in another shape.
///
/// # Errors
/// When it is no such answer.
pub fn task_view(
    answer: &Message,
    output_schema: Option<&JsonObject>,
) -> Result<TaskView, serde_json::Error> {
    let GetTaskResult { mut task, .. } = answer.decode_result()?;
    let asked = task.input_requests.take().unwrap_or_default();
    let id = || Id::from_number(0);
    let ended = match (&task.status, &task.result, &task.error) {
        (TaskStatus::Completed, Some(result), _) => Some(Message::response(id(), result)),
        (TaskStatus::Failed, _, Some(error)) => Some(Message::error_response(Some(id()), error)),
        (TaskStatus::Completed | TaskStatus::Failed, ..) => {
            let error = ErrorObject::new(INTERNAL_ERROR, "the server's task has no result");
            Some(Message::error_response(Some(id()), &error))
        }
        _ => None,
    };
    let (outcome, losses) = match ended {
        Some(ended) => {
            let carried =
                carry_answer(Revision::V2025_11_25, Method::ToolsCall, &ended, output_schema);
            (Some(outcome_of(&carried.message)), carried.losses)
        }
        None => (None, Losses::default()),
    };
    let (mut task, _) = revision::to_legacy_task(task);
    task.status = match (&outcome, task.status) {
        (Some(outcome), _) => ended_as(outcome),
        (None, TaskStatus::Cancelled) => TaskStatus::Cancelled,
        (None, TaskStatus::InputRequired) if !asked.is_empty() => TaskStatus::InputRequired,
        (None, _) => TaskStatus::Working,
    };
    Ok(TaskView { task, outcome, asked, losses })
}

/// What a call has come to, out of its answer in the client's revision.
#[must_use]
pub fn outcome_of(answer: &Message) -> Payload {
    match answer.decode_error() {
        Ok(error) => Payload::Error(error),
        Err(_) => Payload::Result(answer.decode_result().unwrap_or_default()),
    }
}

/// "When the tool result has `isError` set to `true`, the task should reach `failed` status"
/// (2025-11-25, basic/utilities/tasks, Task Execution Errors).
#[must_use]
pub fn ended_as(outcome: &Payload) -> TaskStatus {
    match outcome {
        Payload::Result(result) if result.get("isError") != Some(&Value::Bool(true)) => {
            TaskStatus::Completed
        }
        Payload::Result(_) | Payload::Error(_) => TaskStatus::Failed,
    }
}

/// The answer to `tasks/result`: "exactly what the underlying request would have returned"
/// (2025-11-25, basic/utilities/tasks, Result Retrieval), with the task that it belongs to.
#[must_use]
pub fn task_result(id: Id, task_id: &str, outcome: &Payload) -> Message {
    let mut result = match outcome {
        Payload::Error(error) => return Message::error_response(Some(id), error),
        Payload::Result(result) => result.clone(),
    };
    let mut metadata = match result.remove("_meta") {
        Some(Value::Object(metadata)) => metadata,
        _ => JsonObject::new(),
    };
    meta::set_related_task(&mut metadata, &RelatedTask::new(task_id));
    result.insert("_meta".to_owned(), Value::Object(metadata));
    Message::response(id, &result)
}

/// The questions of one task, put to a legacy client while it waits for the result.
#[derive(Debug)]
pub struct TaskRounds {
    task_id: String,
    rounds: Rounds,
}

impl TaskRounds {
    /// No question yet in the task that the client knows by this id.
    #[must_use]
    pub fn new(task_id: impl Into<String>) -> Self {
        let limits = RoundLimits { rounds_max: ROUNDS_MAX, ..RoundLimits::default() };
        let rounds = Rounds::new(Revision::V2025_11_25, limits);
        Self { task_id: task_id.into(), rounds }
    }

    /// The server asks these; `name` gives a new name for a question that needs one. Every question
    /// says which task it belongs to.
    ///
    /// # Errors
    /// [`RoundError`] when one of them cannot be asked.
    pub fn ask(
        &mut self,
        asked: &InputRequests,
        client: &ClientCapabilities,
        name: impl Fn() -> String,
    ) -> Result<Vec<Leg>, RoundError> {
        let malformed = |error: serde_json::Error| RoundError::Malformed(error.to_string());
        let result = json!({ "resultType": "input_required", "inputRequests": asked });
        let method = Method::ToolsCall;
        let step = self.rounds.handle_result(method, &result.to_string(), client, name)?;
        let Step::Ask(mut legs) = step else { return Ok(Vec::new()) };
        for leg in &mut legs {
            let params = leg.params.as_ref().map_or("{}", |it| it.get());
            leg.params = Some(self.related(params).map_err(malformed)?);
        }
        Ok(legs)
    }

    fn related(&self, params: &str) -> Result<Box<RawValue>, serde_json::Error> {
        let mut members: Members = serde_json::from_str(params)?;
        let known = members.get("_meta").map(|it| serde_json::from_str::<JsonObject>(it.get()));
        let mut metadata = known.transpose()?.unwrap_or_default();
        meta::set_related_task(&mut metadata, &RelatedTask::new(self.task_id.as_str()));
        members.insert("_meta".to_owned(), to_raw_value(&metadata)?);
        to_raw_value(&members)
    }

    /// Takes the client's answer to a question; says whether it was the last.
    ///
    /// # Errors
    /// [`RoundError`] when it answers nothing.
    pub fn handle_answer(&mut self, key: &str, answer: &Message) -> Result<bool, RoundError> {
        self.rounds.handle_answer(key, answer)
    }

    /// The raw parameters of a `tasks/update` with the answers in it.
    #[must_use]
    pub fn update(&self, params: &str) -> String {
        self.rounds.params(params).into_owned()
    }
}

/// The answer of a call that goes on as this task.
#[must_use]
pub fn call_goes_on(id: Id, task: LegacyTask) -> Message {
    Message::response(id, &LegacyCreateTaskResult::new(task))
}

/// Times that one task may ask.
const ROUNDS_MAX: u32 = 64;

#[cfg(test)]
mod tests;
