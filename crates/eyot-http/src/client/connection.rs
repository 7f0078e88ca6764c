//! One HTTP/1 connection to an upstream, without a task of its own.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use eyot_service::Limits;
use http::{Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::OutgoingBody;
use crate::client::doorbell::Doorbell;
use crate::client::metered_stream::{Allowance, MeteredStream};
use crate::connection::Upgraded;
use crate::stream::Stream;
use crate::tls;

/// The two halves that hyper gives, kept together: the sender, and the driver that does the work
/// when polled.
pub(super) struct Connection {
    sender: http1::SendRequest<OutgoingBody>,
    /// `None` once it has ended.
    driver: Option<Box<Driver>>,
    /// The driver that has ended with an answer 101: its stream may go on as something else.
    ended: Option<Box<Driver>>,
    bell: Doorbell,
    allowance: Allowance,
    /// Bytes that may come up to the end of a head.
    head_allowance_bytes: usize,
}

type Driver = http1::Connection<TokioIo<MeteredStream>, OutgoingBody>;

/// The reason why there is no response.
pub(super) enum Failure {
    /// The upstream cannot have read the request; here it is again.
    NotSent(Box<Request<OutgoingBody>>),
    /// The upstream has refused the handshake of TLS after all, and so has read nothing.
    Refused(String),
    /// The upstream may have read the request.
    Broken {
        reason: String,
        /// What came is not HTTP.
        is_garbled: bool,
    },
}

impl Failure {
    fn of(error: &hyper::Error) -> Self {
        match tls::is_refusal(error) {
            Some(refusal) => Self::Refused(refusal),
            None => Self::Broken { reason: error.to_string(), is_garbled: error.is_parse() },
        }
    }
}

impl Connection {
    /// A connection over a stream on which no answer is awaited.
    pub(super) async fn over(stream: Stream, limits: &Limits) -> Result<Self, String> {
        let mut builder = http1::Builder::new();
        builder
            .max_header_size(limits.http.head_bytes_max)
            .max_buf_size(limits.http.buffer_bytes_max)
            .max_headers(limits.http.headers_max);
        let allowance = Allowance::new();
        let stream = TokioIo::new(MeteredStream::new(stream, allowance.clone()));
        let (sender, driver) =
            builder.handshake(stream).await.map_err(|error| error.to_string())?;
        Ok(Self {
            sender,
            driver: Some(Box::new(driver)),
            ended: None,
            bell: Doorbell::new(),
            allowance,
            // What is read at once may hold a part of the body.
            head_allowance_bytes: limits.http.head_bytes_max + limits.http.buffer_bytes_max,
        })
    }

    /// The stream of an idle connection, without hyper and its buffers. `None`: it has ended, or the
    /// upstream said something that nothing had asked for.
    pub(super) fn into_stream(self) -> Option<Stream> {
        let parts = self.driver?.into_parts();
        parts.read_buf.is_empty().then(|| parts.io.into_inner().into_inner())
    }

    /// The stream after an answer 101, with what has come behind that.
    pub(super) fn into_upgraded(self) -> Option<Upgraded<Stream>> {
        let parts = self.ended.or(self.driver)?.into_parts();
        Some(Upgraded { stream: parts.io.into_inner().into_inner(), read: parts.read_buf })
    }

    /// Sends a request, and drives the connection until the head of the response is there.
    pub(super) async fn send(
        &mut self,
        request: Request<OutgoingBody>,
    ) -> Result<Response<Incoming>, Failure> {
        let Self { sender, driver, ended, bell, allowance, head_allowance_bytes } = self;
        allowance.set(*head_allowance_bytes);
        // If the connection has ended while it was idle, the driver notices and gives it back.
        let mut response = pin!(bell.hushed(|| sender.try_send_request(request)));
        let response = std::future::poll_fn(|cx| {
            bell.poll(cx, |cx| {
                if let Some(driver) = drive(driver, cx) {
                    *ended = Some(driver);
                }
                match response.as_mut().poll(cx) {
                    // It gives the request back when it is dropped, and not before.
                    Poll::Pending if ended.take().is_some() => response.as_mut().poll(cx),
                    polled => polled,
                }
            })
        });
        let response = response.await;
        allowance.lift();
        let response = response.map_err(|mut error| match error.take_message() {
            Some(request) => Failure::NotSent(Box::new(request)),
            None => Failure::of(&error.into_error()),
        })?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            *ended = None;
        }
        Ok(response)
    }

    /// The next bytes of a response's body; `None` at its end.
    pub(super) fn poll_data(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Bytes>>> {
        let Self { driver, bell, .. } = self;
        // Most often the body has come together with the head.
        if let Poll::Ready(data) = bell.hushed(|| poll_data(body, cx)) {
            return Poll::Ready(data);
        }
        bell.poll(cx, |cx| {
            drop(drive(driver, cx));
            poll_data(body, cx)
        })
    }

    /// Whether the connection can send another request, after the end of a response.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> bool {
        let Self { sender, driver, bell, .. } = self;
        let mut is_ready = bell.hushed(|| sender.poll_ready(cx));
        if is_ready.is_pending() {
            is_ready = bell.poll(cx, |cx| {
                drop(drive(driver, cx));
                sender.poll_ready(cx)
            });
        }
        driver.is_some() && matches!(is_ready, Poll::Ready(Ok(())))
    }
}

/// The next data of a body; trailers are ignored.
fn poll_data(body: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Bytes>>> {
    loop {
        match ready!(Pin::new(&mut *body).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Poll::Ready(Some(Ok(data)));
                }
            }
        }
    }
}

/// Lets the driver work; returns it if it has ended in order.
fn drive(driver: &mut Option<Box<Driver>>, cx: &mut Context<'_>) -> Option<Box<Driver>> {
    let Poll::Ready(end) = Pin::new(driver.as_mut()?).poll(cx) else { return None };
    let driver = driver.take();
    match end {
        Ok(()) => driver,
        Err(error) => {
            tracing::debug!(%error, "upstream connection ended");
            None
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_open", &self.driver.is_some()).finish()
    }
}
