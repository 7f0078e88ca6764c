//! A call that the upstream runs as a task and its client does not: the bridge waits for the task.

use std::sync::Arc;
use std::time::Duration;

use eyot_era::modern_to_legacy;
use eyot_era::tasks::PollBounds;
use eyot_jsonrpc::{Message, Request};
use eyot_service::{Fault, Messages, Reply, ReplyFuture, ReplyItem};
use eyot_types::codes::{self, Outcome};
use eyot_types::{LegacyTask, LegacyTaskState, Method, TaskParams, read_as};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::time::Instant;

use super::super::session::UpstreamSession;
use super::super::shared::CallShared;
use super::AskTarget;

/// Sends a call that asks for a task; its messages are those of an ordinary call. What the upstream
/// asks comes on the stream of `tasks/result`, as the answer does.
///
/// `patience` is how long an ordinary call may be silent: the task is looked at more often.
///
/// The messages have no cursors: they are of two requests, so that no other process could read on.
pub(crate) fn drive(
    session: &Arc<UpstreamSession>,
    shared: &Arc<CallShared>,
    (request, patience): (Request, Duration),
) -> ReplyFuture {
    let (session, shared) = (Arc::clone(session), Arc::clone(shared));
    Box::pin(async move {
        let parts = match session.connection.request(request).await? {
            Reply::One(answer) => Messages::new(stream::iter([Ok(ReplyItem::from(answer))])),
            Reply::Stream(parts) => parts,
            Reply::None => return Ok(Reply::None),
        };
        let driven = Driven { session, shared, parts, patience, task: None, is_over: false };
        Ok(Reply::Stream(Messages::new(stream::unfold(driven, Driven::next))))
    })
}

/// A call under way. Dropping it before its end cancels the task.
struct Driven {
    session: Arc<UpstreamSession>,
    shared: Arc<CallShared>,
    /// Of the call, and then of `tasks/result`.
    parts: Messages,
    patience: Duration,
    /// `None` until the upstream has made one.
    task: Option<Waiting>,
    is_over: bool,
}

struct Waiting {
    id: String,
    interval: Duration,
    look_at: Instant,
    status_message: Option<String>,
    /// Requests for the result that ended without one, in a row.
    failures: u32,
}

impl Driven {
    async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        while !self.is_over {
            let said = match self.task.as_ref().map(|it| it.look_at) {
                None => {
                    let part = self.parts.next().await;
                    Box::pin(self.take_first(part)).await
                }
                Some(look_at) => {
                    let part = tokio::time::timeout_at(look_at, self.parts.next()).await;
                    match part {
                        Ok(part) => Box::pin(self.take(part)).await,
                        Err(_elapsed) => Box::pin(self.look()).await,
                    }
                }
            };
            if let Some(said) = said {
                self.is_over |= said.is_err();
                return Some((said, self));
            }
        }
        None
    }

    /// Takes what comes before there is a task.
    async fn take_first(
        &mut self,
        part: Option<Result<ReplyItem, Fault>>,
    ) -> Option<Result<ReplyItem, Fault>> {
        let message = match part {
            Some(Ok(part)) => part.into_message()?,
            Some(Err(fault)) => return Some(Err(fault)),
            None => {
                self.is_over = true;
                return None;
            }
        };
        if !message.is_response() {
            return Some(Ok(message.into()));
        }
        let Some(task) = modern_to_legacy::created(&message) else {
            self.is_over = true;
            return Some(Ok(message.into()));
        };
        self.session.router.begin_task(&task.task_id, AskTarget::Call(Arc::clone(&self.shared)));
        self.task = Some(Waiting::new(task, self.patience));
        self.ask_for_result().await
    }

    /// Takes what comes on the stream of the result.
    async fn take(
        &mut self,
        part: Option<Result<ReplyItem, Fault>>,
    ) -> Option<Result<ReplyItem, Fault>> {
        match part {
            Some(Ok(part)) => {
                if part.is_answer() {
                    self.is_over = true;
                    self.end();
                }
                part.into_message().map(|it| Ok(it.into()))
            }
            Some(Err(fault)) => self.ask_again(fault).await,
            None => self.ask_again(lost("upstream ended the call without an answer")).await,
        }
    }

    async fn ask_for_result(&mut self) -> Option<Result<ReplyItem, Fault>> {
        let waiting = self.task.as_ref()?;
        let params = TaskParams::new(waiting.id.as_str());
        let request = Request::unnumbered(Method::TasksResult.as_str(), &params);
        let request = request.with_upstream_id(self.session.next_id());
        let connection = self.session.connection.clone();
        // Made a stream at once, so that the task is looked at while the upstream is silent.
        let asking = async move {
            match connection.request(request).await {
                Ok(Reply::One(answer)) => {
                    Messages::new(stream::iter([Ok(ReplyItem::from(answer))]))
                }
                Ok(Reply::Stream(parts)) => parts,
                Ok(Reply::None) => Messages::new(stream::empty()),
                Err(fault) => Messages::new(stream::iter([Err(fault)])),
            }
        };
        self.parts = Messages::new(stream::once(asking).flatten());
        None
    }

    /// The stream of the result was lost; the task may still run.
    async fn ask_again(&mut self, fault: Fault) -> Option<Result<ReplyItem, Fault>> {
        let waiting = self.task.as_mut()?;
        waiting.failures += 1;
        if waiting.failures > FAILURES_MAX || !self.session.is_open() {
            return Some(Err(fault));
        }
        tokio::time::sleep(waiting.interval).await;
        self.ask_for_result().await
    }

    /// Looks at the task: a silent one may be dead.
    async fn look(&mut self) -> Option<Result<ReplyItem, Fault>> {
        let waiting = self.task.as_mut()?;
        waiting.look_at = Instant::now() + waiting.interval;
        if self.shared.look(|it| it.rests()) {
            return None;
        }
        let params = TaskParams::new(waiting.id.as_str());
        let answer = match self.session.ask(Method::TasksGet, &params).await {
            Ok(answer) => answer,
            Err(fault) if !self.session.is_open() => return Some(Err(fault)),
            Err(_) => return None,
        };
        if let Ok(error) = answer.decode_error() {
            let reason = format!("upstream has lost its task: {}", error.message);
            return Some(Err(lost(&reason)));
        }
        let (state, _) = read_as::<LegacyTaskState>(Method::TasksGet, answer.result()?).ok()?;
        waiting.failures = 0;
        let has_log = self.session.initialized.capabilities.has("logging");
        Some(Ok(waiting.sign_of_life(state.task, has_log).into()))
    }

    fn end(&mut self) {
        if let Some(waiting) = self.task.take() {
            self.session.router.end_task(&waiting.id);
        }
    }
}

impl Waiting {
    fn new(task: LegacyTask, patience: Duration) -> Self {
        let interval = PollBounds::default().interval(task.poll_interval).min(patience / 3);
        Self {
            id: task.task_id,
            interval,
            look_at: Instant::now() + interval,
            status_message: None,
            failures: 0,
        }
    }

    /// A log message that says how far the task is. Without a log it is empty: it shows the waiting
    /// client that the task is alive.
    fn sign_of_life(&mut self, task: LegacyTask, has_log: bool) -> Message {
        let method = Method::LoggingMessage.as_str();
        if !has_log {
            return Message::notification(method, &json!({}));
        }
        let is_news = task.status_message.is_some() && task.status_message != self.status_message;
        self.status_message = task.status_message;
        let text = self.status_message.as_deref().unwrap_or(task.status.as_str());
        let level = if is_news { "info" } else { "debug" };
        let params = json!({ "level": level, "logger": "eyot", "data": text });
        Message::notification(method, &params)
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        let Some(waiting) = self.task.take() else { return };
        self.session.router.end_task(&waiting.id);
        let session = Arc::clone(&self.session);
        self.session.run_on_driver(async move {
            let params = TaskParams::new(waiting.id);
            if let Err(fault) = session.ask(Method::TasksCancel, &params).await {
                tracing::debug!(%fault, "upstream keeps a task that is not wanted any more");
            }
        });
    }
}

fn lost(reason: &str) -> Fault {
    Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, false))
}

/// How often the result is asked for again, in a row.
const FAILURES_MAX: u32 = 3;
