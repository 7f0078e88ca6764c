//! A stack of HTTP services, asked for one request.

use std::convert::Infallible;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use eyot_http::RequestBody;
use futures_util::future::Either;
use http::{Request, Response};
use tower_service::Service;

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
