//! What a handler knows of its call, and what it can say meanwhile.

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Id, Message};
use eyot_service::{Part, Peer, SessionHandle, Transport};
use eyot_session::SessionId;
use eyot_types::{
    ClientCapabilities, Era, Implementation, JsonObject, LogLevel, LoggingMessageParams, Method,
    ProgressParams, RequestMeta, Revision,
};
use http::Extensions;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Number, Value};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app_session::{AppSession, log_level_of};
use crate::exchange::Exchange;
use crate::failure::HandlerResult;
use crate::rounds::Inputs;
use crate::server::Server;
use crate::tasks::{TaskEntry, TaskLink};

/// One call as its handler sees it. Cheap to clone; clones belong to the same call.
///
/// A handler may give a clone to other tasks. What they send once the call has ended goes
/// nowhere; [`cancellation`](Self::cancellation) tells them to stop.
///
/// A call that has become a task (see [`TaskPolicy`](crate::TaskPolicy)) is used in the same way:
/// its questions wait for `tasks/update`, and it is over when it is done, cancelled or expired.
#[derive(Clone)]
pub struct CallContext(Arc<CallShared>);

pub(crate) struct CallShared {
    pub(crate) app: Arc<App>,
    pub(crate) peer: Peer,
    pub(crate) session: Option<Arc<SessionHandle>>,
    pub(crate) extensions: Extensions,
    pub(crate) exchange: Exchange,
    /// `None`: the call cannot become a task.
    pub(crate) task: Option<Box<TaskLink>>,
    attempt: Mutex<Attempt>,
}

/// The client's request; each round of a modern call brings another one.
struct Attempt {
    message: Message,
    inputs: Inputs,
    progress: f64,
}

/// How far a call has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    done: f64,
    total: Option<f64>,
    message: Option<String>,
}

impl Progress {
    /// So much is done; each report of a call must be higher than the one before.
    #[must_use]
    pub fn new(done: f64) -> Self {
        Self { done, ..Self::default() }
    }

    /// Done at so much.
    #[must_use]
    pub fn of(self, total: f64) -> Self {
        Self { total: Some(total), ..self }
    }

    /// What happens now, for people. Clients from 2025-03-26 on show it.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }
}

impl CallContext {
    pub(crate) fn new(shared: CallShared) -> Self {
        Self(Arc::new(shared))
    }

    pub(crate) fn shared(&self) -> &Arc<CallShared> {
        &self.0
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.0.exchange
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.0.app
    }

    /// The request. In the modern era each round is another one.
    #[must_use]
    pub fn message(&self) -> Message {
        self.0.attempt.lock().message.clone()
    }

    /// The id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<Id> {
        self.0.request_id()
    }

    /// The method, as it was sent.
    #[must_use]
    pub fn method(&self) -> String {
        self.message().method().unwrap_or_default().into_owned()
    }

    /// The era of the client.
    #[must_use]
    pub fn era(&self) -> Era {
        self.0.peer.era
    }

    /// The name that the client's credentials stand for; `None` when nobody asks for any.
    #[must_use]
    pub fn principal(&self) -> Option<&Arc<str>> {
        self.0.peer.principal_name()
    }

    /// Where the client is, if it comes over a network.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.peer.address
    }

    /// What carries the client's messages: a program that has started this one is trusted more,
    /// perhaps, than one that comes over HTTP.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.0.peer.transport
    }

    /// The session of a legacy client. Modern clients have none.
    #[must_use]
    pub fn session_id(&self) -> Option<&SessionId> {
        self.0.session.as_ref().map(|it| it.id())
    }

    /// What layers in front of the server have left for the handler.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// The `_meta` of the request.
    #[must_use]
    pub fn meta(&self) -> JsonObject {
        let message = self.message();
        message.meta().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default()
    }

    /// The revision that the client speaks.
    #[must_use]
    pub fn revision(&self) -> Revision {
        match &self.0.session {
            Some(context) => context.revision().unwrap_or(Revision::LATEST_LEGACY),
            None if self.era() == Era::Legacy => Revision::LATEST_LEGACY,
            None => Revision::MODERN,
        }
    }

    /// What the client says it can do.
    ///
    /// # Errors
    ///
    /// When the session's record cannot be read.
    ///
    /// # Cancel safety
    ///
    /// Reads only.
    pub async fn client_capabilities(&self) -> HandlerResult<ClientCapabilities> {
        if let Some((session, context)) = self.app_session() {
            return Ok(session.client(context).await?.capabilities.clone());
        }
        let message = self.message();
        let meta = RequestMeta::decode(message.meta().unwrap_or("{}"));
        let declared = meta.ok().and_then(|it| it.client_capabilities);
        Ok(declared.and_then(|it| serde_json::from_str(it.get()).ok()).unwrap_or_default())
    }

    /// Who the client says it is; modern clients need not say it.
    ///
    /// # Errors
    ///
    /// When the session's record cannot be read.
    ///
    /// # Cancel safety
    ///
    /// Reads only.
    pub async fn client_info(&self) -> HandlerResult<Option<Implementation>> {
        if let Some((session, context)) = self.app_session() {
            return Ok(Some(session.client(context).await?.client_info.clone()));
        }
        let message = self.message();
        let meta = RequestMeta::decode(message.meta().unwrap_or("{}"));
        let info = meta.ok().and_then(|it| it.client_info);
        Ok(info.and_then(|it| serde_json::from_str(it.get()).ok()))
    }

    /// Reports progress, if the client has asked for it. Waits while the client reads slowly.
    /// A task shows the message of the report as its status message instead.
    ///
    /// "The `progress` value MUST increase with each notification" (2025-11-25,
    /// basic/utilities/progress): a report that is not higher than the last is left out.
    ///
    /// # Cancel safety
    ///
    /// The report is sent whole or not at all.
    pub async fn progress(&self, progress: Progress) {
        let Progress { done, total, message } = progress;
        if let (Some(link), Some(message)) = (&self.0.task, &message) {
            link.say(message.clone());
        }
        let token = {
            let mut attempt = self.0.attempt.lock();
            let token = attempt.message.progress_token();
            if token.is_none() || done <= attempt.progress {
                return;
            }
            attempt.progress = done;
            token
        };
        let (Some(token), Some(done)) = (token, Number::from_f64(done)) else { return };
        let mut params = ProgressParams::new(token.detached(), done);
        params.total = total.and_then(Number::from_f64);
        params.message = message;
        self.send(Message::notification(Method::Progress.as_str(), &params)).await;
    }

    /// Sends a log message to the client, if it wants messages of this level. Waits while the
    /// client reads slowly. The server must have declared [`logging`](super::ServerBuilder::logging).
    /// A task has nowhere to log to.
    ///
    /// # Cancel safety
    ///
    /// The message is sent whole or not at all.
    pub async fn log(&self, level: LogLevel, data: impl Serialize) {
        if !self.wants_log(&level) {
            return;
        }
        let data = serde_json::to_value(data).unwrap_or(Value::Null);
        let params = LoggingMessageParams::new(level, data);
        self.send(Message::notification(Method::LoggingMessage.as_str(), &params)).await;
    }

    /// Whether the client would get a log message of this level: worth asking before one is
    /// made at some cost.
    #[must_use]
    pub fn wants_log(&self, level: &LogLevel) -> bool {
        if !self.0.app.has_logging || self.is_task() {
            return false;
        }
        if let Some(context) = &self.0.session {
            return *level >= log_level_of(context);
        }
        // "If this field is absent, the server MUST NOT send any `notifications/message`
        // notifications for this request" (2026-07-28, server/utilities/logging).
        let message = self.message();
        let meta = RequestMeta::decode(message.meta().unwrap_or("{}"));
        meta.ok().and_then(|it| it.log_level).is_some_and(|least| *level >= least)
    }

    /// Sends any notification that belongs to this call. Waits while the client reads slowly.
    /// Those of a task go nowhere.
    ///
    /// # Cancel safety
    ///
    /// The notification is sent whole or not at all.
    pub async fn notify(&self, method: &str, params: &impl Serialize) {
        self.send(Message::notification(method, params)).await;
    }

    async fn send(&self, part: impl Into<Part>) {
        // "`notifications/progress` and `notifications/message` notifications […] are not supported
        // on tasks in general" (tasks extension, Task Status Notifications).
        if self.is_task() {
            return;
        }
        let mut part = Some(part.into());
        poll_fn(|cx| self.0.exchange.poll_send(&mut part, cx)).await;
    }

    /// Lets the client hang up in a call that takes long: the stream that waits for the answer is
    /// closed, the call goes on, and the client comes back for the rest after `retry`. So nobody
    /// holds a connection open for nothing.
    ///
    /// "The server MAY close the connection (without terminating the stream) after sending an SSE
    /// event with an event ID to the client" (2025-11-25, basic/transports). Clients of other
    /// revisions would not come back: for them, and where no HTTP connection waits, nothing
    /// happens.
    ///
    /// # Cancel safety
    ///
    /// The stream is closed or it is not; the call goes on in either case.
    pub async fn close_stream(&self, retry: Duration) {
        let Peer { era, transport, .. } = &self.0.peer;
        if *era == Era::Legacy && *transport == Transport::Http {
            self.send(Part { message: None, cursor: None, retry: Some(retry) }).await;
        }
    }

    /// Fires when the call ends early: the client has cancelled it or gone, or it took too long.
    ///
    /// The handler itself is simply dropped; this is for what it has given to other tasks.
    #[must_use]
    pub fn cancellation(&self) -> CancellationToken {
        self.0.exchange.cancellation()
    }

    /// Says what the call does now, for people, if it is a task or becomes one: its client sees
    /// the last text as the status message.
    pub fn set_status_message(&self, message: impl Into<String>) {
        if let Some(link) = &self.0.task {
            link.say(message.into());
        }
    }

    /// The id of the task that the call has become. `None`: it is answered when it is done.
    #[must_use]
    pub fn task_id(&self) -> Option<Arc<str>> {
        self.task().map(|task| task.read(|it| Arc::clone(&it.id)))
    }

    pub(crate) fn is_task(&self) -> bool {
        self.task().is_some()
    }

    /// The task that the call has become.
    pub(crate) fn task(&self) -> Option<&Arc<TaskEntry>> {
        self.0.task.as_deref()?.task()
    }

    /// The server that answers the call: a handler may change what it offers, and clients that
    /// listen are told.
    #[must_use]
    pub fn server(&self) -> Server {
        Server::of(&self.0.app)
    }

    /// What this round of the call brought, for handlers that ask by returning
    /// [`InputRequired`](super::InputRequired).
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        self.0.attempt.lock().inputs.clone()
    }

    pub(crate) fn set_inputs(&self, inputs: Inputs) {
        self.0.attempt.lock().inputs = inputs;
    }

    /// The next round of a parked call: another request with an id and a token of its own.
    pub(crate) fn begin_round(&self, message: Message) {
        let mut attempt = self.0.attempt.lock();
        attempt.message = message;
        attempt.progress = f64::NEG_INFINITY;
    }

    /// The legacy session with what the server remembers of it.
    pub(crate) fn app_session(&self) -> Option<(Arc<AppSession>, &SessionHandle)> {
        let context = self.0.session.as_deref()?;
        Some((self.0.app.session(context), context))
    }

    /// The call has ended.
    pub(crate) fn leave(&self) {
        if let Some((session, _)) = self.app_session() {
            session.leave(&self.0);
        }
    }
}

impl CallShared {
    pub(crate) fn new(
        app: Arc<App>,
        call: eyot_service::Call,
        session: Option<Arc<SessionHandle>>,
        (message, task): (Message, Option<Box<TaskLink>>),
    ) -> Self {
        let inputs = Inputs::default();
        let attempt = Attempt { message, inputs, progress: f64::NEG_INFINITY };
        Self {
            app,
            peer: call.peer,
            session,
            extensions: call.extensions,
            exchange: Exchange::default(),
            task,
            attempt: Mutex::new(attempt),
        }
    }

    pub(crate) fn request_id(&self) -> Option<Id> {
        self.attempt.lock().message.id()
    }
}

impl fmt::Debug for CallShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
