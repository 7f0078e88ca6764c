//! Takes each call to the part that answers it.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_jsonrpc::{
    ErrorObject, INVALID_PARAMS, INVALID_REQUEST, Message, Notification, Request, Response,
};
use eyot_service::{Call, Fault, Input, Peer, Reply, ReplyFuture, SessionHandle, Transport};
use eyot_session::StoreError;
use eyot_types::codes::{self, Outcome};
use eyot_types::{
    CancelledParams, CompleteParams, EmptyResult, Era, JsonObject, LogLevel, Method, Revision,
    SetLevelParams, SubscriptionsListenParams,
};
use http::HeaderMap;
use serde::de::DeserializeOwned;
use tower::Service;

use crate::call::begin::failed;
use crate::call::context::{CallContext, HandlerParts};
use crate::call::handlers::{run_completion, run_method, run_prompt, run_resource, run_tool};
use crate::call::layered::LayeredCall;
use crate::changes::honoured;
use crate::registry::lists::ListRequest;
use crate::registry::resource::UriVariables;
use crate::registry::tool::RegisteredTool;
use crate::registry::{discovery, lists};

/// The innermost service of a server, behind all layers.
#[derive(Clone, Debug)]
pub(crate) struct HandlerService(pub(crate) Arc<HandlerParts>);

impl Service<Call> for HandlerService {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        self.dispatch(call)
    }
}

impl HandlerService {
    fn dispatch(&self, call: Call) -> ReplyFuture {
        match &call.input {
            Input::Request(request) => {
                let request = request.clone();
                let answered = self.request(call, &request);
                answered.unwrap_or_else(|error| failed(Some(request.id()), &error))
            }
            Input::Notification(notification) => {
                self.hear(&call, notification);
                ready(Ok(Reply::None))
            }
            Input::Response(response) => ready(self.take_answer(&call, response)),
            Input::Listen { .. } => match context(&call) {
                Some(context) => {
                    let session = self.0.session(&context);
                    ready(Ok(self.0.changes.listen_session(context, session)))
                }
                None => ready(Err(Fault::internal("only sessions listen"))),
            },
            // The handler ended with the process that ran it; how far it came is unknown.
            Input::Resume { .. } => {
                let reason = "the server was restarted in the middle of the call";
                ready(Err(Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, false))))
            }
            Input::Close => {
                if let Some(context) = context(&call) {
                    self.0.session(&context).end();
                }
                ready(Ok(Reply::None))
            }
            _ => ready(Err(Fault::internal("unknown input"))),
        }
    }

    fn request(&self, call: Call, message: &Request) -> Result<ReplyFuture, ErrorObject> {
        let name = message.method();
        let (method, era) = (Method::parse(name), call.peer.era);
        let revision = revision(&call);
        self.check_era(era, message, method)?;
        let (registry, identity) = (&self.0.registry, &self.0.identity);
        if !registry.methods.is_empty()
            && let Some(custom) = registry.methods.get(name)
        {
            return Ok(run_method(&self.0, custom.clone(), call));
        }
        if let Some(answer) = self.task_request(method, &call.peer, message) {
            return Ok(ready(Ok(Reply::One(answer?))));
        }
        if !is_of(method, era) {
            return Err(codes::method_not_found(name));
        }
        let done = |answer| Ok(ready(Ok(Reply::One(answer))));
        match method {
            Method::ToolsCall => self.call_tool(call, message),
            Method::PromptsGet => self.get_prompt(call, message),
            Method::ResourcesRead => self.read_resource(call, message),
            Method::CompletionComplete => {
                let params: CompleteParams = decode(message)?;
                Ok(run_completion(&self.0, params, call))
            }
            Method::ToolsList
            | Method::PromptsList
            | Method::ResourcesList
            | Method::ResourcesTemplatesList => {
                let asked = ListRequest { method, request: message, peer: &call.peer, revision };
                done(lists::list(registry, identity, asked)?)
            }
            Method::Initialize => done(discovery::initialize(registry, identity, message)?),
            Method::ServerDiscover => {
                done(discovery::discover(registry, identity, self.0.has_tasks(), message))
            }
            Method::Ping => done(identity.answer(revision, message.id(), EmptyResult::new())),
            Method::SubscriptionsListen => Ok(ready(Ok(self.listen(&call.peer, message)?))),
            Method::LoggingSetLevel => self.set_level(&call, message),
            Method::ResourcesSubscribe => self.subscribe(&call, message, true),
            Method::ResourcesUnsubscribe => self.subscribe(&call, message, false),
            _ => Err(codes::method_not_found(name)),
        }
    }

    /// Refuses a client whose era this server does not serve.
    fn check_era(
        &self,
        era: Era,
        message: &Message,
        method: Method<'_>,
    ) -> Result<(), ErrorObject> {
        let requested = match (era, method) {
            (Era::Modern, _) => Revision::MODERN.as_str().into(),
            (Era::Legacy, Method::Initialize) => {
                let params: JsonObject = message.decode_params().unwrap_or_default();
                let version = params.get("protocolVersion").and_then(|it| it.as_str());
                Cow::Owned(version.unwrap_or("unknown").to_owned())
            }
            (Era::Legacy, _) => return Ok(()),
        };
        self.0.registry.eras.check(era, &requested)
    }

    /// Answers a request of the tasks extension, if this server has tasks. The tasks of 2025-11-25
    /// have methods of the same names.
    fn task_request(
        &self,
        method: Method<'_>,
        peer: &Peer,
        request: &Request,
    ) -> Option<Result<Response, ErrorObject>> {
        if !matches!(method, Method::TasksGet | Method::TasksUpdate | Method::TasksCancel) {
            return None;
        }
        let is_served = peer.era == Era::Modern && self.0.has_tasks();
        is_served.then(|| self.0.task_requests().answer(method, peer, request)).flatten()
    }

    /// Opens the stream that `subscriptions/listen` asks for.
    fn listen(&self, peer: &Peer, message: &Request) -> Result<Reply, ErrorObject> {
        let parts = &self.0;
        let params: SubscriptionsListenParams = decode(message)?;
        let mut asked = params.notifications;
        let task_ids = asked.task_ids.take().unwrap_or_default();
        let has_tasks = parts.has_tasks();
        let capabilities = discovery::capabilities(&parts.registry, Era::Modern, has_tasks);
        let filter = honoured(asked, &capabilities, |uri| parts.registry.has_resource(uri));
        let tasks = match task_ids.is_empty() || !has_tasks {
            true => Vec::new(),
            false => parts.task_requests().watched(task_ids, peer, message)?,
        };
        Ok(parts.changes.listen(message.id(), filter, tasks))
    }

    fn call_tool(&self, call: Call, message: &Message) -> Result<ReplyFuture, ErrorObject> {
        let name = message.name().ok_or_else(|| codes::invalid_params("`name` is missing"))?;
        // "Unknown tools" are errors of the protocol (2025-11-25, server/tools, Error Handling).
        let unknown = || ErrorObject::new(INVALID_PARAMS, format!("Unknown tool: {name}"));
        let tool = self.0.registry.tools.get(&name).ok_or_else(unknown)?;
        check_mirrored(&tool, &call, message)?;
        match &tool.layered {
            None => Ok(run_tool(&self.0, tool, call)),
            Some(layered) => {
                let (mut layered, mut call) = (layered.clone(), call);
                let parts = Arc::clone(&self.0);
                call.extensions.insert(LayeredCall { parts, tool: Arc::clone(&tool) });
                Ok(layered.call(call))
            }
        }
    }

    fn get_prompt(&self, call: Call, message: &Message) -> Result<ReplyFuture, ErrorObject> {
        let name = message.name().ok_or_else(|| codes::invalid_params("`name` is missing"))?;
        let unknown = || ErrorObject::new(INVALID_PARAMS, format!("Unknown prompt: {name}"));
        let prompt = self.0.registry.prompts.get(&name).ok_or_else(unknown)?;
        Ok(run_prompt(&self.0, prompt, call))
    }

    fn read_resource(&self, call: Call, message: &Message) -> Result<ReplyFuture, ErrorObject> {
        let uri = message.uri().ok_or_else(|| codes::invalid_params("`uri` is missing"))?;
        if let Some(resource) = self.0.registry.resources.get(&uri) {
            let place = (uri.into_owned(), UriVariables::new());
            return Ok(run_resource(&self.0, resource, |it| &it.reader, place, call));
        }
        match self.0.registry.templates.find(|it| it.pattern.matches(&uri)) {
            Some((template, variables)) => {
                let place = (uri.into_owned(), variables);
                Ok(run_resource(&self.0, template, |it| &it.reader, place, call))
            }
            None => Err(unknown_resource(call.peer.era, &uri)),
        }
    }

    fn set_level(&self, call: &Call, message: &Request) -> Result<ReplyFuture, ErrorObject> {
        if !self.0.registry.has_logging {
            return Err(codes::method_not_found(Method::LoggingSetLevel.as_str()));
        }
        let SetLevelParams { level, .. } = decode(message)?;
        if let LogLevel::Other(name) = &level {
            return Err(codes::invalid_params(&format!("unknown level `{name}`")));
        }
        let level = level.as_str().into();
        self.update(call, message, move |state| state.log_level = Some(level))
    }

    fn subscribe(
        &self,
        call: &Call,
        message: &Request,
        is_subscribed: bool,
    ) -> Result<ReplyFuture, ErrorObject> {
        if !self.0.registry.has_resource_subscriptions {
            return Err(codes::method_not_found(message.method()));
        }
        let uri = message.uri().ok_or_else(|| codes::invalid_params("`uri` is missing"))?;
        if is_subscribed && !self.0.registry.has_resource(&uri) {
            return Err(unknown_resource(call.peer.era, &uri));
        }
        let session = context(call).ok_or_else(no_session)?;
        let answer = self.0.identity.answer(revision(call), message.id(), EmptyResult::new());
        if is_subscribed {
            let subscribing = session.begin_subscribing(&uri, &self.0.limits.sessions)?;
            return Ok(answer_once(subscribing.confirm(), answer));
        }
        let uri = uri.into_owned();
        Ok(answer_once(async move { session.unsubscribe(&uri).await }, answer))
    }

    /// Changes the session, and answers once the change is stored.
    fn update(
        &self,
        call: &Call,
        message: &Request,
        edit: impl FnOnce(&mut eyot_session::SessionState) + Send + 'static,
    ) -> Result<ReplyFuture, ErrorObject> {
        let session = context(call).ok_or_else(no_session)?;
        let answer = self.0.identity.answer(revision(call), message.id(), EmptyResult::new());
        Ok(answer_once(async move { session.update(edit).await }, answer))
    }

    /// Handles a notification of the client.
    fn hear(&self, call: &Call, message: &Notification) {
        if message.is_method(Method::Cancelled.as_str())
            && let Some(context) = context(call)
            && let Ok(params) = message.decode_params::<CancelledParams>()
            && let Some(running) = self.0.session(&context).find(&params.request_id)
        {
            // "Receivers of cancellation notifications SHOULD: stop processing the cancelled
            // request […] not send a response" (2025-11-25, basic/utilities/cancellation).
            running.exchange().cancel();
        }
        if let Some(handler) = &self.0.registry.on_notification {
            handler(message, &call.peer);
        }
    }

    /// The client's answer to a question of a handler.
    fn take_answer(&self, call: &Call, message: &Response) -> Result<Reply, Fault> {
        let is_awaited = context(call).is_some_and(|it| self.0.session(&it).answer(message));
        if !is_awaited {
            // Most often the question was withdrawn, or timed out, while its user thought.
            tracing::debug!("no call waits for this answer of a client");
            eyot_metrics::messages_dropped("answer_unmatched");
        }
        Ok(Reply::None)
    }
}

/// The session of a legacy call.
fn context(call: &Call) -> Option<Arc<SessionHandle>> {
    call.session.clone()
}

/// The revision that a call speaks.
fn revision(call: &Call) -> Revision {
    match call.peer.era {
        Era::Modern => Revision::MODERN,
        Era::Legacy => {
            context(call).and_then(|it| it.revision()).unwrap_or(Revision::LATEST_LEGACY)
        }
    }
}

fn ready(reply: Result<Reply, Fault>) -> ReplyFuture {
    Box::pin(std::future::ready(reply))
}

fn decode<T: DeserializeOwned>(message: &Message) -> Result<T, ErrorObject> {
    message.decode_params().map_err(|error| codes::invalid_params(&error.to_string()))
}

/// Whether clients of this era know the method.
fn is_of(method: Method<'_>, era: Era) -> bool {
    Revision::of_era(era).iter().any(|it| method.is_in(*it))
}

/// Answers once a change of the session is stored.
fn answer_once(
    stored: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    answer: Response,
) -> ReplyFuture {
    Box::pin(async move {
        match stored.await {
            Ok(()) => Ok(Reply::One(answer)),
            Err(error) => {
                tracing::error!(%error, "state of a session was not stored");
                Err(Fault::internal("the session store cannot be used now"))
            }
        }
    })
}

fn no_session() -> ErrorObject {
    ErrorObject::new(INVALID_REQUEST, "there is no session to change")
}

/// "Servers SHOULD return standard JSON-RPC errors": −32002 before 2026-07-28; that revision says
/// −32602 (server/resources, Error Handling).
fn unknown_resource(era: Era, uri: &str) -> ErrorObject {
    let code = match era {
        Era::Legacy => codes::RESOURCE_NOT_FOUND,
        Era::Modern => INVALID_PARAMS,
    };
    ErrorObject::new(code, "Resource not found").with_data(serde_json::json!({ "uri": uri }))
}

/// Checks the headers that mirror arguments against the arguments.
fn check_mirrored(
    tool: &RegisteredTool<CallContext>,
    call: &Call,
    message: &Message,
) -> Result<(), ErrorObject> {
    if tool.mirrored.is_empty()
        || call.peer.era == Era::Legacy
        || call.peer.transport != Transport::Http
    {
        return Ok(());
    }
    let params: JsonObject = decode(message)?;
    let arguments = params.get("arguments").and_then(|it| it.as_object());
    let headers = call.extensions.get::<HeaderMap>();
    let header = |name: &str| headers?.get(name).map(|it| it.as_bytes());
    match arguments {
        Some(arguments) => tool.mirrored.check(arguments, header),
        None => tool.mirrored.check(&JsonObject::new(), header),
    }
}
