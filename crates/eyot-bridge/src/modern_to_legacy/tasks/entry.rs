//! One task of a modern client: its machine, and the upstream's task behind it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_era::modern_to_legacy::{self, Rounds};
use eyot_era::revision;
use eyot_era::tasks::{
    Action, AskedQuestions, End, Ending, Look, Report, TaskMachine, TaskView, Want, Watcher,
};
use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Id, Message};
use eyot_service::{Fault, FaultKind, Reply};
use eyot_types::codes::{self, Outcome};
use eyot_types::{
    Era, JsonObject, LegacyTask, LegacyTaskState, Method, Revision, TaskParams, TaskStatus,
};
use futures_util::StreamExt as _;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::session::UpstreamSession;
use super::questions::{Asked, AskedTask};
use crate::losses::count_losses;
use crate::task_rooms::now;

/// A task. It holds its upstream session open until its result is here.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    upstream_id: String,
    state: Mutex<State>,
    /// The task may be another than it was.
    changed: Notify,
    /// The session has nothing to do for this task any more.
    over: CancellationToken,
}

#[derive(Debug)]
struct State {
    task: TaskMachine,
    /// The upstream's questions, with the ids that it knows them by.
    rounds: Rounds,
    /// `None`: nothing more is wanted of the upstream.
    session: Option<Arc<UpstreamSession>>,
}

impl TaskEntry {
    /// A task that the upstream has made of a call in this session.
    pub(crate) fn new(
        task: TaskMachine,
        upstream_id: String,
        session: &Arc<UpstreamSession>,
    ) -> Arc<Self> {
        let state = State { task, rounds: Rounds::new(), session: Some(Arc::clone(session)) };
        let entry = Arc::new(Self {
            upstream_id,
            state: Mutex::new(state),
            changed: Notify::new(),
            over: CancellationToken::new(),
        });
        let asked: Weak<dyn AskedTask> = Arc::<Self>::downgrade(&entry);
        session.hub.begin_task(&entry.upstream_id, Asked::Task(asked));
        entry
    }

    /// Reads the task.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&TaskMachine) -> R) -> R {
        read(&self.state.lock().task)
    }

    /// Changes the task, and wakes those who watch.
    fn handle<R>(&self, handle: impl FnOnce(&mut TaskMachine) -> R) -> R {
        let handled = handle(&mut self.state.lock().task);
        self.changed.notify_waiters();
        handled
    }

    /// Writes the task as its client sees it; `left` is its end, if that is not kept here.
    ///
    /// # Errors
    /// When the end is at the upstream, and was not brought.
    pub(crate) fn show(
        &self,
        left: Option<&End>,
        write: impl FnOnce(TaskView<'_>) -> Message,
    ) -> Result<Message, Fault> {
        let state = self.state.lock();
        state.task.view(left).map(write).ok_or_else(|| Fault::refused(unknown_task()))
    }

    /// Leaves it to the session's driver to do something when the time of the task is over, if it
    /// has not ended before; `false` when the driver has too much to do.
    pub(crate) fn at_expiry(&self, chore: impl FnOnce() + Send + 'static) -> bool {
        let Some(session) = self.session() else { return true };
        let (over, expires) = (self.over.clone(), Instant::from_std(self.read(|it| it.expires())));
        session.chore(async move {
            let waiting = tokio::time::sleep_until(expires);
            if over.run_until_cancelled(waiting).await.is_some() {
                chore();
            }
        })
    }

    /// The time of the task is over: the session's driver tells the upstream.
    pub(crate) fn expire(self: &Arc<Self>) {
        self.handle(|task| task.handle_timeout(now()));
        let Some(session) = self.session() else { return };
        let entry = Arc::clone(self);
        session.chore(async move {
            if let Err(fault) = entry.act().await {
                tracing::debug!(%fault, "upstream keeps a task that has expired");
            }
        });
    }

    /// Looks at the task; what it has come to is returned if it cannot be kept here.
    ///
    /// # Errors
    /// When the upstream does not say, or does not know the task.
    pub(crate) async fn look(self: &Arc<Self>) -> Result<Option<End>, Fault> {
        let mut want = self.handle(|task| task.handle_look(now()));
        let mut left = None;
        while let Want::Report(look) = want {
            let Some(session) = self.session() else { break };
            let Some(state) = self.ask_state(&session).await? else { break };
            let status = state.status.clone();
            want = self.report(&look, state)?;
            if let Want::End(ending) = want {
                left = self.finish(ending, &status, &session).await?;
                break;
            }
        }
        if let Err(fault) = self.act().await {
            tracing::debug!(%fault, "upstream was not told to stop a task");
        }
        Ok(left)
    }

    /// Asks the upstream how far it is; `None` when the task is lost with its session.
    async fn ask_state(&self, session: &UpstreamSession) -> Result<Option<LegacyTask>, Fault> {
        let answer = match session.ask(Method::TasksGet, &self.params()).await {
            Ok(answer) => answer,
            Err(fault) if is_lost(&fault, session) => {
                self.handle(|task| task.handle_end(End::Error(fault.error), now()));
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        };
        if let Ok(error) = answer.decode_error() {
            return Err(Fault::refused(match error.code {
                INVALID_PARAMS => unknown_task(),
                _ => modern_error(error),
            }));
        }
        let state = answer.decode_result::<LegacyTaskState>().map_err(|error| {
            let reason = format!("upstream's task cannot be read: {error}");
            Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true))
        })?;
        Ok(Some(state.task))
    }

    fn report(&self, look: &Look, state: LegacyTask) -> Result<Want, Fault> {
        let report = Report {
            asked: None,
            needs_listener: state.status == TaskStatus::InputRequired,
            is_over: state.status.is_terminal(),
            said: state.into(),
        };
        self.handle(|task| task.handle_report(look, report, now())).map_err(|error| broken(&error))
    }

    /// The upstream's task is over: fetches what it came to, unless that was heard.
    async fn finish(
        &self,
        ending: Ending,
        status: &TaskStatus,
        session: &UpstreamSession,
    ) -> Result<Option<End>, Fault> {
        let early = self.handle(TaskMachine::take_early_end);
        let end = match (status, early) {
            (TaskStatus::Cancelled, _) => End::Cancelled,
            (_, Some(end)) => end,
            (_, None) => {
                let answer = session.ask(Method::TasksResult, &self.params()).await?;
                end_of(&answer, session)
            }
        };
        self.handle(|task| task.handle_ending(ending, end)).map_err(|error| broken(&error))
    }

    /// Does what the task asks for.
    async fn act(self: &Arc<Self>) -> Result<(), Fault> {
        let mut acted = Ok(());
        loop {
            // Taken in a statement of its own: the lock is not held while it is done.
            let action = self.state.lock().task.poll_action();
            match action {
                Some(Action::Listen) => self.listen().await,
                Some(Action::Cancel) => acted = acted.and(self.tell_cancel().await),
                Some(Action::Release) => self.release(),
                None => return acted,
            }
        }
    }

    /// Sees to it that the upstream can ask, and waits for what it asks.
    ///
    /// "When the requestor encounters the `input_required` status, it SHOULD preemptively call
    /// `tasks/result`" (2025-11-25, basic/utilities/tasks, Input Required Status).
    async fn listen(self: &Arc<Self>) {
        let Some(session) = self.session() else { return };
        let over = self.over.clone();
        let listening = listen(Arc::downgrade(self), Arc::clone(&session), self.params());
        let is_taken = session.chore(async move {
            over.run_until_cancelled(listening).await;
        });
        match is_taken {
            true => self.collect().await,
            false => self.handle(TaskMachine::handle_unheard),
        }
    }

    /// Waits for a question, and a moment for further ones.
    async fn collect(&self) {
        let until = Instant::now() + ASKING;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.state.lock().rounds.has_open() {
                return tokio::time::sleep(COLLECTING).await;
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return;
            }
        }
    }

    fn change_questions<R>(&self, change: impl FnOnce(&mut Rounds) -> R) -> R {
        let mut state = self.state.lock();
        let changed = change(&mut state.rounds);
        let asked = asked(&mut state.rounds);
        if let Err(error) = state.task.handle_questions(asked, now()) {
            tracing::debug!(%error, "questions of a task are not asked");
        }
        drop(state);
        self.changed.notify_waiters();
        changed
    }

    /// Gives the upstream the answers of a client. Answers that nobody waits for are not read.
    ///
    /// # Errors
    /// When the client has answered nonsense for the second time, or the upstream is not reached
    /// within `timeout`.
    pub(crate) async fn answer(
        &self,
        responses: JsonObject,
        timeout: Duration,
    ) -> Result<(), Fault> {
        let Some(session) = self.session() else { return Ok(()) };
        for answer in self.take_answers(responses, session.revision).map_err(Fault::refused)? {
            let sent = tokio::time::timeout(timeout, session.connection.send(answer)).await;
            sent.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)))?;
        }
        Ok(())
    }

    fn take_answers(
        &self,
        mut responses: JsonObject,
        revision: Revision,
    ) -> Result<Vec<Message>, ErrorObject> {
        let mut state = self.state.lock();
        let State { task, rounds, .. } = &mut *state;
        responses.retain(|key, _| task.handle_answer(key, now()));
        let (round, _) = rounds.park();
        let answers = rounds.answer(round, &responses, revision);
        // What is still open was not answered, or not in a way that the upstream understands.
        rounds.questions().keys().for_each(|key| task.handle_unanswered(key, now()));
        drop(state);
        self.changed.notify_waiters();
        answers.map_err(|error| error.to_error())
    }

    /// The client does not want the task any more. Whether the upstream stops shows in the task:
    /// "cancellation is cooperative" (tasks extension, Task Cancellation).
    pub(crate) async fn cancel(self: &Arc<Self>) -> Result<(), Fault> {
        if let Err(ended_as) = self.handle(|task| task.handle_cancel(now())) {
            tracing::debug!(?ended_as, "a task that is over is not cancelled");
        }
        self.act().await
    }

    async fn tell_cancel(&self) -> Result<(), Fault> {
        let Some(session) = self.session() else { return Ok(()) };
        let answer = session.ask(Method::TasksCancel, &self.params()).await?;
        if let Ok(error) = answer.decode_error() {
            tracing::debug!(%error.message, "upstream does not cancel a task");
            return Ok(());
        }
        for refusal in self.change_questions(Rounds::give_up) {
            session.connection.send(refusal).await?;
        }
        Ok(())
    }

    /// Waits until the task has changed since the watcher saw it, and looks at it as often as the
    /// upstream likes. What it has come to is returned if it cannot be kept here.
    ///
    /// # Errors
    /// When there is no such task any more.
    pub(crate) async fn news(
        self: &Arc<Self>,
        watcher: &mut Watcher,
    ) -> Result<Option<End>, Fault> {
        let mut left = None;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let next_look = self.read(TaskMachine::poll_look);
            if next_look.is_some_and(|it| it <= now()) {
                left = match self.look().await {
                    Err(fault) if fault.kind == FaultKind::Refused => return Err(fault),
                    Err(fault) => {
                        tracing::debug!(%fault, "a task was not looked at");
                        None
                    }
                    Ok(left) => left,
                };
            }
            if self.read(|task| task.view(left.as_ref()).is_some() && task.poll_news(watcher)) {
                return Ok(left);
            }
            match self.read(TaskMachine::poll_look) {
                Some(next) => {
                    tokio::time::timeout_at(Instant::from_std(next), changed).await.ok();
                }
                // Its end was at the upstream, and its time is over.
                None if self.read(|task| task.is_over()) => {
                    return Err(Fault::refused(unknown_task()));
                }
                None => changed.await,
            }
        }
    }

    fn params(&self) -> TaskParams {
        TaskParams::new(self.upstream_id.as_str())
    }

    fn session(&self) -> Option<Arc<UpstreamSession>> {
        self.state.lock().session.clone()
    }

    /// Nothing more is wanted of the upstream.
    fn release(&self) {
        let session = self.state.lock().session.take();
        if let Some(session) = session {
            session.hub.end_task(&self.upstream_id);
            self.over.cancel();
        }
    }
}

impl AskedTask for TaskEntry {
    fn ask(&self, request: &Message) -> Result<(), ErrorObject> {
        self.change_questions(|rounds| rounds.ask(request))
    }

    fn withdraw(&self, id: &Id) {
        self.change_questions(|rounds| rounds.withdraw(id));
    }

    fn handle_changed(&self) {
        self.handle(|task| task.handle_changed(now()));
    }
}

impl Drop for TaskEntry {
    fn drop(&mut self) {
        self.release();
    }
}

/// The open questions. Each keeps its key for as long as it is open, and no key is used for another
/// one.
fn asked(rounds: &mut Rounds) -> AskedQuestions {
    if !rounds.has_open() {
        return AskedQuestions::new();
    }
    rounds.park();
    rounds.asked().into_iter().map(|it| (it.key, it.request)).collect()
}

/// Listens to the stream of `tasks/result`: there the upstream asks, and there the result comes.
async fn listen(entry: Weak<TaskEntry>, session: Arc<UpstreamSession>, params: TaskParams) {
    let asked: Weak<dyn AskedTask> = Weak::<TaskEntry>::clone(&entry);
    let answer = session.ask_long(&params, &Asked::Task(asked)).await;
    let Some(entry) = entry.upgrade() else { return };
    match answer {
        // Nobody has to listen again: there is nothing more to hear.
        Ok(answer) => {
            entry.handle(|task| task.handle_early_end(end_of(&answer, &session), now()));
        }
        Err(fault) => {
            tracing::debug!(%fault, "upstream's task is not listened to any more");
            entry.handle(TaskMachine::handle_unheard);
        }
    }
}

impl UpstreamSession {
    /// Asks for the result of a task, which comes when it comes: without a deadline.
    async fn ask_long(&self, params: &TaskParams, asked: &Asked) -> Result<Message, Fault> {
        let id = Id::from_number(self.next_number());
        let request = Message::request(id, Method::TasksResult.as_str(), params);
        match self.connection.request(request).await? {
            Reply::One(answer) => return Ok(answer),
            Reply::Stream(mut parts) => {
                while let Some(part) = parts.next().await {
                    match part?.into_message() {
                        Some(answer) if answer.is_response() => return Ok(answer),
                        Some(message) => self.heard_in(&message, Some(asked.clone())),
                        None => {}
                    }
                }
            }
            Reply::None => {}
        }
        Err(Fault::unanswered())
    }
}

fn end_of(answer: &Message, session: &UpstreamSession) -> End {
    let (end, losses) = modern_to_legacy::task_end(answer, &session.initialized.server_info);
    count_losses(&losses, Era::Legacy);
    end
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

fn broken(error: &eyot_era::tasks::TaskError) -> Fault {
    let reason = format!("upstream's task cannot be followed: {error}");
    Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true))
}

/// "Invalid or nonexistent `taskId`: -32602 (Invalid params)" (tasks extension, Protocol Errors).
pub(crate) fn unknown_task() -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, "Failed to retrieve task: not found")
}

/// How long an upstream that says it needs input may take to ask.
const ASKING: Duration = Duration::from_secs(1);
/// How long further questions are waited for when one was asked.
const COLLECTING: Duration = Duration::from_millis(10);
