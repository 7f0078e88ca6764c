//! A hop of bare hyper: the least that a proxy can cost.
//!
//! Every downstream connection has one upstream connection of its own, and both live in one
//! task. Without `--envelope` bytes are passed on unread; with it every message is read as
//! far as its envelope, in both directions. The runtime is that of the program `eyot`.

mod events;

use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;

use crate::bare_hop::events::InspectedEvents;
use crate::envelope::Envelope;
use crate::listener;

/// What kind of hop.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where requests go
    #[arg(long)]
    upstream: Uri,
    /// Read the envelope of every message
    #[arg(long)]
    envelope: bool,
}

/// Serves until the process is ended.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let options = Arc::new(options);
    let connection = move |stream| connection(stream, Arc::clone(&options));
    match runtime.block_on(listener::serve(connection))? {}
}

async fn connection(downstream: TcpStream, options: Arc<Options>) -> anyhow::Result<()> {
    if options.envelope {
        let (upstream, driver) = Upstream::connect(&options.upstream).await?;
        serve(downstream, |request| upstream.inspected(request), driver).await
    } else {
        let (upstream, driver) = Upstream::connect(&options.upstream).await?;
        serve(downstream, |request| upstream.send(request), driver).await
    }
}

/// Drives both connections in this one task until the downstream one ends.
async fn serve<H, F, B>(
    downstream: TcpStream,
    handle: H,
    driver: impl Future<Output = hyper::Result<()>>,
) -> anyhow::Result<()>
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = anyhow::Result<Response<B>>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let serving =
        http1::Builder::new().serve_connection(TokioIo::new(downstream), service_fn(handle));
    tokio::select! {
        biased;
        served = serving => served.context("downstream connection"),
        driven = driver => driven.context("upstream connection"),
    }
}

/// The upstream connection of one downstream connection.
struct Upstream<B> {
    uri: Uri,
    sender: Mutex<SendRequest<B>>,
}

impl<B> Upstream<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn connect(
        uri: &Uri,
    ) -> anyhow::Result<(Self, impl Future<Output = hyper::Result<()>> + Send)> {
        let authority = uri.authority().context("the upstream's URL has no host")?;
        let stream = TcpStream::connect(authority.as_str()).await.context("connect upstream")?;
        stream.set_nodelay(true).context("set nodelay")?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await.context("connect upstream")?;
        let path = uri.path().parse().context("the upstream's path")?;
        Ok((Self { uri: path, sender: Mutex::new(sender) }, driver))
    }

    /// Passes a request on and waits for the head of its answer.
    async fn send(&self, mut request: Request<B>) -> anyhow::Result<Response<Incoming>> {
        *request.uri_mut() = self.uri.clone();
        std::future::poll_fn(|cx| self.sender.lock().poll_ready(cx)).await?;
        let sent = self.sender.lock().send_request(request);
        Ok(sent.await?)
    }
}

impl Upstream<Full<Bytes>> {
    /// Passes a request on, with every message read as far as its envelope.
    async fn inspected(
        &self,
        request: Request<Incoming>,
    ) -> anyhow::Result<Response<Either<Full<Bytes>, InspectedEvents>>> {
        let (head, body) = request.into_parts();
        let body = inspected(body).await?;
        let response = self.send(Request::from_parts(head, body)).await?;
        let (head, body) = response.into_parts();
        let body = match is_events(&head.headers) {
            true => Either::Right(InspectedEvents::new(body)),
            false => Either::Left(inspected(body).await?),
        };
        Ok(Response::from_parts(head, body))
    }
}

/// Reads a whole body and the envelope in it.
async fn inspected(body: Incoming) -> anyhow::Result<Full<Bytes>> {
    let bytes = body.collect().await?.to_bytes();
    if !bytes.is_empty() {
        std::hint::black_box(Envelope::parse(&bytes)?);
    }
    Ok(Full::new(bytes))
}

fn is_events(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(b"text/event-stream"))
}
