//! The tasks extension of a modern server as the experimental tasks of 2025-11-25.
//!
//! A modern server says everything in one state; the legacy client looks at the state, waits for
//! the result in a request of its own, and is asked on that request's stream.

use std::collections::BTreeMap;

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Id, Message, Request, Response};
use eyot_types::{
    ClientCapabilities, CreateTaskResult, DiscoverResult, GetTaskResult, Implementation,
    InitializeResult, InputRequests, JsonObject, LegacyCreateTaskResult, LegacyTask,
    ListToolsResult, Method, RawMembers, RelatedTask, ResultType, Revision, ServerCapabilities,
    TASKS_EXTENSION, Task, TaskMetadata, TaskStatus, TaskSupport, ToolExecution, codes, meta,
    read_as,
};
use serde::de::Error as _;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::answers::convert_answer;
use super::rounds::{Leg, RoundError, RoundLimits, Rounds, Step};
use crate::revision::{self, Losses};
use crate::tasks::{AskedQuestions, End, Report};

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
    if !call.has_task() {
        return None;
    }
    let (_, task) = call.members()?.find(|(name, _)| name == "task")?;
    serde_json::from_str(task).ok()?
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
    let kind = RawMembers::of(result).ok()?.find("resultType")?;
    let is_task = serde_json::from_str::<ResultType>(kind).is_ok_and(|it| it == ResultType::Task);
    let created = read_as::<CreateTaskResult>(Method::ToolsCall, result);
    created.ok().filter(|_| is_task).map(|(created, _)| created.task)
}

/// What a modern server says of its task, for a client of 2025-11-25.
#[derive(Debug)]
#[non_exhaustive]
pub struct TaskReport {
    /// How far it is.
    pub report: Report,
    /// What it has come to, in the client's revision. `None`: it has not ended.
    pub end: Option<End>,
    /// What the end could not keep.
    pub losses: Losses,
}

/// A modern server's answer to `tasks/get`. `output_schema` is that of the tool that was called, if
/// the client has it in another shape.
///
/// # Errors
/// When it is no such answer.
pub fn task_report(
    answer: &Message,
    output_schema: Option<&JsonObject>,
) -> Result<TaskReport, serde_json::Error> {
    let read = read_as::<GetTaskResult>(Method::TasksGet, answer.result().unwrap_or("null"));
    let (GetTaskResult { mut task, .. }, _) = read.map_err(serde_json::Error::custom)?;
    let asked = task.input_requests.take().unwrap_or_default().into_iter();
    let asked = asked.map(|(key, it)| Ok((key, to_raw_value(&it)?)));
    let asked = asked.collect::<Result<AskedQuestions, serde_json::Error>>()?;
    // The request would have been answered with its own id.
    let id = answer.id();
    let ended = match (&task.status, &task.result, &task.error) {
        (TaskStatus::Completed, Some(result), _) => id.map(|id| Response::new(id, result)),
        (TaskStatus::Failed, _, Some(error)) => Some(Response::of_error(id, error)),
        (TaskStatus::Completed | TaskStatus::Failed, ..) => {
            let error = ErrorObject::new(INTERNAL_ERROR, "the server's task has no result");
            Some(Response::of_error(id, &error))
        }
        _ => None,
    };
    let (end, losses) = match ended {
        Some(ended) => {
            let converted =
                convert_answer(Revision::V2025_11_25, Method::ToolsCall, &ended, output_schema);
            (Some(End::of_answer(&converted.message)), converted.losses)
        }
        None => {
            let is_cancelled = task.status == TaskStatus::Cancelled;
            (is_cancelled.then_some(End::Cancelled), Losses::default())
        }
    };
    let is_over = end.is_some();
    let report = Report { said: task.into(), asked: Some(asked), needs_listener: false, is_over };
    Ok(TaskReport { report, end, losses })
}

/// The answer to `tasks/result`: "exactly what the underlying request would have returned"
/// (2025-11-25, basic/utilities/tasks, Result Retrieval), with the task that it belongs to.
#[must_use]
pub fn task_result(id: Id, task_id: &str, end: &End) -> Response {
    let result = match end {
        End::Result(result) => result,
        End::Error(error) => return Response::of_error(Some(id), error),
        End::Cancelled => {
            let error = ErrorObject::new(INTERNAL_ERROR, "the task was cancelled");
            return Response::of_error(Some(id), &error);
        }
    };
    let mut members: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(result.get()).unwrap_or_default();
    let known = members.get("_meta").and_then(|it| serde_json::from_str(it.get()).ok());
    let mut metadata: JsonObject = known.unwrap_or_default();
    meta::set_related_task(&mut metadata, &RelatedTask::new(task_id));
    members.extend(to_raw_value(&metadata).ok().map(|it| ("_meta".to_owned(), it)));
    Response::new(id, &members)
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
        let step = self.rounds.handle_result(
            method,
            &Response::new(Id::from_number(0), &result),
            client,
            name,
        )?;
        let Step::Ask(mut legs) = step else { return Ok(Vec::new()) };
        for leg in &mut legs {
            let params = leg.params.as_ref().map_or("{}", |it| it.get());
            leg.params = Some(self.related(params).map_err(malformed)?);
        }
        Ok(legs)
    }

    fn related(&self, params: &str) -> Result<Box<RawValue>, serde_json::Error> {
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(params)?;
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

    /// A `tasks/update` with the answers in it.
    #[must_use]
    pub fn update(&self, bare: &Request) -> Request {
        self.rounds.request(bare)
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
