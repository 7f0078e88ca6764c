//! One task of a modern client: its machine, and the upstream's task behind it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_era::parked::Questions;
use eyot_era::tasks::{
    Action, AskedQuestions, End, Ending, Look, Report, TaskError, TaskMachine, TaskView, Want,
    Watcher,
};
use eyot_jsonrpc::{ErrorObject, Id, Message, Request};
use eyot_service::{Fault, FaultKind};
use eyot_types::codes::{self, Outcome};
use eyot_types::{JsonObject, LegacyTask, Revision, TaskStatus};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::session::UpstreamSession;
use super::ask_target::{AskTarget, TaskTarget};
use super::upstream_task::{UpstreamTask, unknown_task};
use eyot_upstream::clock::now;

/// A task. It holds its upstream session open until its result is here.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    state: Mutex<State>,
    /// Notified when the task may have changed.
    changed: Notify,
    /// Cancelled when the session has nothing to do for this task any more.
    over: CancellationToken,
}

#[derive(Debug)]
struct State {
    task: TaskMachine,
    /// The upstream's questions, with the ids that it knows them by.
    questions: Questions,
    /// `None`: nothing more is wanted of it.
    upstream: Option<Arc<UpstreamTask>>,
}

impl TaskEntry {
    /// A task that the upstream has made of a call in this session.
    pub(crate) fn new(
        task: TaskMachine,
        upstream_id: String,
        session: &Arc<UpstreamSession>,
    ) -> Arc<Self> {
        let upstream = Arc::new(UpstreamTask { id: upstream_id, session: Arc::clone(session) });
        let state =
            State { task, questions: Questions::default(), upstream: Some(Arc::clone(&upstream)) };
        let entry = Arc::new(Self {
            state: Mutex::new(state),
            changed: Notify::new(),
            over: CancellationToken::new(),
        });
        let target: Weak<dyn TaskTarget> = Arc::<Self>::downgrade(&entry);
        session.router.begin_task(&upstream.id, AskTarget::Task(target));
        entry
    }

    /// Reads the task.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&TaskMachine) -> R) -> R {
        read(&self.state.lock().task)
    }

    /// Changes the task, and wakes its watchers.
    fn handle<R>(&self, handle: impl FnOnce(&mut TaskMachine) -> R) -> R {
        let handled = handle(&mut self.state.lock().task);
        self.changed.notify_waiters();
        handled
    }

    /// Writes the task as its client sees it; `left` is its end, if that is not kept here.
    ///
    /// # Errors
    /// When the end is at the upstream, and `left` is not given.
    pub(crate) fn show<T>(
        &self,
        left: Option<&End>,
        write: impl FnOnce(TaskView<'_>) -> T,
    ) -> Result<T, Fault> {
        let state = self.state.lock();
        state.task.view(left).map(write).ok_or_else(|| Fault::refused(unknown_task()))
    }

    /// Runs work on the session's driver when the time of the task is over, if the task has not ended
    /// before; `false` when the driver's queue is full.
    pub(crate) fn at_expiry(&self, work: impl FnOnce() + Send + 'static) -> bool {
        let Some(upstream) = self.upstream() else { return true };
        let (over, expires) = (self.over.clone(), Instant::from_std(self.read(|it| it.expires())));
        upstream.session.run_on_driver(async move {
            let waiting = tokio::time::sleep_until(expires);
            if over.run_until_cancelled(waiting).await.is_some() {
                work();
            }
        })
    }

    /// The time of the task is over: the session's driver tells the upstream.
    pub(crate) fn expire(self: &Arc<Self>) {
        self.handle(|task| task.handle_timeout(now()));
        let Some(upstream) = self.upstream() else { return };
        let entry = Arc::clone(self);
        upstream.session.run_on_driver(async move {
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
            let Some(upstream) = self.upstream() else { break };
            let state = match upstream.state().await {
                Err(fault) if upstream.is_lost(&fault) => {
                    self.handle(|task| task.handle_end(End::Error(fault.error), now()));
                    break;
                }
                state => state?,
            };
            let status = state.status.clone();
            want = self.report(&look, state)?;
            if let Want::End(ending) = want {
                left = self.finish(ending, &status, &upstream).await?;
                break;
            }
        }
        if let Err(fault) = self.act().await {
            tracing::debug!(%fault, "upstream was not told to stop a task");
        }
        Ok(left)
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
        upstream: &UpstreamTask,
    ) -> Result<Option<End>, Fault> {
        let early = self.handle(TaskMachine::take_early_end);
        let end = match (status, early) {
            (TaskStatus::Cancelled, _) => End::Cancelled,
            (_, Some(end)) => end,
            (_, None) => upstream.end().await?,
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

    /// Opens the stream on which the upstream asks, and waits for its questions.
    ///
    /// "When the requestor encounters the `input_required` status, it SHOULD preemptively call
    /// `tasks/result`" (2025-11-25, basic/utilities/tasks, Input Required Status).
    async fn listen(self: &Arc<Self>) {
        let Some(upstream) = self.upstream() else { return };
        let over = self.over.clone();
        let listening = listen(Arc::downgrade(self), Arc::clone(&upstream));
        let is_taken = upstream.session.run_on_driver(async move {
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
            if self.state.lock().questions.has_open() {
                return tokio::time::sleep(COLLECTING).await;
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return;
            }
        }
    }

    fn change_questions<R>(&self, change: impl FnOnce(&mut Questions) -> R) -> R {
        let mut state = self.state.lock();
        let changed = change(&mut state.questions);
        let asked = asked(&mut state.questions);
        if let Err(error) = state.task.handle_questions(asked, now()) {
            tracing::debug!(%error, "questions of a task are not asked");
        }
        drop(state);
        self.changed.notify_waiters();
        changed
    }

    /// Gives the upstream the answers of a client. Answers to no open question are not read.
    ///
    /// # Errors
    /// When the client has answered nonsense for the second time, or the upstream is not reached
    /// within `timeout`.
    pub(crate) async fn answer(
        &self,
        responses: JsonObject,
        timeout: Duration,
    ) -> Result<(), Fault> {
        let Some(upstream) = self.upstream() else { return Ok(()) };
        let session = &upstream.session;
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
        let State { task, questions, .. } = &mut *state;
        responses.retain(|key, _| task.handle_answer(key, now()));
        questions.begin_round();
        let answers = questions.answer(&responses, revision);
        questions.forget_answered();
        // What is still open was not answered, or not in a way that the upstream understands.
        questions.requests().keys().for_each(|key| task.handle_unanswered(key, now()));
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
        let Some(upstream) = self.upstream() else { return Ok(()) };
        if upstream.cancel().await? {
            for refusal in self.change_questions(Questions::close) {
                upstream.session.connection.send(refusal).await?;
            }
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

    fn upstream(&self) -> Option<Arc<UpstreamTask>> {
        self.state.lock().upstream.clone()
    }

    /// Nothing more is wanted of the upstream.
    fn release(&self) {
        let upstream = self.state.lock().upstream.take();
        if let Some(upstream) = upstream {
            upstream.session.router.end_task(&upstream.id);
            self.over.cancel();
        }
    }
}

impl TaskTarget for TaskEntry {
    fn ask(&self, request: &Request) -> Result<(), ErrorObject> {
        // A task that is let go asks no more.
        let open_max = self.upstream().map_or(0, |it| it.session.questions_max());
        self.change_questions(|it| it.ask(request, open_max))
    }

    fn withdraw(&self, id: &Id) {
        self.change_questions(|it| it.withdraw(id));
    }

    fn open_questions(&self) -> Vec<Id> {
        self.state.lock().questions.open_ids().cloned().collect()
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
fn asked(questions: &mut Questions) -> AskedQuestions {
    if !questions.has_open() {
        return AskedQuestions::new();
    }
    questions.begin_round();
    questions.to_stored().into_iter().map(|it| (it.key, it.request)).collect()
}

/// Listens to the stream of `tasks/result`: there the upstream asks, and there the result comes.
async fn listen(entry: Weak<TaskEntry>, upstream: Arc<UpstreamTask>) {
    let target: Weak<dyn TaskTarget> = Weak::<TaskEntry>::clone(&entry);
    let end = upstream.late_end(&AskTarget::Task(target)).await;
    let Some(entry) = entry.upgrade() else { return };
    match end {
        // There is nothing more to hear: the stream is not opened again.
        Ok(end) => entry.handle(|task| task.handle_early_end(end, now())),
        Err(fault) => {
            tracing::debug!(%fault, "upstream's task is not listened to any more");
            entry.handle(TaskMachine::handle_unheard);
        }
    }
}

fn broken(error: &TaskError) -> Fault {
    let reason = format!("upstream's task cannot be followed: {error}");
    Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true))
}

/// How long an upstream that says it needs input may take to ask.
const ASKING: Duration = Duration::from_secs(1);
/// How long further questions are waited for when one was asked.
const COLLECTING: Duration = Duration::from_millis(10);
