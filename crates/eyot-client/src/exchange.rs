//! One request and all that comes back for it, the answer last.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Id, Message, MessageKind, Notification, Request};
use eyot_service::{Messages, ReplyItem};
use eyot_types::codes::Outcome;
use eyot_types::{Era, Method, ProgressParams};
use futures_util::StreamExt as _;
use http::HeaderMap;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::answering::Answering;
use crate::error::ClientError;
use crate::session::Session;
use crate::state::Shared;

/// Is told the progress of a call.
pub(crate) type ProgressListener = Box<dyn FnMut(ProgressParams) + Send>;

/// How long a call may take, and the listener to its progress.
pub(crate) struct Watch {
    pub(crate) times: Times,
    pub(crate) progress: Option<ProgressListener>,
}

impl Watch {
    /// A watch without a listener to progress.
    pub(crate) fn new(timeout: Duration, max_total: Duration) -> Self {
        Self { times: Times::new(timeout, max_total), progress: None }
    }
}

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Silence after which it fails. Every message of the call starts it anew.
    pub(crate) timeout: Duration,
    /// When it fails, whether it makes progress or not.
    pub(crate) ends_at: Instant,
    pub(crate) started: Instant,
}

impl Times {
    /// "Implementations MAY choose to reset the timeout clock when receiving a progress
    /// notification [...]. However, implementations SHOULD always enforce a maximum timeout"
    /// (2026-07-28, basic/patterns/cancellation, Timeouts).
    pub(crate) fn new(timeout: Duration, max_total: Duration) -> Self {
        let started = Instant::now();
        let ends_at = started.checked_add(max_total).unwrap_or_else(|| started + CENTURY);
        Self { timeout, ends_at, started }
    }

    /// The error of a call that took too long.
    pub(crate) fn elapsed(&self, outcome: Outcome) -> ClientError {
        let total = self.ends_at.saturating_duration_since(self.started);
        let waited = if Instant::now() >= self.ends_at { total } else { self.timeout };
        ClientError::Timeout { waited, outcome }
    }
}

/// A running request.
pub(crate) struct Exchange<'a> {
    /// Dropped before the messages: what is dropped is no longer known by its id.
    guard: CancelGuard,
    messages: Messages,
    shared: &'a Arc<Shared>,
    session: &'a Arc<Session>,
    answering: Answering,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(
        shared: &'a Arc<Shared>,
        session: &'a Arc<Session>,
        request: Request,
        headers: HeaderMap,
    ) -> Self {
        let guard = CancelGuard {
            shared: Arc::clone(shared),
            session: Arc::clone(session),
            id: Some(request.id()),
            reason: "the answer is no longer awaited",
        };
        let messages = session.request(request, headers);
        Self { guard, messages, shared, session, answering: Answering::default() }
    }

    /// Sends the request and waits for its answer. The server's questions are answered
    /// meanwhile; people who are asked do not count as silence.
    pub(crate) async fn answer(
        mut self,
        watch: &mut Watch,
        stray: &mut mpsc::Receiver<Notification>,
    ) -> Result<Message, ClientError> {
        let times = watch.times;
        let mut heard_at = Instant::now();
        let mut is_stray_open = true;
        loop {
            let patience = if self.answering.is_empty() {
                times.timeout
            } else {
                self.shared.config.limits.calls.question_timeout
            };
            let deadline =
                times.ends_at.min(heard_at.checked_add(patience).unwrap_or(times.ends_at));
            let session = self.session;
            tokio::select! {
                biased;
                item = self.messages.next() => {
                    // An event id alone is no word of the server.
                    if !matches!(item, Some(Ok(ReplyItem::Cursor(_)))) {
                        self.shared.touch();
                        heard_at = Instant::now();
                    }
                    if let Some(answer) = self.take(item, watch)? {
                        return Ok(answer);
                    }
                }
                () = self.answering.next() => heard_at = Instant::now(),
                progress = stray.recv(), if is_stray_open => match progress {
                    Some(progress) => {
                        heard_at = Instant::now();
                        report(&progress, watch);
                    }
                    None => is_stray_open = false,
                },
                () = session.retired.cancelled() => {
                    self.guard.id = None;
                    let reason = "the session was replaced".to_owned();
                    return Err(ClientError::Lost { reason, outcome: Outcome::Unknown });
                }
                () = sleep_until(deadline) => {
                    self.guard.reason = "timeout";
                    return Err(times.elapsed(Outcome::Unknown));
                }
            }
        }
    }

    /// Takes an item; returns the answer if it is that.
    fn take(
        &mut self,
        item: Option<Result<ReplyItem, eyot_service::Fault>>,
        watch: &mut Watch,
    ) -> Result<Option<Message>, ClientError> {
        let item = match item {
            Some(Ok(item)) => item,
            Some(Err(fault)) => {
                self.guard.id = None;
                return Err(ClientError::from_fault(&fault));
            }
            None => {
                self.guard.id = None;
                let reason = "the call was ended without an answer".to_owned();
                return Err(ClientError::Lost { reason, outcome: Outcome::Unknown });
            }
        };
        let Some(message) = item.into_message() else { return Ok(None) };
        match message.into_kind() {
            MessageKind::Response(answer) => {
                self.guard.id = None;
                Ok(Some(answer.into_message()))
            }
            MessageKind::Notification(notification) => {
                self.take_notification(&notification, watch);
                Ok(None)
            }
            MessageKind::Request(request) => {
                // Modern servers "MUST NOT send independent JSON-RPC requests" (2026-07-28,
                // basic/transports/streamable-http).
                if self.session.era() == Era::Legacy {
                    self.answering.begin(self.shared, self.session, request);
                }
                Ok(None)
            }
        }
    }

    fn take_notification(&mut self, notification: &Notification, watch: &mut Watch) {
        match Method::parse(notification.method()) {
            Method::Progress => report(notification, watch),
            Method::Cancelled => self.answering.cancel(notification),
            _ => self.shared.observe(notification),
        }
    }
}

fn report(progress: &Notification, watch: &mut Watch) {
    let Some(listener) = &mut watch.progress else { return };
    match progress.decode_params() {
        Ok(params) => listener(params),
        Err(error) => tracing::debug!(%error, "progress of the server is unreadable"),
    }
}

/// Tells the server when a request is given up.
struct CancelGuard {
    shared: Arc<Shared>,
    session: Arc<Session>,
    /// `None`: there is nothing to cancel any more.
    id: Option<Id>,
    reason: &'static str,
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        // "Disconnection SHOULD NOT be interpreted as the client cancelling its request. To
        // cancel, the client SHOULD explicitly send an MCP `CancelledNotification`" (2025-11-25,
        // basic/transports).
        let Some(cancellation) = self.session.cancellation(&id, self.reason) else { return };
        let session = Arc::clone(&self.session);
        self.shared.run(Box::pin(async move {
            if let Err(fault) = session.send_cancellation(cancellation).await {
                tracing::debug!(%fault, "server was not told that a call is cancelled");
            }
        }));
    }
}

/// Longer than any call.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
