//! An upstream session of the legacy era, over any carrier.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Notification, Request, Response};
use eyot_service::{
    BoxService, Call, Entered, Fault, Input, Messages, Peer, Reply, ReplyFuture, ServiceLayer,
};
use eyot_types::Era;
use eyot_types::codes::{self, Outcome};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tower_service::Service;

use crate::http_legacy::ResumedSession;
use crate::http_link::HttpLink;
use crate::legacy_link::LegacyLink;
use crate::lines::connection::LineConnection;
use crate::target::{Runtime, Target};

/// One upstream session, a service like everything that answers calls. Cheap to clone.
///
/// A call of its own methods passes the layers of its [`Runtime`], too, as a call of the peer that
/// the session was opened for.
#[derive(Clone, Debug)]
pub struct LegacyConnection {
    link: LegacyLink,
    /// `None`: there are no layers.
    layered: Option<Arc<Layered>>,
}

/// A link behind layers, and the client that the session is held for.
#[derive(Debug)]
struct Layered {
    service: BoxService,
    layers: ServiceLayer,
    peer: Peer,
}

/// The outcome of opening a session.
#[derive(Debug)]
pub struct Opened {
    /// The session; useless if the answer is an error.
    pub connection: LegacyConnection,
    /// The upstream's answer to `initialize`, under the caller's id.
    pub answer: Response,
}

/// `notifications/cancelled` for a call of ours, by the id that the upstream knows.
#[derive(Clone, Debug)]
pub struct Cancellation(Notification);

/// The link that a session is opened over.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "every kind of link that carries legacy sessions")]
pub enum LegacySource {
    /// A URL, and what every request to it carries.
    Http(HttpLink),
    /// A link of lines, which its maker drives.
    Lines(LineConnection),
}

impl LegacyConnection {
    /// Opens a session with a client's own `initialize`: starts a child, takes a stream, or asks a
    /// URL. `peer` is the client that the session is held for.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the upstream cannot be reached or does not answer, or there are too many
    /// children. An answer that is an error is no fault.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the child; a session at a URL may stay behind.
    pub async fn open(
        target: &Target,
        peer: &Peer,
        initialize: Request,
        runtime: &Runtime,
    ) -> Result<Opened, Fault> {
        let timeout = runtime.limits.calls.timeout;
        let source = Self::source(target, peer, runtime).await?;
        let opening = Self::open_over(source, peer, initialize, runtime);
        tokio::time::timeout(timeout, opening).await.unwrap_or_else(|_elapsed| {
            let reason = format!("upstream did not answer `initialize` in {timeout:?}");
            Err(Fault::upstream(codes::upstream_lost(&reason, Outcome::Unknown, true)))
        })
    }

    /// The link that a session is opened over.
    async fn source(
        target: &Target,
        peer: &Peer,
        runtime: &Runtime,
    ) -> Result<LegacySource, Fault> {
        if let Target::Url(link) = target
            && (!link.transport().is_sse() || link.transport().is_stale())
        {
            return Ok(LegacySource::Http(link.clone()));
        }
        let owner = peer.principal_name();
        let started = LineConnection::start(target, Era::Legacy, owner, runtime).await;
        match (started, target.http_link()) {
            (Ok(connection), _) => Ok(LegacySource::Lines(connection)),
            // The server has given up the old transport.
            (Err(_), Some(link)) => Ok(LegacySource::Http(link.clone())),
            (Err(fault), None) => Err(fault),
        }
    }

    /// Opens a session over a link that is there already.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    ///
    /// # Cancel safety
    ///
    /// The request may have been sent; a session at a URL may stay behind.
    pub async fn open_over(
        source: LegacySource,
        peer: &Peer,
        initialize: Request,
        runtime: &Runtime,
    ) -> Result<Opened, Fault> {
        if runtime.layers.is_empty() {
            let (link, answer) = LegacyLink::open(source, initialize, runtime).await?;
            return Ok(Opened { connection: Self { link, layered: None }, answer });
        }
        let opened = Arc::new(OnceLock::new());
        let source = (source, runtime.clone());
        let link = LayeredLink { source: Some(Box::new(source)), link: Arc::clone(&opened) };
        let (layers, peer) = (runtime.layers.clone(), peer.clone());
        let layered = Layered { service: link.behind(runtime), layers, peer };
        let answer = layered.call(Input::Request(initialize)).await?.answer(drop).await?;
        // Not opened: a layer has answered in the place of the upstream.
        let link = opened.get().cloned().unwrap_or(LegacyLink::Unopened);
        let connection = Self { link, layered: Some(Arc::new(layered)) };
        Ok(Opened { connection, answer })
    }

    /// Goes on with a session that an earlier process opened for `peer`; `None` when it cannot
    /// have outlived that process.
    #[must_use]
    pub fn resume(
        target: &Target,
        peer: &Peer,
        session: &ResumedSession<'_>,
        runtime: &Runtime,
    ) -> Option<Self> {
        let link = LegacyLink::resume(target, session, runtime)?;
        if runtime.layers.is_empty() {
            return Some(Self { link, layered: None });
        }
        let inner = LayeredLink { source: None, link: Arc::new(OnceLock::from(link.clone())) };
        let (service, layers) = (inner.behind(runtime), runtime.layers.clone());
        let layered = Layered { service, layers, peer: peer.clone() };
        Some(Self { link, layered: Some(Arc::new(layered)) })
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// A [`Fault`]; its kind is [`eyot_service::FaultKind::SessionGone`] when the upstream
    /// no longer knows the session.
    ///
    /// # Cancel safety
    ///
    /// The request may have been sent. Over HTTP it goes on; a child is told to cancel it.
    pub async fn request(&self, request: Request) -> Result<Reply, Fault> {
        let request = match &self.layered {
            None => request,
            Some(layered) => {
                let call = |it| Call::new(Input::Request(it), layered.peer.clone());
                match layered.layers.enter(request, call) {
                    Entered::Unconcerned(request) => request,
                    Entered::Past(Call { input: Input::Request(request), .. }) => request,
                    Entered::Past(call) => return self.link.clone().answer(call.input).await,
                    Entered::Through(call) => return layered.service.clone().call(call).await,
                    Entered::Answered(reply) => return reply,
                }
            }
        };
        self.link.request(request).await
    }

    /// Sends a notification or a response. `notifications/cancelled` names the caller's id of one
    /// of its calls.
    ///
    /// # Errors
    ///
    /// As [`Self::request`].
    ///
    /// # Cancel safety
    ///
    /// The message may have been sent.
    pub async fn send(&self, message: Message) -> Result<(), Fault> {
        match &self.layered {
            None => self.link.send(message).await,
            Some(layered) => layered.call(message.into()).await.map(drop),
        }
    }

    /// The message that tells the upstream that the caller has given up its call `id`. `None`: no
    /// message is due, because over lines the driver sends it when the call is dropped. It can
    /// still be sent when the call has gone.
    #[must_use]
    pub fn cancellation(&self, id: &Id, reason: &str) -> Option<Cancellation> {
        self.link.cancellation(id, reason).map(Cancellation)
    }

    /// Tells the upstream that a call is given up. No layer sees it: its call has gone already.
    ///
    /// # Errors
    ///
    /// As [`Self::request`].
    ///
    /// # Cancel safety
    ///
    /// The message may have been sent.
    pub async fn send_cancellation(&self, cancellation: Cancellation) -> Result<(), Fault> {
        self.link.send_as_is(cancellation.0.into_message()).await
    }

    /// The messages that belong to no call, from after `cursor`. Over HTTP the upstream's
    /// stream is open when this returns, if the upstream offers one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops listening.
    pub async fn listen(&self, cursor: Option<Bytes>) -> Messages {
        match &self.layered {
            None => self.link.listen(cursor).await,
            Some(layered) => messages_of(layered.call(Input::Listen { cursor }).await),
        }
    }

    /// Like [`Self::listen`], but waits at most `patience` for the upstream's stream to be open: some
    /// upstreams say nothing on it before they have something to say.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::listen`].
    pub async fn listen_soon(&self, cursor: Option<Bytes>, patience: Duration) -> Messages {
        let connection = self.clone();
        let mut opening = Box::pin(async move { connection.listen(cursor).await });
        match tokio::time::timeout(patience, &mut opening).await {
            Ok(messages) => messages,
            Err(_elapsed) => Messages::new(stream::once(opening).flatten()),
        }
    }

    /// The rest of a call that an earlier process began; `None` when nothing is left of it.
    #[must_use]
    pub fn follow(&self, request_id: Id, cursor: Option<Bytes>) -> Option<Messages> {
        let Some(layered) = &self.layered else { return self.link.follow(request_id, cursor) };
        let can_follow = cursor.is_some() && self.link.can_resume();
        can_follow.then(|| {
            let replying = layered.call(Input::Resume { request_id, cursor });
            Messages::new(replying.map(messages_of).into_stream().flatten())
        })
    }

    /// Ends the upstream session. A child ends when the last handle is dropped.
    ///
    /// # Cancel safety
    ///
    /// The session may stay behind at the upstream.
    pub async fn close(&self) {
        match &self.layered {
            None => self.link.close().await,
            Some(layered) => {
                if let Err(fault) = layered.call(Input::Close).await {
                    tracing::debug!(%fault, "a layer kept a session from being closed");
                }
            }
        }
    }

    /// Why the link of lines has ended.
    #[must_use]
    pub fn end_reason(&self) -> String {
        self.link.end_reason()
    }

    /// Whether it can still be used.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.link.is_open()
    }

    /// The cookies that the upstream has set in the session until now; `None`: there are none. They
    /// are as secret as its id.
    #[must_use]
    pub fn cookies(&self) -> Option<String> {
        self.link.cookies()
    }

    /// The upstream's id of the session, if it gave one.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.link.session_id()
    }
}

impl Service<Call> for LegacyConnection {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        match &self.layered {
            None => self.link.clone().answer(call.input),
            Some(layered) => layered.service.clone().call(call),
        }
    }
}

impl Layered {
    fn call(&self, input: Input) -> ReplyFuture {
        self.service.clone().call(Call::new(input, self.peer.clone()))
    }
}

/// A link as the innermost of its layers: the first request that comes through opens it.
#[derive(Clone, Debug)]
struct LayeredLink {
    /// `None`: the link is open from the start.
    source: Option<Box<(LegacySource, Runtime)>>,
    link: Arc<OnceLock<LegacyLink>>,
}

impl LayeredLink {
    /// The link behind its layers.
    fn behind(self, runtime: &Runtime) -> BoxService {
        runtime.layers.around(BoxService::from_fn(move |call| self.answer(call)))
    }

    fn answer(&self, call: Call) -> ReplyFuture {
        if let Some(link) = self.link.get() {
            return link.clone().answer(call.input);
        }
        match (call.input, self.source.clone()) {
            (Input::Request(initialize), Some(source)) => {
                let opened = Arc::clone(&self.link);
                Box::pin(async move {
                    let (source, runtime) = *source;
                    let (link, answer) = LegacyLink::open(source, initialize, &runtime).await?;
                    opened.get_or_init(|| link);
                    Ok(Reply::One(answer))
                })
            }
            _ => Box::pin(std::future::ready(Err(Fault::internal("session was not opened")))),
        }
    }
}

/// The messages of a reply that has no answer of its own.
fn messages_of(reply: Result<Reply, Fault>) -> Messages {
    match reply {
        Ok(Reply::Stream(messages)) => messages,
        Ok(Reply::One(message)) => Messages::new(stream::iter([Ok(message.into())])),
        Ok(Reply::None) => Messages::new(stream::empty()),
        Err(fault) => Messages::new(stream::iter([Err(fault)])),
    }
}
