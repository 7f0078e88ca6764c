//! One task of a legacy client: the server's task behind it, or what the server has answered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::legacy_to_modern::{self, ClientMeta, TaskRounds, TaskView};
use eyot_era::revision::{self, Payload};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, INVALID_PARAMS, Request, Response};
use eyot_service::{Fault, Limits};
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, InputRequests, LegacyTask, Method, Revision, Task, TaskParams, TaskStatus};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::tools::KnownTool;
use super::super::{ToModern, carried_request};
use super::{is_over, unknown_task};
use crate::losses::count_losses;
use crate::task_rooms::TaskRoom;

/// A task of one session.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    /// What the client calls it. Random, so that nobody mistakes it for one of another session.
    pub(super) id: String,
    pub(super) expires: Instant,
    ttl_ms: u64,
    /// `None`: the server has answered the call itself.
    upstream: Option<Upstream>,
    state: Mutex<State>,
    /// It was stopped, or has failed here.
    pub(super) stopped: Notify,
}

/// The server's task.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) id: String,
    /// The tool that was called, if it is known.
    pub(crate) tool: Option<Arc<KnownTool>>,
}

#[derive(Debug)]
struct State {
    /// As it was seen last.
    task: LegacyTask,
    /// It will not be seen otherwise.
    is_final: bool,
    outcome: Option<Payload>,
    /// The questions that somebody asks the client, or has asked it.
    claimed: BTreeSet<String>,
    room: TaskRoom,
}

/// A task as it is now.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) task: LegacyTask,
    /// What it has come to. `None`: it runs, or was cancelled.
    pub(crate) outcome: Option<Payload>,
    /// What the server waits for.
    pub(crate) asked: InputRequests,
}

impl TaskEntry {
    /// A task of the server, and what the client is told of it.
    pub(super) fn running(
        upstream: Upstream,
        task: Task,
        room: TaskRoom,
        limits: &Limits,
    ) -> (Self, LegacyTask) {
        let ttl_ms = task.ttl_ms;
        let (mut task, _) = revision::to_legacy_task(task);
        task.status = TaskStatus::Working;
        Self::new(Some(upstream), task, (ttl_ms, room), limits)
    }

    /// What the server has answered, as a task: the client is told that it works.
    pub(super) fn over(
        outcome: Payload,
        mut room: TaskRoom,
        limits: &Limits,
    ) -> (Self, LegacyTask) {
        let outcome = match room.keep(bytes(&outcome)) {
            true => outcome,
            // The call has run, so that it may do harm to make it again.
            false => Payload::Error(ErrorObject::new(
                codes::OVERLOADED,
                "Overloaded: the work is done, but its result cannot be kept",
            )),
        };
        let task = LegacyTask::new("", now());
        let (entry, told) = Self::new(None, task, (None, room), limits);
        {
            let mut state = entry.state.lock();
            state.task.status = legacy_to_modern::ended_as(&outcome);
            state.outcome = Some(outcome);
            state.is_final = true;
        }
        (entry, told)
    }

    fn new(
        upstream: Option<Upstream>,
        mut task: LegacyTask,
        (ttl_ms, room): (Option<u64>, TaskRoom),
        limits: &Limits,
    ) -> (Self, LegacyTask) {
        let ttl_max = u64::try_from(limits.task_ttl.as_millis()).unwrap_or(u64::MAX);
        let ttl_ms = ttl_ms.map_or(ttl_max, |it| it.min(ttl_max));
        task.task_id = eyot_stdx::random_token(ID_BYTES);
        task.ttl = Some(ttl_ms);
        let state = State {
            task: task.clone(),
            is_final: false,
            outcome: None,
            claimed: BTreeSet::new(),
            room,
        };
        let entry = Self {
            id: task.task_id.clone(),
            expires: Instant::now() + Duration::from_millis(ttl_ms),
            ttl_ms,
            upstream,
            state: Mutex::new(state),
            stopped: Notify::new(),
        };
        (entry, task)
    }

    /// The task as it was seen last.
    pub(super) fn known(&self) -> LegacyTask {
        self.state.lock().task.clone()
    }

    /// The task as it is now.
    pub(super) async fn look(
        &self,
        shared: &ToModern,
        client: &ClientMeta,
    ) -> Result<Result<Look, ErrorObject>, Fault> {
        if Instant::now() >= self.expires {
            return Ok(Err(unknown_task()));
        }
        let upstream = {
            let state = self.state.lock();
            match &self.upstream {
                Some(upstream) if !state.is_final => upstream,
                _ => return Ok(Ok(state.look())),
            }
        };
        let answer = self.ask(shared, client, Method::TasksGet).await?;
        if let Ok(error) = answer.decode_error() {
            return Ok(Err(match error.code {
                INVALID_PARAMS => unknown_task(),
                _ => revision::error(Revision::V2025_11_25, Method::TasksGet, error).0,
            }));
        }
        let schema = upstream.tool.as_ref().and_then(|it| it.wrapped());
        let view = legacy_to_modern::task_view(&answer, schema).map_err(|error| {
            let reason = format!("the server's task cannot be read: {error}");
            Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true))
        })?;
        Ok(Ok(self.take(view)))
    }

    /// Takes what the server says of its task, unless it was stopped here meanwhile.
    fn take(&self, view: TaskView) -> Look {
        let TaskView { mut task, outcome, asked, losses, .. } = view;
        count_losses(&losses, Era::Modern);
        task.task_id.clone_from(&self.id);
        task.ttl = Some(self.ttl_ms);
        let mut state = self.state.lock();
        if state.is_final {
            return state.look();
        }
        state.task = task.clone();
        if task.status.is_terminal() {
            // Without room the result stays at the server, which is asked again.
            let size = outcome.as_ref().map_or(0, bytes);
            state.is_final = state.room.keep(size);
            state.outcome = outcome.clone().filter(|_| state.is_final);
        }
        Look { task, outcome, asked }
    }

    /// Stops the task; the client's word is the last.
    pub(super) async fn cancel(
        &self,
        shared: &ToModern,
        client: &ClientMeta,
    ) -> Result<Result<LegacyTask, ErrorObject>, Fault> {
        match self.look(shared, client).await? {
            Ok(look) if look.task.status.is_terminal() => {
                return Ok(Err(is_over(&look.task.status)));
            }
            Ok(_) => {}
            Err(error) => return Ok(Err(error)),
        }
        let answer = self.ask(shared, client, Method::TasksCancel).await?;
        if let Ok(error) = answer.decode_error() {
            return Ok(Err(revision::error(Revision::V2025_11_25, Method::TasksCancel, error).0));
        }
        Ok(Ok(self.end(TaskStatus::Cancelled, None)))
    }

    /// The task cannot go on, because its client did not answer as it must.
    pub(super) async fn fail(&self, shared: &ToModern, client: &ClientMeta, error: ErrorObject) {
        self.end(TaskStatus::Failed, Some(Payload::Error(error)));
        if let Err(fault) = self.ask(shared, client, Method::TasksCancel).await {
            tracing::debug!(%fault, "server was not told that its task is not wanted");
        }
    }

    /// Ends the task here, whatever its server does.
    fn end(&self, status: TaskStatus, outcome: Option<Payload>) -> LegacyTask {
        let mut state = self.state.lock();
        if !state.is_final {
            state.is_final = true;
            state.task.status = status;
            state.task.last_updated_at = now();
            state.outcome = outcome;
        }
        let task = state.task.clone();
        drop(state);
        self.stopped.notify_waiters();
        task
    }

    /// The questions that nobody has asked the client yet; from here on somebody does.
    ///
    /// "Clients SHOULD track which keys they have already responded to" (tasks extension).
    ///
    /// # Errors
    /// When the server asks too often.
    pub(super) fn claim(&self, mut asked: InputRequests) -> Result<InputRequests, ErrorObject> {
        let mut state = self.state.lock();
        asked.retain(|key, _| !state.claimed.contains(key));
        if state.claimed.len() + asked.len() > QUESTIONS_MAX {
            let text = format!("the server's task has asked more than {QUESTIONS_MAX} questions");
            return Err(ErrorObject::new(INTERNAL_ERROR, text));
        }
        state.claimed.extend(asked.keys().cloned());
        Ok(asked)
    }

    /// Nobody asks these any more, and nobody has answered them.
    pub(super) fn give_back<'k>(&self, keys: impl Iterator<Item = &'k String>) {
        let mut state = self.state.lock();
        for key in keys {
            state.claimed.remove(key);
        }
    }

    /// Asks the server something of the task.
    async fn ask(
        &self,
        shared: &ToModern,
        client: &ClientMeta,
        method: Method<'_>,
    ) -> Result<Response, Fault> {
        let request = carried_request(client, &self.request(method)).ok_or_else(unwritable)?;
        shared.ask(request).await
    }

    /// Gives the server the answers of the client.
    pub(super) async fn update(
        &self,
        shared: &ToModern,
        client: &ClientMeta,
        rounds: &TaskRounds,
    ) -> Result<Response, Fault> {
        let bare = self.request(Method::TasksUpdate);
        let params = client.params(&bare, None).map(|it| rounds.update(&it));
        let params = params.and_then(RawValue::from_string).map_err(|_| unwritable())?;
        shared.ask(Request::unnumbered(Method::TasksUpdate.as_str(), &params)).await
    }

    /// A request about the task, without what every modern request must say.
    fn request(&self, method: Method<'_>) -> Request {
        let params = TaskParams::new(self.upstream.as_ref().map_or("", |it| it.id.as_str()));
        Request::unnumbered(method.as_str(), &params)
    }
}

impl State {
    fn look(&self) -> Look {
        let (task, outcome) = (self.task.clone(), self.outcome.clone());
        Look { task, outcome, asked: InputRequests::default() }
    }
}

fn unwritable() -> Fault {
    Fault::internal("a request cannot be written")
}

fn bytes(outcome: &Payload) -> usize {
    let text = match outcome {
        Payload::Result(result) => serde_json::to_string(result),
        Payload::Error(error) => serde_json::to_string(error),
    };
    text.map_or(usize::MAX, |it| it.len())
}

fn now() -> String {
    eyot_stdx::iso8601(eyot_service::unix_ms())
}

/// Random bytes of an id.
const ID_BYTES: usize = 24;
/// Questions of one task.
const QUESTIONS_MAX: usize = 1_024;
