//! What a handler knows of its call, and what it can send before its answer.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_jsonrpc::{Id, Message, Request};
use eyot_service::{Peer, ReplyItem, Transport};
use eyot_session::SessionId;
use eyot_types::{
    Answer, ClientCapabilities, CreateMessageParams, CreateMessageResult, ElicitParams,
    ElicitResult, Era, Implementation, JsonObject, ListRootsResult, LogLevel, LoggingMessageParams,
    Method, Question, Revision,
};
use http::Extensions;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::asking::Asking;
use super::exchange::Exchange;
use super::progress::Progress;
use super::run::Run;
use super::running::RunningCall;
use super::state::CallState;
use crate::failure::{HandlerError, HandlerResult};
use crate::parts::ServerParts;
use crate::rounds::elicited::Elicited;
use crate::rounds::inputs::Inputs;
use crate::schema::form_schema;

/// One call as its handler sees it. Cheap to clone; clones belong to the same call.
///
/// A handler may give a clone to other tasks. Messages that these send after the end of the call
/// are dropped; [`cancellation`](Self::cancellation) tells them to stop.
///
/// A call that has become a task (see [`TaskPolicy`](crate::TaskPolicy)) is used in the same way:
/// its questions wait for `tasks/update`, and it is over when it is done, cancelled or expired.
#[derive(Clone)]
pub struct CallContext(Arc<CallShared>);

/// The parts of a server whose handlers get their calls as [`CallContext`]s.
pub(crate) type HandlerParts = ServerParts<CallContext, Run>;

struct CallShared {
    state: CallState,
    parts: Arc<HandlerParts>,
}

impl CallContext {
    /// Begins a call to the server of these parts, and registers it in its legacy session.
    pub(crate) fn begin(state: CallState, parts: Arc<HandlerParts>) -> Self {
        let call = Self(Arc::new(CallShared { state, parts }));
        if let Some(session) = &call.0.state.session {
            session.memory.enter(call.downgrade());
        }
        call
    }

    /// Removes the call, which has ended, from its session.
    pub(crate) fn leave(&self) {
        if let Some(session) = &self.0.state.session {
            session.memory.leave(&*self.0);
        }
    }

    /// The state of the call itself.
    pub(crate) fn state(&self) -> &CallState {
        &self.0.state
    }

    /// The parts of the server that answers the call.
    pub(crate) fn parts(&self) -> &Arc<HandlerParts> {
        &self.0.parts
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.0.state.exchange
    }

    /// A weak handle to the call.
    pub(crate) fn downgrade(&self) -> Weak<dyn RunningCall> {
        let call: Weak<CallShared> = Arc::downgrade(&self.0);
        call
    }

    /// Puts questions to the client.
    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking { call: &self.0.state, calls: &self.0.parts.calls }
    }

    /// The request. In the modern era each round is another one.
    #[must_use]
    pub fn request(&self) -> Request {
        self.0.state.request()
    }

    /// The id of the request.
    #[must_use]
    pub fn request_id(&self) -> Id {
        self.0.state.request_id()
    }

    /// The method, as it was sent.
    #[must_use]
    pub fn method(&self) -> String {
        self.request().method().to_owned()
    }

    /// The era of the client.
    #[must_use]
    pub fn era(&self) -> Era {
        self.0.state.peer.era
    }

    /// The name that the client's credentials stand for; `None` when the server asks for no
    /// credentials.
    #[must_use]
    pub fn principal(&self) -> Option<&Arc<str>> {
        self.0.state.peer.principal_name()
    }

    /// Where the client is, if it comes over a network.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.state.peer.address
    }

    /// What carries the client's messages. A server may trust the program that started it more than
    /// a client that comes over HTTP.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.0.state.peer.transport
    }

    /// The session of a legacy client. Modern clients have none.
    #[must_use]
    pub fn session_id(&self) -> Option<&SessionId> {
        self.0.state.session.as_ref().map(|it| it.handle.id())
    }

    /// What layers in front of the server have left for the handler.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.0.state.extensions
    }

    /// The `_meta` of the request.
    #[must_use]
    pub fn meta(&self) -> JsonObject {
        let request = self.request();
        request.meta().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default()
    }

    /// The revision that the client speaks.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.state.revision()
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
        self.0.state.client_capabilities().await
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
        self.0.state.client_info().await
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
        self.0.state.progress(progress).await;
    }

    /// Sends a log message to the client, if it wants messages of this level. Waits while the
    /// client reads slowly. The server must have declared
    /// [`logging`](crate::ServerBuilder::logging). A task has nowhere to log to.
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
        self.0.state.send(Message::notification(Method::LoggingMessage.as_str(), &params)).await;
    }

    /// Whether the client would get a log message of this level: ask before you make a message that
    /// is costly to make.
    #[must_use]
    pub fn wants_log(&self, level: &LogLevel) -> bool {
        self.0.parts.registry.has_logging && self.0.state.wants_log(level)
    }

    /// Sends any notification that belongs to this call. Waits while the client reads slowly.
    /// Notifications of a task are dropped.
    ///
    /// # Cancel safety
    ///
    /// The notification is sent whole or not at all.
    pub async fn notify(&self, method: &str, params: &impl Serialize) {
        self.0.state.send(Message::notification(method, params)).await;
    }

    /// Lets the client hang up in a call that takes long: the stream that waits for the answer is
    /// closed, the call goes on, and the client comes back for the rest after `retry`. So the
    /// client need not hold a connection open for nothing.
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
        let Peer { era, transport, .. } = &self.0.state.peer;
        if *era == Era::Legacy && *transport == Transport::Http {
            self.0.state.send(ReplyItem::HangUp { retry }).await;
        }
    }

    /// Fires when the call ends early: the client has cancelled it or gone, or it took too long.
    ///
    /// The handler itself is simply dropped; the token is for work that it has given to other
    /// tasks.
    #[must_use]
    pub fn cancellation(&self) -> CancellationToken {
        self.0.state.exchange.cancellation()
    }

    /// Sets a text for people about what the call does now, if it is a task or becomes one: the
    /// client sees the last text as the task's status message.
    pub fn set_status_message(&self, message: impl Into<String>) {
        if let Some(link) = &self.0.state.task {
            link.say(message.into());
        }
    }

    /// The id of the task that the call has become; `None` while it is an ordinary call.
    #[must_use]
    pub fn task_id(&self) -> Option<Arc<str>> {
        self.0.state.task().map(|task| task.read(|it| Arc::clone(it.id())))
    }

    /// The inputs of this round of the call, for handlers that ask by returning
    /// [`InputRequired`](crate::InputRequired).
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        self.0.state.inputs()
    }

    /// Asks the user with a form made of the fields of `T`: texts, numbers, flags, enums, lists
    /// of enums. A field that is an `Option` may be left out.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, fails, or answers something that is no `T`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn elicit<T>(&self, message: impl Into<String>) -> HandlerResult<Elicited<T>>
    where
        T: DeserializeOwned + JsonSchema,
    {
        let params = ElicitParams::form(message, form_schema::<T>()?);
        let answer = self.elicit_with(params).await?;
        let wrong = |error| HandlerError::new(format!("the client's answer: {error}"));
        Elicited::of(answer).map_err(wrong)
    }

    /// Asks the user with the form or page that `params` describe.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, or fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn elicit_with(&self, params: ElicitParams) -> HandlerResult<ElicitResult> {
        self.asking().ask_for(params).await
    }

    /// Asks the client's model.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, or fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn sample(&self, params: CreateMessageParams) -> HandlerResult<CreateMessageResult> {
        self.asking().ask_for(params).await
    }

    /// Asks which folders the client works in.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, or fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn list_roots(&self) -> HandlerResult<ListRootsResult> {
        self.asking().ask_for(Question::roots()).await
    }

    /// Asks any question under a key of the handler's choice. Modern clients see the key; it must
    /// be unique within the call.
    ///
    /// # Errors
    ///
    /// When the client cannot be asked, or fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future withdraws the question.
    pub async fn ask(&self, key: &str, question: impl Into<Question>) -> HandlerResult<Answer> {
        self.asking().ask(key, question.into()).await
    }
}

impl RunningCall for CallShared {
    fn request_id(&self) -> Id {
        self.state.request_id()
    }

    fn exchange(&self) -> &Exchange {
        &self.state.exchange
    }
}

impl fmt::Debug for CallShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("peer", &self.state.peer).finish_non_exhaustive()
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
