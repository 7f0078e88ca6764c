//! One task of a legacy client: its machine, and the server's task behind it.

use std::sync::Arc;

use eyot_era::ToolFact;
use eyot_era::legacy_to_modern::{self, ClientMeta, TaskReport, TaskRounds};
use eyot_era::revision;
use eyot_era::tasks::{Action, End, TaskError, TaskMachine, Want};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, INVALID_PARAMS, Id, Request, Response};
use eyot_service::Fault;
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, InputRequests, LegacyTask, Method, Revision, TaskParams, TaskStatus};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::super::upstream::ModernUpstream;
use crate::losses::count_losses;
use eyot_upstream::clock::now;

/// A task of one session.
#[derive(Debug)]
pub(crate) struct TaskEntry {
    /// The session that knows it.
    pub(super) owner: Arc<str>,
    /// `None`: the server has answered the call itself.
    upstream: Option<Upstream>,
    task: Mutex<TaskMachine>,
    /// It was stopped, or has failed here.
    pub(super) stopped: Notify,
}

/// The server's task.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) id: String,
    /// The tool that was called, if it is known.
    pub(crate) tool: Option<Arc<ToolFact>>,
}

/// How a task is asked for: the server, and the client on whose behalf.
#[derive(Clone, Copy)]
pub(super) struct Way<'w> {
    pub(super) upstream: &'w ModernUpstream,
    pub(super) client: &'w ClientMeta,
}

impl TaskEntry {
    pub(super) fn new(
        owner: &Arc<str>,
        upstream: Option<Upstream>,
        task: TaskMachine,
    ) -> Arc<Self> {
        let (owner, task) = (Arc::clone(owner), Mutex::new(task));
        Arc::new(Self { owner, upstream, task, stopped: Notify::new() })
    }

    /// Reads the task.
    pub(super) fn read<R>(&self, read: impl FnOnce(&TaskMachine) -> R) -> R {
        read(&self.task.lock())
    }

    /// The task as it was seen last.
    pub(super) fn known(&self) -> LegacyTask {
        self.read(TaskMachine::legacy_view)
    }

    /// Looks at the task; what it has come to is returned if it cannot be kept here.
    ///
    /// # Errors
    /// When the server does not say, or does not know the task.
    pub(super) async fn look(&self, way: Way<'_>) -> Result<Option<End>, Fault> {
        if now() >= self.read(TaskMachine::expires) {
            return Err(Fault::refused(unknown_task()));
        }
        let mut want = self.task.lock().handle_look(now());
        while let Want::Report(look) = want {
            let TaskReport { report, end, losses, .. } = self.ask_report(way).await?;
            count_losses(&losses, Era::Modern);
            let said = self.task.lock().handle_report(&look, report, now());
            want = match said {
                Err(error @ TaskError::TooManyQuestions(_)) => {
                    self.fail(way, ErrorObject::new(INTERNAL_ERROR, error.to_string())).await;
                    Want::Nothing
                }
                said => said.map_err(|error| broken(&error))?,
            };
            if let Want::End(ending) = want {
                let end = end.unwrap_or(End::Cancelled);
                let left = self.task.lock().handle_ending(ending, end);
                return left.map_err(|error| broken(&error));
            }
        }
        Ok(None)
    }

    async fn ask_report(&self, way: Way<'_>) -> Result<TaskReport, Fault> {
        let answer = self.ask(way, Method::TasksGet).await?;
        if let Ok(error) = answer.decode_error() {
            return Err(Fault::refused(match error.code {
                INVALID_PARAMS => unknown_task(),
                _ => revision::error(Revision::V2025_11_25, Method::TasksGet, error).0,
            }));
        }
        let tool = self.upstream.as_ref().and_then(|it| it.tool.as_ref());
        let schema = tool.and_then(|it| it.wrapped_output.as_ref());
        legacy_to_modern::task_report(&answer, schema).map_err(|error| {
            let reason = format!("the server's task cannot be read: {error}");
            Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true))
        })
    }

    /// What a task that is over answers to `tasks/result`; `None` when it is not over. `left` is
    /// its end, if that is not kept here.
    pub(super) fn result(&self, id: Id, left: Option<&End>) -> Option<Response> {
        let task = self.task.lock();
        let end = task.end().or(left)?;
        Some(legacy_to_modern::task_result(id, task.id(), end))
    }

    /// Stops the task. It is cancelled whatever the server's task comes to.
    pub(super) async fn cancel(&self, way: Way<'_>) -> Result<LegacyTask, Fault> {
        self.look(way).await?;
        if self.task.lock().handle_cancel(now()).is_err() {
            return Err(Fault::refused(is_over(&self.known().status)));
        }
        let answer = self.tell_cancel(way).await?;
        if let Some(error) = answer.and_then(|it| it.error_object()) {
            let error = revision::error(Revision::V2025_11_25, Method::TasksCancel, error).0;
            return Err(Fault::refused(error));
        }
        self.task.lock().handle_end(End::Cancelled, now());
        self.stopped.notify_waiters();
        Ok(self.known())
    }

    /// Fails the task, because its client did not answer as it must.
    pub(super) async fn fail(&self, way: Way<'_>, error: ErrorObject) {
        self.task.lock().handle_failure(End::Error(error), now());
        self.stopped.notify_waiters();
        if let Err(fault) = self.tell_cancel(way).await {
            tracing::debug!(%fault, "server was not told that its task is not wanted");
        }
    }

    /// Tells the server to stop, if that is due. There is no more to do for a task: nothing is held
    /// at the server.
    async fn tell_cancel(&self, way: Way<'_>) -> Result<Option<Response>, Fault> {
        let action = self.task.lock().poll_action();
        match action {
            Some(Action::Cancel) => self.ask(way, Method::TasksCancel).await.map(Some),
            Some(Action::Listen | Action::Release) | None => Ok(None),
        }
    }

    /// The questions that the client has not been asked. The caller asks them.
    pub(super) fn take_questions(&self) -> InputRequests {
        let taken = self.task.lock().take_questions().into_iter();
        taken.filter_map(|(key, it)| Some((key, serde_json::from_str(it.get()).ok()?))).collect()
    }

    /// The caller has stopped asking these, and the client has not answered them.
    pub(super) fn give_back<'k>(&self, keys: impl Iterator<Item = &'k String>) {
        let mut task = self.task.lock();
        keys.for_each(|key| task.handle_given_back(key));
    }

    /// Asks the server something of the task.
    async fn ask(&self, way: Way<'_>, method: Method<'_>) -> Result<Response, Fault> {
        let request = way.client.request(&self.request(method), None);
        way.upstream.ask(request).await
    }

    /// Gives the server the answers of the client to these questions, which from here on are
    /// answered, whether the server has heard it or not.
    pub(super) async fn update(
        &self,
        way: Way<'_>,
        keys: &[String],
        rounds: &TaskRounds,
    ) -> Result<Response, Fault> {
        {
            let mut task = self.task.lock();
            let taken = keys.iter().filter(|key| task.handle_answer(key, now()));
            tracing::trace!(answered = taken.count(), "answers of a client go to its task");
        }
        let bare = self.request(Method::TasksUpdate);
        way.upstream.ask(rounds.update(&way.client.request(&bare, None))).await
    }

    /// A request about the task, without what every modern request must say.
    fn request(&self, method: Method<'_>) -> Request {
        let params = TaskParams::new(self.upstream.as_ref().map_or("", |it| it.id.as_str()));
        Request::unnumbered(method.as_str(), &params)
    }
}

/// "Failed to retrieve task: Task not found": -32602 (2025-11-25, basic/utilities/tasks, Error
/// Handling).
pub(super) fn unknown_task() -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, "Failed to retrieve task: Task not found")
}

/// "tasks/cancel of a task already in a terminal status: -32602" (2025-11-25,
/// basic/utilities/tasks, Task Cancellation).
fn is_over(status: &TaskStatus) -> ErrorObject {
    let text = format!("Cannot cancel task: already in terminal status '{}'", status.as_str());
    ErrorObject::new(INVALID_PARAMS, text)
}

fn broken(error: &TaskError) -> Fault {
    let reason = format!("the server's task cannot be followed: {error}");
    Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true))
}
