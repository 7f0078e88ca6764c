//! One task of a modern client: the upstream's task behind it, and what is known of its end.

use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_era::modern_to_legacy;
use eyot_era::revision::{self, Payload};
use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Id, Message, Response};
use eyot_service::{Fault, FaultKind, Limits};
use eyot_types::codes::{self, Outcome};
use eyot_types::{
    Era, InputRequests, JsonObject, LegacyTask, LegacyTaskState, Method, Revision, Task,
    TaskParams, TaskStatus,
};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::session::UpstreamSession;
use super::questions::{Asked, TaskQuestions};
use super::table::TaskTable;
use crate::losses::count_losses;
use crate::task_rooms::TaskRoom;

/// A task. It holds its upstream session open until its result is here.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    /// What the client calls it: "sufficient entropy that a third party cannot enumerate or guess"
    /// (tasks extension, Security Considerations).
    pub(crate) id: Arc<str>,
    /// Who may ask for it. `None`: the id alone opens it.
    pub(crate) principal: Option<Arc<str>>,
    pub(crate) expires: Instant,
    ttl_ms: u64,
    created_at: String,
    upstream_id: String,
    pub(crate) questions: Arc<TaskQuestions>,
    /// The session has nothing to do for this task any more.
    over: CancellationToken,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// Somebody listens to the stream of `tasks/result`.
    is_watched: bool,
    /// What came on that stream.
    outcome: Option<Payload>,
    room: TaskRoom,
}

#[derive(Debug)]
enum Stage {
    Held(Arc<UpstreamSession>),
    /// It is over, and this is all that there is to say.
    Over(Box<Task>),
}

/// What a look at a task shows: the task, or the error for the client.
pub(crate) type Looked = Result<Task, ErrorObject>;

impl TaskEntry {
    /// The task that the upstream has made of a call, under the id that the client gets; and the
    /// task as the upstream says it.
    pub(crate) fn new(
        session: &Arc<UpstreamSession>,
        (mut task, principal): (LegacyTask, Option<Arc<str>>),
        room: TaskRoom,
        limits: &Limits,
    ) -> (Arc<Self>, LegacyTask) {
        let ttl_max = u64::try_from(limits.task_ttl.as_millis()).unwrap_or(u64::MAX);
        let ttl_ms = task.ttl.map_or(ttl_max, |it| it.min(ttl_max));
        let questions = Arc::<TaskQuestions>::default();
        session.hub.begin_task(&task.task_id, Asked::Task(Arc::clone(&questions)));
        let stage = Stage::Held(Arc::clone(session));
        let state = State { stage, is_watched: false, outcome: None, room };
        let entry = Self {
            id: eyot_stdx::random_token(ID_BYTES).into(),
            principal,
            expires: Instant::now() + Duration::from_millis(ttl_ms),
            ttl_ms,
            created_at: task.created_at.clone(),
            upstream_id: task.task_id.clone(),
            questions,
            over: CancellationToken::new(),
            state: Mutex::new(state),
        };
        entry.rename(&mut task);
        (Arc::new(entry), task)
    }

    /// Leaves it to the session's driver to end the task when its time is over; `false` when that
    /// has too much to do.
    pub(crate) fn expire_in(self: &Arc<Self>, table: &Arc<TaskTable>) -> bool {
        let Some(session) = self.session() else { return true };
        let (table, id): (Weak<TaskTable>, _) = (Arc::downgrade(table), Arc::clone(&self.id));
        let (over, expires) = (self.over.clone(), self.expires);
        session.chore(async move {
            let waiting = tokio::time::sleep_until(expires);
            if over.run_until_cancelled(waiting).await.is_none() {
                return;
            }
            let expired = table.upgrade().and_then(|it| it.remove(&id));
            if let Some(expired) = expired
                && let Err(fault) = expired.cancel().await
            {
                tracing::debug!(%fault, "upstream keeps a task that has expired");
            }
        })
    }

    /// The task as its client sees it now.
    pub(crate) async fn look(self: &Arc<Self>) -> Result<Looked, Fault> {
        let session = match &self.state.lock().stage {
            Stage::Held(session) => Arc::clone(session),
            Stage::Over(task) => return Ok(Ok((**task).clone())),
        };
        if Instant::now() >= self.expires {
            return Ok(Err(unknown_task()));
        }
        let params = TaskParams::new(self.upstream_id.as_str());
        let answer = match session.ask(Method::TasksGet, &params).await {
            Ok(answer) => answer,
            Err(fault) if is_lost(&fault, &session) => return Ok(Ok(self.lose(fault.error))),
            Err(fault) => return Err(fault),
        };
        if let Ok(error) = answer.decode_error() {
            return Ok(Err(match error.code {
                INVALID_PARAMS => unknown_task(),
                _ => modern_error(error),
            }));
        }
        let mut task = match answer.decode_result::<LegacyTaskState>() {
            Ok(state) => state.task,
            Err(error) => {
                let reason = format!("upstream's task cannot be read: {error}");
                let lost = codes::upstream_lost(&reason, Outcome::Unknown, true);
                return Err(Fault::upstream(lost));
            }
        };
        self.rename(&mut task);
        if task.status.is_terminal() {
            return self.finish(task, &session).await.map(Ok);
        }
        if task.status == TaskStatus::InputRequired {
            self.collect(&session).await;
        }
        Ok(Ok(modern_to_legacy::task_state(task, self.questions.open(), None)))
    }

    /// Puts what the client is told in the place of what the upstream says.
    fn rename(&self, task: &mut LegacyTask) {
        task.task_id = self.id.as_ref().to_owned();
        task.ttl = Some(self.ttl_ms);
    }

    /// The task is over: fetches what it came to.
    async fn finish(&self, task: LegacyTask, session: &UpstreamSession) -> Result<Task, Fault> {
        let known = self.state.lock().outcome.take();
        let outcome = match known {
            Some(outcome) => Some(outcome),
            None if task.status == TaskStatus::Cancelled => None,
            None => {
                let params = TaskParams::new(self.upstream_id.as_str());
                let answer = session.ask(Method::TasksResult, &params).await?;
                Some(outcome_of(&answer, session))
            }
        };
        let task = modern_to_legacy::task_state(task, InputRequests::default(), outcome);
        self.keep(&task);
        Ok(task)
    }

    /// Keeps the end of the task, and lets go of its session. A result for which there is no room
    /// stays at the upstream.
    fn keep(&self, task: &Task) {
        let bytes = serde_json::to_string(task).map_or(usize::MAX, |it| it.len());
        let mut state = self.state.lock();
        if matches!(state.stage, Stage::Over(_)) || !state.room.keep(bytes) {
            return;
        }
        let held = std::mem::replace(&mut state.stage, Stage::Over(Box::new(task.clone())));
        drop(state);
        if let Stage::Held(session) = held {
            self.let_go(&session);
        }
    }

    fn let_go(&self, session: &UpstreamSession) {
        session.hub.end_task(&self.upstream_id);
        self.over.cancel();
    }

    /// The session is gone, and the task with it, as far as anybody can tell.
    fn lose(&self, error: ErrorObject) -> Task {
        let mut task = LegacyTask::new(self.id.as_ref(), self.created_at.as_str());
        self.rename(&mut task);
        task.last_updated_at = eyot_stdx::iso8601(eyot_service::unix_ms());
        task.status = TaskStatus::Failed;
        task.status_message = Some(error.message.clone());
        let outcome = Some(Payload::Error(error));
        let task = modern_to_legacy::task_state(task, InputRequests::default(), outcome);
        self.keep(&task);
        task
    }

    /// Sees to it that the upstream can ask, and waits for what it asks.
    ///
    /// "When the requestor encounters the `input_required` status, it SHOULD preemptively call
    /// `tasks/result`" (2025-11-25, basic/utilities/tasks, Input Required Status).
    async fn collect(self: &Arc<Self>, session: &Arc<UpstreamSession>) {
        if std::mem::replace(&mut self.state.lock().is_watched, true) {
            return;
        }
        let over = self.over.clone();
        let watching = watch(Arc::downgrade(self), Arc::clone(session), self.upstream_id.clone());
        let is_taken = session.chore(async move {
            over.run_until_cancelled(watching).await;
        });
        if !is_taken {
            self.state.lock().is_watched = false;
            return;
        }
        self.questions.collect(ASKING).await;
    }

    /// Gives the upstream the answers of a client.
    pub(crate) async fn answer(
        &self,
        responses: &JsonObject,
        limits: &Limits,
    ) -> Result<Result<(), ErrorObject>, Fault> {
        let Some(session) = self.session() else { return Ok(Ok(())) };
        let answers = match self.questions.answer(responses, session.revision) {
            Ok(answers) => answers,
            Err(error) => return Ok(Err(error)),
        };
        let timeout = limits.call_timeout;
        for answer in answers {
            let sent = tokio::time::timeout(timeout, session.connection.send(answer)).await;
            sent.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)))?;
        }
        Ok(Ok(()))
    }

    /// Asks the upstream to stop. Whether it does shows in the task: "cancellation is cooperative"
    /// (tasks extension, Task Cancellation).
    pub(crate) async fn cancel(&self) -> Result<(), Fault> {
        let Some(session) = self.session() else { return Ok(()) };
        let params = TaskParams::new(self.upstream_id.as_str());
        let answer = session.ask(Method::TasksCancel, &params).await?;
        if let Ok(error) = answer.decode_error() {
            tracing::debug!(%error.message, "upstream does not cancel a task");
            return Ok(());
        }
        for refusal in self.questions.give_up() {
            session.connection.send(refusal).await?;
        }
        Ok(())
    }

    /// The session; `None` when the task is over.
    fn session(&self) -> Option<Arc<UpstreamSession>> {
        match &self.state.lock().stage {
            Stage::Held(session) => Some(Arc::clone(session)),
            Stage::Over(_) => None,
        }
    }
}

impl Drop for TaskEntry {
    fn drop(&mut self) {
        if let Some(session) = self.session() {
            self.let_go(&session);
        }
    }
}

/// Listens to the stream of `tasks/result`: there the upstream asks, and there the result comes.
async fn watch(entry: Weak<TaskEntry>, session: Arc<UpstreamSession>, upstream_id: String) {
    let Some(questions) = entry.upgrade().map(|it| Arc::clone(&it.questions)) else { return };
    let asking = Asked::Task(questions);
    let answer = session.ask_long(&TaskParams::new(upstream_id), &asking).await;
    let Some(entry) = entry.upgrade() else { return };
    let mut state = entry.state.lock();
    match answer {
        // Stays watched: there is nothing more to hear.
        Ok(answer) => state.outcome = Some(outcome_of(&answer, &session)),
        Err(fault) => {
            tracing::debug!(%fault, "upstream's task is not listened to any more");
            state.is_watched = false;
        }
    }
}

impl UpstreamSession {
    /// Asks for the result of a task, which comes when it comes: without a deadline.
    async fn ask_long(&self, params: &TaskParams, asked: &Asked) -> Result<Response, Fault> {
        let id = Id::from_number(self.next_number());
        let request = Message::request(id, Method::TasksResult.as_str(), params);
        let reply = self.connection.request(request).await?;
        reply.answer(|other| self.heard_in(&other, Some(asked.clone()))).await
    }
}

fn outcome_of(answer: &Message, session: &UpstreamSession) -> Payload {
    let (outcome, losses) =
        modern_to_legacy::task_outcome(answer, &session.initialized.server_info);
    count_losses(&losses, Era::Legacy);
    outcome
}

fn is_lost(fault: &Fault, session: &UpstreamSession) -> bool {
    fault.kind == FaultKind::SessionGone || !session.is_open()
}

/// An error of the upstream that is not about the task.
fn modern_error(error: ErrorObject) -> ErrorObject {
    let (error, losses) = revision::error(Revision::MODERN, Method::TasksGet, error);
    count_losses(&losses, Era::Legacy);
    error
}

/// "Invalid or nonexistent `taskId`: -32602 (Invalid params)" (tasks extension, Protocol Errors).
pub(crate) fn unknown_task() -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, "Failed to retrieve task: not found")
}

/// Random bytes of an id.
const ID_BYTES: usize = 24;
/// How long an upstream that says it needs input may take to ask.
const ASKING: Duration = Duration::from_secs(1);
