//! Stacks of HTTP services, asked for one request.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use eyot_http::{OutgoingBody, RequestBody};
use futures_util::future::Either;
use http::{Request, Response};
use tower_service::Service;

use crate::endpoint::Answering;

/// Calls a stack as soon as it is ready. Most are always ready: theirs is the future that is returned.
pub(crate) fn call<S, B>(
    stack: &S,
    request: Request<RequestBody>,
) -> impl Future<Output = Response<B>> + use<S, B>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone,
{
    let mut stack = stack.clone();
    let answering = match stack.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => Either::Left(stack.call(request)),
        Poll::Pending => Either::Right(Box::pin(async move {
            let Ok(()) = poll_fn(|cx| stack.poll_ready(cx)).await;
            stack.call(request).await
        })),
    };
    async move {
        let Ok(response) = answering.await;
        response
    }
}

/// Any HTTP service behind one type, where what a box costs does not matter.
#[derive(Clone)]
pub(crate) struct Route(Arc<dyn Fn(Request<RequestBody>) -> Answering + Send + Sync>);

impl Route {
    /// Wraps a service. Each request works on a clone of it.
    pub(crate) fn new<S>(service: S) -> Self
    where
        S: Service<
                Request<RequestBody>,
                Response = Response<OutgoingBody>,
                Error = Infallible,
                Future: Send,
            > + Clone
            + Send
            + Sync
            + 'static,
    {
        Self(Arc::new(move |request| {
            let answering = call(&service, request);
            Box::pin(async move { Ok(answering.await) })
        }))
    }

    /// What a function answers at once.
    pub(crate) fn of_fn(
        answer: impl Fn(Request<RequestBody>) -> Response<OutgoingBody> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |request| Box::pin(std::future::ready(Ok(answer(request))))))
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: Request<RequestBody>) -> Answering {
        self.0(request)
    }
}
