//! A server that is called without a socket.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;

use anyhow::Context as _;
use bytes::Bytes;
use eyot::types::headers;
use eyot_benches::exchange::{self, Call, Era, Tool};
use http::header::{HOST, HeaderName};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body;
use tower_service::Service;

use crate::SessionId;

/// A request in one piece, as it comes from a small head with a small body.
pub(crate) type WholeRequest = Request<Full<Bytes>>;

/// The service that both SDKs offer for a foreign server.
pub(crate) trait Mounted:
    Service<WholeRequest, Response = Response<Self::Body>, Error = Infallible> + Clone
{
    type Body: Body<Data = Bytes, Error = Infallible> + Send + Unpin;
}

impl<S, B> Mounted for S
where
    S: Service<WholeRequest, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin,
{
    type Body = B;
}

/// An endpoint of a server.
pub(crate) struct Endpoint<S>(S);

impl<S: Mounted> Endpoint<S> {
    pub(crate) fn new(service: S) -> Self {
        Self(service)
    }

    /// Opens a legacy session and leaves it alone.
    pub(crate) async fn open_session(&self) -> anyhow::Result<SessionId> {
        let head = (Era::Legacy, Tool::Add);
        let response = self.answer(request(exchange::initialize(), head, None)?).await?;
        let name = HeaderName::from_static(headers::SESSION_ID);
        let session = response.headers().get(&name).context("there is no session")?.clone();
        drain(response).await;
        let request = request(exchange::initialized(), head, Some(&session))?;
        let confirmed = self.answer(request).await?;
        let status = confirmed.status();
        anyhow::ensure!(status == StatusCode::ACCEPTED, "answered {status}");
        drain(confirmed).await;
        Ok(session)
    }

    /// Sends a call and reads its answer, which must hold `want`.
    pub(crate) async fn ask(&self, request: WholeRequest, want: &[u8]) -> anyhow::Result<()> {
        let response = self.answer(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let is_answered = memchr::memmem::find(&body, want).is_some();
        let is_error = memchr::memmem::find(&body, br#""isError":true"#).is_some();
        let text = String::from_utf8_lossy(&body);
        anyhow::ensure!(is_answered && !is_error, "{status}: {text}");
        Ok(())
    }

    /// Sends a call and lets its answer pass.
    pub(crate) async fn send(&self, request: WholeRequest) -> anyhow::Result<()> {
        let response = self.answer(request).await?;
        let status = response.status();
        anyhow::ensure!(status == StatusCode::OK, "answered {status}");
        drain(response).await;
        Ok(())
    }

    async fn answer(&self, request: WholeRequest) -> anyhow::Result<Response<S::Body>> {
        let mut service = self.0.clone();
        std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
        Ok(service.call(request).await?)
    }
}

async fn drain<B: Body + Unpin>(response: Response<B>) {
    let mut body = response.into_body();
    while std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.is_some() {}
}

/// A call under an id.
pub(crate) fn call(
    call: &Call,
    id: u64,
    head: (Era, Tool),
    session: Option<&SessionId>,
) -> anyhow::Result<WholeRequest> {
    request(call.pieces(id).concat().into(), head, session)
}

fn request(
    body: Bytes,
    (era, tool): (Era, Tool),
    session: Option<&SessionId>,
) -> anyhow::Result<WholeRequest> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "/mcp".parse()?;
    *request.headers_mut() = exchange::call_headers(era, tool);
    let map = request.headers_mut();
    map.insert(HOST, HeaderValue::from_static("127.0.0.1"));
    if let Some(session) = session {
        map.insert(HeaderName::from_static(headers::SESSION_ID), session.clone());
    }
    Ok(request)
}

impl<S> fmt::Debug for Endpoint<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint")
    }
}
