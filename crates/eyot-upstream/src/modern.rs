//! An upstream of the modern era, over any carrier.

use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_jsonrpc::{Message, Request, Response};
use eyot_service::{
    BoxService, Call, Entered, Fault, Input, Peer, Reply, ReplyFuture, ServiceLayer,
};
use eyot_types::{Era, headers};
use http::{Extensions, HeaderMap, StatusCode};
use tower_service::Service;

use crate::http_link::HttpLink;
use crate::http_modern::HttpModern;
use crate::lines::connection::LineConnection;
use crate::target::{Runtime, Target};

/// A connection that any number of clients share, a service like everything that answers calls.
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct ModernConnection {
    link: Link,
    /// The link behind layers; `None`: there are none.
    layered: Option<Layered>,
}

/// A link behind layers.
#[derive(Clone, Debug)]
struct Layered {
    service: BoxService,
    layers: ServiceLayer,
}

#[derive(Clone, Debug)]
enum Link {
    Lines(Arc<LineConnection>),
    Http(Arc<HttpModern>),
}

/// The sender of a message, and the headers that go along with it.
#[derive(Clone, Debug)]
pub struct Sender {
    peer: Peer,
    /// What the client mirrored from parameters into headers (`Mcp-Param-*`).
    /// Boxed, because most have none.
    headers: Option<Box<HeaderMap>>,
}

impl Sender {
    /// The client of a call. Headers that mirror parameters go along; credentials and everything
    /// else stay behind.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        Self::of_peer(call.peer.clone(), &call.extensions)
    }

    /// The client of a call with these extensions.
    #[must_use]
    pub fn of_peer(peer: Peer, extensions: &Extensions) -> Self {
        match extensions.get::<HeaderMap>() {
            Some(headers) => Self::new(peer, mirrored_params(headers)),
            None => Self { peer, headers: None },
        }
    }

    /// A client, and headers that mirror the parameters of its request.
    #[must_use]
    pub fn new(peer: Peer, headers: HeaderMap) -> Self {
        let headers = (!headers.is_empty()).then(|| Box::new(headers));
        Self { peer, headers }
    }

    /// Eyot itself.
    #[must_use]
    pub fn ourselves() -> Self {
        Self::new(Peer::ourselves(Era::Modern), HeaderMap::new())
    }

    /// The principal of the sender.
    pub(crate) fn owner(&self) -> Option<&Arc<str>> {
        self.peer.principal_name()
    }

    fn call(&self, input: Input) -> Call {
        let mut call = Call::new(input, self.peer.clone());
        if let Some(headers) = &self.headers {
            call.extensions.insert(HeaderMap::clone(headers));
        }
        call
    }
}

fn mirrored_params(headers: &HeaderMap) -> HeaderMap {
    let is_parameter = |name: &str| name.starts_with(headers::PARAM_PREFIX);
    let picked = headers.iter().filter(|(name, _)| is_parameter(name.as_str()));
    picked.map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl ModernConnection {
    /// Connects: starts a child, takes a stream, or makes ready to ask a URL.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the child cannot be started, there are too many, or the stream is used up.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future starts nothing; a stream may be used up.
    pub async fn open(
        target: &Target,
        owner: Option<&Arc<str>>,
        runtime: &Runtime,
    ) -> Result<Self, Fault> {
        Ok(match target.http_link() {
            Some(link) => Self::over_http(link.clone(), runtime),
            None => {
                let starting = LineConnection::start(target, Era::Modern, owner, runtime);
                Self::over_lines(starting.await?, runtime)
            }
        })
    }

    /// Requests to a URL.
    #[must_use]
    pub fn over_http(link: HttpLink, runtime: &Runtime) -> Self {
        Self::over(Link::Http(Arc::new(HttpModern::new(link, &runtime.limits))), runtime)
    }

    /// Requests over a link of lines, which its maker drives.
    #[must_use]
    pub fn over_lines(connection: LineConnection, runtime: &Runtime) -> Self {
        Self::over(Link::Lines(Arc::new(connection)), runtime)
    }

    fn over(link: Link, runtime: &Runtime) -> Self {
        let layers = Some(&runtime.layers).filter(|it| !it.is_empty());
        let layered = layers.map(|it| {
            let link = link.clone();
            let service = it.around(BoxService::from_fn(move |call| link.clone().answer(call)));
            Layered { service, layers: it.clone() }
        });
        Self { link, layered }
    }

    /// Sends a request; dropping the reply cancels it.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when there is no answer; an answer that is an error is none.
    ///
    /// # Cancel safety
    ///
    /// The upstream is told that its call is given up.
    pub async fn request(&self, request: Request, sender: &Sender) -> Result<Reply, Fault> {
        let mut entered = None;
        let request = match &self.layered {
            None => request,
            Some(Layered { service, layers }) => {
                match layers.enter(request, |it| sender.call(Input::Request(it))) {
                    Entered::Unconcerned(request) => request,
                    Entered::Past(Call {
                        input: Input::Request(request),
                        peer,
                        extensions,
                        ..
                    }) => {
                        entered = Some(Sender::of_peer(peer, &extensions));
                        request
                    }
                    Entered::Past(call) => return self.link.clone().answer(call).await,
                    Entered::Through(call) => return service.clone().call(call).await,
                    Entered::Answered(reply) => return reply,
                }
            }
        };
        let Sender { headers, .. } = entered.as_ref().unwrap_or(sender);
        self.link.request(request, headers.as_deref()).await
    }

    /// Asks for what the upstream is, with a request that gets one answer, and tells the HTTP
    /// status that came with it. No layer sees it: it belongs to no client.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when there is no answer.
    ///
    /// # Cancel safety
    ///
    /// The upstream is told that its call is given up.
    pub async fn ask(&self, request: Request) -> Result<(StatusCode, Response), Fault> {
        match &self.link {
            Link::Lines(connection) => {
                let answer = connection.request(request).await?.answer(drop).await?;
                Ok((StatusCode::OK, answer))
            }
            Link::Http(upstream) => upstream.ask(request).await,
        }
    }

    /// Sends a notification.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when it was not taken.
    ///
    /// # Cancel safety
    ///
    /// The message may have been sent.
    pub async fn send(&self, message: Message, sender: &Sender) -> Result<(), Fault> {
        match &self.layered {
            None => self.link.send(message, sender.headers.as_deref()).await,
            Some(layered) => {
                layered.service.clone().call(sender.call(message.into())).await.map(drop)
            }
        }
    }

    /// Why the link of lines has ended.
    #[must_use]
    pub fn end_reason(&self) -> String {
        match &self.link {
            Link::Lines(connection) => connection.end_reason(),
            Link::Http(_) => "upstream has ended".to_owned(),
        }
    }

    /// Whether it can still be used.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &self.link {
            Link::Lines(connection) => connection.is_open(),
            Link::Http(_) => true,
        }
    }
}

impl Service<Call> for ModernConnection {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        match &mut self.layered {
            None => self.link.clone().answer(call),
            Some(layered) => layered.service.call(call),
        }
    }
}

impl Link {
    /// The future of the reply to a call.
    fn answer(self, call: Call) -> ReplyFuture {
        let Sender { headers, .. } = Sender::of(&call);
        let link = self;
        match call.input {
            Input::Request(request) => {
                Box::pin(async move { link.request(request, headers.as_deref()).await })
            }
            Input::Notification(notification) => Box::pin(async move {
                link.send(notification.into(), headers.as_deref()).await.map(|()| Reply::None)
            }),
            Input::Response(response) => Box::pin(async move {
                link.send(response.into(), headers.as_deref()).await.map(|()| Reply::None)
            }),
            _ => Box::pin(std::future::ready(Err(Fault::internal(
                "modern clients have no sessions",
            )))),
        }
    }

    async fn request(&self, request: Request, headers: Option<&HeaderMap>) -> Result<Reply, Fault> {
        match self {
            Self::Lines(connection) => connection.request(request).await,
            Self::Http(upstream) => upstream.request(request, headers).await,
        }
    }

    async fn send(&self, message: Message, headers: Option<&HeaderMap>) -> Result<(), Fault> {
        match self {
            Self::Lines(connection) => connection.send(message).await,
            Self::Http(upstream) => upstream.send(message, headers).await,
        }
    }
}
