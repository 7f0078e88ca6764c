//! One downstream connection: hyper in one task, strict where hyper is lenient.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use eyot_service::Limits;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body_wakes::TaskWaker;
use crate::head_clock::HeadClock;
use crate::wire::{Signs, Wire};
use crate::{OutgoingBody, RequestBody, respond};

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// By agreement: closed between requests, or drained.
    Clean,
    /// In the middle of a request or response, or by a deadline.
    Broken {
        /// What happened, for the log.
        reason: String,
    },
}

/// A connection that goes on as something else, after a response 101.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "plain data that its users take apart")]
pub struct Upgraded<S> {
    /// The stream.
    pub stream: S,
    /// What has come on it behind the request.
    pub read: Bytes,
}

/// Serves the requests of one connection until it ends.
///
/// As [`serve_until_upgrade`]; a connection that is to go on as something else is closed.
///
/// # Cancel safety
///
/// As [`serve_until_upgrade`].
pub async fn serve_connection<S, H, F, B>(
    stream: S,
    limits: &Limits,
    shutdown: impl Future<Output = ()>,
    handle: H,
) -> ConnectionEnd
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<RequestBody>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + 'static,
{
    match serve_until_upgrade(stream, limits, shutdown, handle).await {
        Ok(_upgraded) => ConnectionEnd::Clean,
        Err(end) => end,
    }
}

/// Serves the requests of one connection until it ends, or a response is 101 (Switching Protocols).
///
/// A request that two readers could read differently is refused here, before `handle` sees it. When
/// `shutdown` is ready, the running response is finished and the connection closed; the senders of
/// streams must end them.
///
/// # Cancel safety
///
/// Dropping the future closes the connection at once and drops what its requests run.
///
/// # Errors
///
/// The [`ConnectionEnd`], unless it was upgraded.
pub async fn serve_until_upgrade<S, H, F, B>(
    stream: S,
    limits: &Limits,
    shutdown: impl Future<Output = ()>,
    handle: H,
) -> Result<Upgraded<S>, ConnectionEnd>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<RequestBody>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + 'static,
{
    let wire = Wire::new(stream, limits.http.write_stall_timeout);
    let signs = wire.signs();
    let clock = HeadClock::new(limits.http.head_timeout);
    let waker = TaskWaker::new();
    let answering = Arc::clone(&signs);
    let service = service_fn(move |request: Request<Incoming>| {
        let refusal = refusal(&request, &answering);
        let handling = match refusal {
            Some(status) => Err(status),
            None => Ok(handle(request.map(RequestBody::hyper))),
        };
        let signs = Arc::clone(&answering);
        async move {
            Ok::<_, Infallible>(match handling {
                Ok(response) => {
                    let response = response.await;
                    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                        signs.switch_protocols();
                    }
                    response.map(Either::Left)
                }
                Err(status) => closing(respond::empty(status)).map(Either::Right),
            })
        }
    });
    let http = http(limits, &clock);
    let mut connection = http.serve_connection(TokioIo::new(wire), service);
    let mut shutdown = pin!(shutdown);
    loop {
        let end = tokio::select! {
            biased;
            served = until_rest(&mut connection, &waker, &signs, &clock) => match served {
                Served::Ended(ended) => return finish(ended, connection, &signs),
                Served::RestUntil(end) => end,
            },
            () = shutdown.as_mut() => {
                Pin::new(&mut connection).graceful_shutdown();
                let ended = (&mut connection).await;
                return finish(ended, connection, &signs);
            }
        };
        // Only hyper's parts hold buffers: at rest there is the stream alone.
        let parts = connection.into_parts();
        let mut wire = parts.io.into_inner();
        wire.put_back(&parts.read_buf);
        drop(parts.read_buf);
        let came = tokio::select! {
            biased;
            came = tokio::time::timeout_at(end.into(), wire.bytes_came()) => came,
            () = shutdown.as_mut() => return Err(ConnectionEnd::Clean),
        };
        match came {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Err(ConnectionEnd::Clean),
            Ok(Err(error)) => return Err(broken(&error)),
            Err(_elapsed) => return Err(broken(&"no request came in time")),
        }
        clock.go_on_until(end);
        connection = http.serve_connection(TokioIo::new(wire), parts.service);
    }
}

fn http(limits: &Limits, clock: &HeadClock) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(clock.clone())
        .header_read_timeout(limits.http.head_timeout)
        .max_header_size(limits.http.head_bytes_max)
        .max_buf_size(limits.http.buffer_bytes_max)
        .max_headers(limits.http.headers_max);
    http
}

/// How the service of a connection stopped.
enum Served {
    Ended(hyper::Result<()>),
    /// Nothing has come for a moment. This is when the wait for it is over.
    RestUntil(Instant),
}

/// Serves until the connection ends, or may rest: between two requests with nothing to write.
async fn until_rest<C>(
    connection: &mut C,
    waker: &TaskWaker,
    signs: &Signs,
    clock: &HeadClock,
) -> Served
where
    C: Future<Output = hyper::Result<()>> + Unpin,
{
    std::future::poll_fn(|cx| {
        let polled = waker.poll(cx, |cx| Pin::new(&mut *connection).poll(cx));
        if let Poll::Ready(ended) = polled {
            return Poll::Ready(Served::Ended(ended));
        }
        match clock.take_rest() {
            Some(end) if !signs.is_stalled() => Poll::Ready(Served::RestUntil(end)),
            _ => Poll::Pending,
        }
    })
    .await
}

/// What becomes of a connection that hyper is done with.
fn finish<S, V>(
    ended: hyper::Result<()>,
    connection: http1::Connection<TokioIo<Wire<S>>, V>,
    signs: &Signs,
) -> Result<Upgraded<S>, ConnectionEnd>
where
    S: AsyncRead + AsyncWrite + Unpin,
    V: HttpService<Incoming, Error: Into<BoxError>, ResBody: Body<Error: Into<BoxError>> + 'static>,
{
    ended.map_err(|error| broken(&error))?;
    if !signs.has_switched() {
        return Err(ConnectionEnd::Clean);
    }
    let parts = connection.into_parts();
    let (stream, unread) = parts.io.into_inner().into_parts();
    Ok(Upgraded { stream, read: [parts.read_buf, unread].concat().into() })
}

fn broken(reason: &impl fmt::Display) -> ConnectionEnd {
    ConnectionEnd::Broken { reason: reason.to_string() }
}

/// The status for refusing a request whose framing or address is ambiguous.
fn refusal(request: &Request<Incoming>, signs: &Signs) -> Option<StatusCode> {
    if signs.is_ambiguous() {
        return Some(StatusCode::BAD_REQUEST);
    }
    if request.method() == Method::CONNECT {
        return Some(StatusCode::METHOD_NOT_ALLOWED);
    }
    let headers = request.headers();
    // "A server MUST respond with a 400 status code to any HTTP/1.1 request message that
    // lacks a Host header field and to any […] that contains more than one" (RFC 9112, 3.2).
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() >= Version::HTTP_11) {
        return Some(StatusCode::BAD_REQUEST);
    }
    // "A server that receives a request message with a transfer coding it does not
    // understand SHOULD respond with 501" (RFC 9112, 6.1).
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_plain = codings.next().is_none_or(|it| it.as_bytes().eq_ignore_ascii_case(b"chunked"));
    (!is_plain || codings.next().is_some()).then_some(StatusCode::NOT_IMPLEMENTED)
}

/// Makes the connection close after the response.
fn closing(mut response: Response<OutgoingBody>) -> Response<OutgoingBody> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// What a body may fail with.
type BoxError = Box<dyn Error + Send + Sync>;

#[cfg(test)]
mod tests;
