//! The first questions to a request: may it come in, and which era does it belong to?

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::without_byte_order_mark;
use eyot_http::{
    AllowedPage, HostPolicy, OutgoingBody, RequestBody, RequestHead, empty, error, fault,
    not_allowed, read_body, refused,
};
use eyot_jsonrpc::{Incoming, Message, Request as McpRequest};
use eyot_service::{Fault, Limits, Peer, Principal, Shutdown, TotalQuota, Transport};
use eyot_types::{Era, Method as McpMethod, Revision};
use http::header::{CONNECTION, ORIGIN};
use http::{HeaderValue, Method, Response, StatusCode, request};

use crate::auth::{AuthRefusal, Authenticate, Authenticated, Authentication, Credentials};
use crate::cors;
use crate::http_sse::{self, HttpSse};
use crate::legacy::{Legacy, NoSession};
use crate::modern::{Modern, is_claimed};
use crate::refusals::body_failed;
use crate::request_context::{ConnectionContext, RequestContext};
use crate::services::{Services, is_at};
use crate::web_socket;

type Answer = Response<OutgoingBody>;

/// Hands the requests of an endpoint to the era that they belong to.
#[derive(Debug)]
pub(crate) struct EraSwitch {
    pub(crate) services: Services,
    pub(crate) web_socket_path: Option<String>,
    pub(crate) hosts: HostPolicy,
    pub(crate) auth: Arc<dyn Authenticate>,
    pub(crate) legacy: Arc<Legacy>,
    pub(crate) modern: Modern,
    /// `None`: the old transport is not served.
    pub(crate) http_sse: Option<Arc<HttpSse>>,
    pub(crate) connections: TotalQuota,
    pub(crate) shutdown: Shutdown,
    pub(crate) limits: Arc<Limits>,
}

/// When a principal may have closed one of its connections.
const FULL_RETRY: Duration = Duration::from_secs(1);

/// What a path belongs to.
#[derive(Clone, Copy, Debug)]
enum Face<'a> {
    /// Streamable HTTP, in both eras.
    Endpoint,
    /// The stream of the old transport.
    Stream(&'a Arc<HttpSse>),
    /// The way up of the old transport.
    Messages(&'a Arc<HttpSse>),
    /// Where a connection becomes a WebSocket.
    WebSocket,
}

impl Face<'_> {
    const fn methods(self) -> &'static str {
        match self {
            Self::Endpoint => METHODS,
            Self::Stream(_) => "GET, OPTIONS",
            Self::Messages(_) => "POST, OPTIONS",
            Self::WebSocket => web_socket::METHODS,
        }
    }

    const fn transport(self) -> Transport {
        match self {
            Self::Endpoint | Self::Stream(_) | Self::Messages(_) => Transport::Http,
            Self::WebSocket => Transport::WebSocket,
        }
    }
}

const METHODS: &str = "GET, POST, DELETE, OPTIONS";

impl EraSwitch {
    /// Answers one request.
    pub(crate) async fn handle(
        &self,
        parts: &request::Parts,
        body: RequestBody,
        connection: &ConnectionContext,
    ) -> Answer {
        let head = RequestHead::read(&parts.headers);
        let checked = match parts.extensions.get::<AllowedPage>() {
            Some(AllowedPage) => self.hosts.check_host(&parts.uri, &head),
            None => self.hosts.check(&parts.uri, &head),
        };
        if let Err(forbidden) = checked {
            return refused(StatusCode::FORBIDDEN, None, &forbidden.to_string());
        }
        let Some(face) = self.face(parts.uri.path(), connection) else {
            return empty(StatusCode::NOT_FOUND);
        };
        let mut answer = self.admitted(face, parts, (&head, body), connection).await;
        if let Some(origin) = parts.headers.get(ORIGIN) {
            cors::allow(origin.clone(), &mut answer);
        }
        answer
    }

    /// What the endpoint has at a path. A slash behind it changes nothing: many write one. All of a
    /// foreign server's paths that lead here are those of Streamable HTTP.
    fn face(&self, path: &str, connection: &ConnectionContext) -> Option<Face<'_>> {
        let is_at = |own: &str| is_at(own, path);
        if !connection.is_ours || self.services.covers(path) {
            return Some(Face::Endpoint);
        }
        if self.web_socket_path.as_deref().is_some_and(is_at) {
            return Some(Face::WebSocket);
        }
        let http_sse = self.http_sse.as_ref()?;
        if is_at(http_sse::STREAM_PATH) {
            return Some(Face::Stream(http_sse));
        }
        is_at(http_sse::MESSAGES_PATH).then_some(Face::Messages(http_sse))
    }

    async fn admitted(
        &self,
        face: Face<'_>,
        parts: &request::Parts,
        (head, body): (&RequestHead<'_>, RequestBody),
        connection: &ConnectionContext,
    ) -> Answer {
        if parts.method == Method::OPTIONS {
            return cors::preflight(&parts.headers, face.methods());
        }
        let (address, certificate) = (connection.from, connection.certificate.as_ref());
        let credentials = Credentials { head, parts, address, certificate };
        let authenticated = match self.auth.authenticate(&credentials) {
            Authentication::Ready(authenticated) => authenticated,
            Authentication::Pending(asking) => self.ask(asking).await,
        };
        let principal = match authenticated {
            Ok(principal) => principal,
            Err(refusal) => return refusal.into_answer(),
        };
        if let Err(refusal) = self.take_place(connection, principal.as_ref()) {
            return *refusal;
        }
        let (transport, reach) = (face.transport(), connection.reach);
        let peer = Peer { era: Era::Legacy, principal, address, transport, reach };
        if self.shutdown.is_draining() {
            return refused(StatusCode::SERVICE_UNAVAILABLE, None, "server is shutting down");
        }
        if matches!(face, Face::WebSocket) {
            return web_socket::answer(parts, peer, connection);
        }
        let timer = &connection.timer;
        match (face, &parts.method) {
            (Face::Stream(streams), &Method::GET) => return streams.open(&peer),
            (Face::Messages(streams), &Method::POST) => {
                let posting = streams.post(parts.uri.query(), head, body, &peer);
                return Box::pin(posting).await;
            }
            (Face::Endpoint, _) => {}
            _ => return not_allowed(face.methods()),
        }
        let accepts = head.accepts();
        match &self.services {
            Services::One { found, .. } => {
                let context = RequestContext { peer, accepts, timer, found };
                self.exchange(parts, (head, body), &context).await
            }
            Services::Many(services) => match services.find(&parts.uri, &peer).await {
                Ok(found) => {
                    let context = RequestContext { peer, accepts, timer, found: &found };
                    // Boxed: an endpoint of one service has no room for it.
                    Box::pin(self.exchange(parts, (head, body), &context)).await
                }
                Err(refusal) => fault(None, &refusal, Era::Legacy),
            },
        }
    }

    /// Streamable HTTP with one service.
    async fn exchange(
        &self,
        parts: &request::Parts,
        (head, body): (&RequestHead<'_>, RequestBody),
        context: &RequestContext<'_>,
    ) -> Answer {
        match parts.method {
            Method::POST => self.post(parts, head, body, context).await,
            Method::GET => Box::pin(self.get(parts, head, context)).await,
            Method::DELETE => Box::pin(self.delete(parts, head, context)).await,
            _ => not_allowed(METHODS),
        }
    }

    /// Counts a connection for the principal of its first request.
    fn take_place(
        &self,
        connection: &ConnectionContext,
        principal: Option<&Principal>,
    ) -> Result<(), Box<Answer>> {
        let is_counted = connection.place.get().is_some();
        if is_counted || !connection.is_ours {
            return Ok(());
        }
        match self.connections.acquire(principal.map(Principal::name), 0) {
            Ok(permit) => {
                // The requests of a connection come one after the other.
                connection.place.get_or_init(|| permit);
                Ok(())
            }
            Err(error) => {
                let mut answer = fault(None, &Fault::overloaded(error, FULL_RETRY), Era::Legacy);
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                Err(Box::new(answer))
            }
        }
    }

    /// Waits for another service to say who the client is.
    async fn ask(&self, asking: impl Future<Output = Authenticated>) -> Authenticated {
        let patience = self.limits.http.authentication_timeout;
        let answered = tokio::time::timeout(patience, asking).await;
        answered.unwrap_or_else(|_elapsed| {
            Err(AuthRefusal::unavailable("credentials cannot be checked now"))
        })
    }

    async fn post(
        &self,
        parts: &request::Parts,
        head: &RequestHead<'_>,
        body: RequestBody,
        context: &RequestContext<'_>,
    ) -> Answer {
        if let Err(refusal) = head.check_json_body() {
            return refused(refusal.status(), None, &refusal.to_string());
        }
        if !context.accepts.json && !context.accepts.events {
            let message = "Accept must allow application/json and text/event-stream";
            return refused(StatusCode::NOT_ACCEPTABLE, None, message);
        }
        let bytes = match read_body(body, &self.limits).await {
            Ok(bytes) => without_byte_order_mark(bytes),
            Err(failure) => return body_failed(failure),
        };
        let incoming = match Incoming::parse(bytes, &self.limits.messages.scan) {
            Ok(incoming) => incoming,
            Err(failure) => {
                return error(StatusCode::BAD_REQUEST, failure.id(), &failure.error_object());
            }
        };
        match incoming {
            Incoming::One(message) if is_claimed(&message, head) => {
                self.modern.post(message, &parts.headers, head, context).await
            }
            incoming => self.post_legacy(incoming, parts, head, context).await,
        }
    }

    async fn post_legacy(
        &self,
        incoming: Incoming,
        parts: &request::Parts,
        head: &RequestHead<'_>,
        context: &RequestContext<'_>,
    ) -> Answer {
        if let Err(refusal) = check_revision(head) {
            return *refusal;
        }
        let session_id = match head.session_id() {
            Ok(session_id) => session_id,
            Err(refusal) => return refused(refusal.status(), None, &refusal.to_string()),
        };
        let incoming = match incoming {
            Incoming::One(message) if session_id.is_none() => match initialize(message) {
                Ok(request) => return Box::pin(self.legacy.initialize(request, context)).await,
                Err(message) => Incoming::One(message),
            },
            incoming => incoming,
        };
        let session = match self.legacy.session(session_id, context).await {
            Ok(session) => session,
            Err(NoSession::Refused(refusal)) => return *refusal,
            Err(NoSession::Elsewhere(link)) => {
                return Box::pin(link.pass_on(parts, bytes_of(&incoming))).await;
            }
        };
        self.legacy.post(session, incoming, context).await
    }

    async fn get(
        &self,
        parts: &request::Parts,
        head: &RequestHead<'_>,
        context: &RequestContext<'_>,
    ) -> Answer {
        if is_modern(head) {
            return not_allowed("POST");
        }
        if !context.accepts.events {
            let message = "Accept must allow text/event-stream";
            return refused(StatusCode::NOT_ACCEPTABLE, None, message);
        }
        let (session_id, last_event_id) = match (head.session_id(), head.last_event_id()) {
            (Ok(session_id), Ok(last_event_id)) => (session_id, last_event_id),
            (Err(refusal), _) | (_, Err(refusal)) => {
                return refused(refusal.status(), None, &refusal.to_string());
            }
        };
        if let Err(refusal) = check_revision(head) {
            return *refusal;
        }
        match self.legacy.session(session_id, context).await {
            Ok(session) => self.legacy.get(session, last_event_id, context).await,
            Err(no_session) => passed_on(no_session, parts).await,
        }
    }

    async fn delete(
        &self,
        parts: &request::Parts,
        head: &RequestHead<'_>,
        context: &RequestContext<'_>,
    ) -> Answer {
        if is_modern(head) {
            return not_allowed("POST");
        }
        let session_id = match head.session_id() {
            Ok(session_id) => session_id,
            Err(refusal) => return refused(refusal.status(), None, &refusal.to_string()),
        };
        match self.legacy.session(session_id, context).await {
            Ok(session) => self.legacy.delete(&session, context).await,
            Err(no_session) => passed_on(no_session, parts).await,
        }
    }
}

/// The answer to a request without a body whose session is not served here.
async fn passed_on(no_session: NoSession, parts: &request::Parts) -> Answer {
    match no_session {
        NoSession::Refused(refusal) => *refusal,
        NoSession::Elsewhere(link) => link.pass_on(parts, Bytes::new()).await,
    }
}

/// What has come, as bytes again.
fn bytes_of(incoming: &Incoming) -> Bytes {
    match incoming {
        Incoming::One(message) => message.to_bytes(),
        Incoming::Batch(messages) => {
            let texts: Vec<Bytes> = messages.iter().map(Message::to_bytes).collect();
            [b"[".as_slice(), &texts.join(b",".as_slice()), b"]"].concat().into()
        }
    }
}

/// The message as the request that opens a session, if it is that.
fn initialize(message: Message) -> Result<McpRequest, Message> {
    match message.is_method(McpMethod::Initialize.as_str()) {
        true => message.into_request(),
        false => Err(message),
    }
}

/// A GET or DELETE of the modern era, which has neither.
fn is_modern(head: &RequestHead<'_>) -> bool {
    let version = head.protocol_version().ok().flatten();
    version == Some(Revision::MODERN.as_str())
}

/// "If the server receives a request with an invalid or unsupported
/// `MCP-Protocol-Version`, it MUST respond with 400 Bad Request" (2025-06-18 and
/// 2025-11-25); a missing one is 2025-03-26.
fn check_revision(head: &RequestHead<'_>) -> Result<(), Box<Answer>> {
    let version = match head.protocol_version() {
        Ok(version) => version,
        Err(refusal) => return Err(refused(refusal.status(), None, &refusal.to_string()).into()),
    };
    let revision = version.map(|it| it.parse::<Revision>());
    match revision {
        None => Ok(()),
        Some(Ok(revision)) if revision.era() == Era::Legacy => Ok(()),
        Some(_) => {
            let supported: Vec<_> = Revision::LEGACY.iter().map(|it| it.as_str()).collect();
            let message = format!("MCP-Protocol-Version must be one of {}", supported.join(", "));
            Err(refused(StatusCode::BAD_REQUEST, None, &message).into())
        }
    }
}
