//! One HTTP/1 connection to an upstream, without a task of its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use eyot_transport::Limits;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{HttpError, OutgoingBody};

/// hyper's two halves, kept together: the sender, and what does the work when polled.
pub(super) struct Connection {
    sender: http1::SendRequest<OutgoingBody>,
    /// `None` once it has ended.
    driver: Option<Pin<Box<Driver>>>,
}

type Driver = http1::Connection<TokioIo<TcpStream>, OutgoingBody>;

/// Why there is no response.
pub(super) enum Failure {
    /// The upstream cannot have read the request; here it is again.
    NotSent(Box<Request<OutgoingBody>>),
    /// It may have.
    Broken(String),
}

impl Failure {
    pub(super) fn into_error(self, address: &str) -> HttpError {
        match self {
            Self::NotSent(_) => HttpError::Connect {
                address: address.to_owned(),
                reason: "connection closed before the request was sent".to_owned(),
            },
            Self::Broken(reason) => HttpError::Broken { reason },
        }
    }
}

impl Connection {
    pub(super) async fn open(authority: &str, limits: &Limits) -> Result<Self, String> {
        let stream = TcpStream::connect(authority).await.map_err(|error| error.to_string())?;
        // An answer in small writes otherwise waits 40 ms for an acknowledgement.
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(limits.head_bytes_max).max_headers(limits.headers_max);
        let (sender, driver) =
            builder.handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        Ok(Self { sender, driver: Some(Box::pin(driver)) })
    }

    /// Sends a request, drives the connection until the head of the response is there.
    pub(super) async fn send(
        &mut self,
        request: Request<OutgoingBody>,
    ) -> Result<Response<Incoming>, Failure> {
        // Notices what happened while the connection was idle, most often its end.
        let is_ready = std::future::poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(self.is_ready(cx))
        });
        if !is_ready.await {
            return Err(Failure::NotSent(Box::new(request)));
        }
        let mut response = Box::pin(self.sender.try_send_request(request));
        let driver = &mut self.driver;
        let response = std::future::poll_fn(|cx| {
            drive(driver, cx);
            let polled = response.as_mut().poll(cx);
            if polled.is_pending() {
                // The request has just been queued: the first write need not wait for a wake.
                drive(driver, cx);
                return response.as_mut().poll(cx);
            }
            polled
        });
        response.await.map_err(|mut error| match error.take_message() {
            Some(request) => Failure::NotSent(Box::new(request)),
            None => Failure::Broken(error.into_error().to_string()),
        })
    }

    /// Lets the connection read and write.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        drive(&mut self.driver, cx);
    }

    /// Whether another request can be sent.
    pub(super) fn is_ready(&mut self, cx: &mut Context<'_>) -> bool {
        self.driver.is_some() && matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())))
    }
}

fn drive(driver: &mut Option<Pin<Box<Driver>>>, cx: &mut Context<'_>) {
    if let Some(running) = driver
        && let Poll::Ready(ended) = running.as_mut().poll(cx)
    {
        if let Err(error) = ended {
            tracing::debug!(%error, "upstream connection ended");
        }
        *driver = None;
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_open", &self.driver.is_some()).finish()
    }
}
