//! The one trait of everything that answers calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use tower_service::Service;

use crate::{Call, Fault, Reply};

/// The future of a reply.
pub type ReplyFuture = Pin<Box<dyn Future<Output = Result<Reply, Fault>> + Send>>;

/// Answers MCP calls: a handler, a client connection, a relay, a whole stack of layers.
///
/// Implemented by every cloneable [`Service`] of the right types, so that any tower layer
/// can stand in front of it.
pub trait McpService:
    Service<Call, Response = Reply, Error = Fault, Future: Send + 'static>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> McpService for S where
    S: Service<Call, Response = Reply, Error = Fault, Future: Send + 'static>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Any [`McpService`] behind one type, which crates pass to one another.
#[derive(Clone)]
pub struct BoxService(Arc<dyn SharedService>);

impl BoxService {
    /// Wraps a service. Each call works on a clone of it.
    pub fn new(service: impl McpService) -> Self {
        Self(Arc::new(Cloned(service)))
    }

    /// A service that its calls share, in the place where it is already.
    pub fn of_shared(service: Arc<impl SharedService>) -> Self {
        Self(service)
    }

    /// A service of one function, which is always ready.
    pub fn from_fn(answer: impl Fn(Call) -> ReplyFuture + Send + Sync + 'static) -> Self {
        Self(Arc::new(FromFn(answer)))
    }

    /// Wraps a service that boxes its futures itself, without boxing them again.
    pub fn of_boxed<S>(service: S) -> Self
    where
        S: McpService<Future = ReplyFuture>,
    {
        Self(Arc::new(Boxed(service)))
    }

    /// A weak handle, to break a cycle: for a part that the service itself owns.
    #[must_use]
    pub fn downgrade(&self) -> WeakService {
        WeakService(Arc::downgrade(&self.0))
    }
}

/// A weak handle to a [`BoxService`], which does not keep the service alive.
#[derive(Clone)]
pub struct WeakService(Weak<dyn SharedService>);

impl WeakService {
    /// The service; `None` once its last owner has dropped it.
    #[must_use]
    pub fn upgrade(&self) -> Option<BoxService> {
        self.0.upgrade().map(BoxService)
    }
}

impl fmt::Debug for WeakService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakService")
    }
}

impl Service<Call> for BoxService {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        Arc::clone(&self.0).answer(call)
    }
}

impl fmt::Debug for BoxService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxService")
    }
}

/// A service that its calls share: it is not cloned for each, and always ready.
pub trait SharedService: Send + Sync + 'static {
    /// The future of the reply to a call, which may hold the service.
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture;
}

/// A service that is cloned for each call.
struct Cloned<S>(S);

impl<S: McpService> SharedService for Cloned<S> {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        answer(self.0.clone(), call, |future| Box::pin(future))
    }
}

/// A service of one function.
struct FromFn<F>(F);

impl<F: Fn(Call) -> ReplyFuture + Send + Sync + 'static> SharedService for FromFn<F> {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        self.0(call)
    }
}

/// A service whose futures are boxed.
struct Boxed<S>(S);

impl<S: McpService<Future = ReplyFuture>> SharedService for Boxed<S> {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        answer(self.0.clone(), call, |future| future)
    }
}

fn answer<S: McpService>(
    mut service: S,
    call: Call,
    boxed: fn(S::Future) -> ReplyFuture,
) -> ReplyFuture {
    // Most services are always ready: then their future is returned as it is.
    match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => boxed(service.call(call)),
        Poll::Ready(Err(fault)) => Box::pin(std::future::ready(Err(fault))),
        Poll::Pending => Box::pin(async move {
            std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(call).await
        }),
    }
}
