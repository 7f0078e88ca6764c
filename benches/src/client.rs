//! One connection to what is measured, with its session if there is one.

use std::pin::Pin;

use anyhow::Context as _;
use bytes::Bytes;
use eyot::types::headers;
use eyot_benches::exchange::{self, Call, Era, Tool};
use http::header::{HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;

use crate::io::{self, Io};
use crate::pieces::Pieces;

mod http_sse;

pub(crate) use self::http_sse::HttpSse;

/// A client that has one request under way at a time.
pub(crate) struct Client {
    sender: SendRequest<Pieces>,
    driver: Pin<Box<Connection<TokioIo<Io>, Pieces>>>,
    path: Uri,
    headers: HeaderMap,
    next_id: u64,
}

impl Client {
    /// Connects, and no more. Its calls will be for `tool`.
    pub(crate) async fn connect(url: &Uri, era: Era, tool: Tool) -> anyhow::Result<Self> {
        let authority = url.authority().context("the URL has no host")?;
        let stream = io::connect(authority).await?;
        Self::over(Box::new(stream), url, exchange::call_headers(era, tool)).await
    }

    /// Takes a connection that is there.
    pub(crate) async fn over(io: Io, url: &Uri, mut headers: HeaderMap) -> anyhow::Result<Self> {
        let authority = url.authority().context("the URL has no host")?;
        let (sender, driver) = handshake(TokioIo::new(io)).await.context("connect")?;
        headers.insert(HOST, authority.as_str().parse()?);
        let path = url.path().parse()?;
        Ok(Self { sender, driver: Box::pin(driver), path, headers, next_id: FIRST_ID })
    }

    /// Connects; opens a session if the era has one.
    pub(crate) async fn ready(url: &Uri, era: Era, tool: Tool) -> anyhow::Result<Self> {
        Self::connect(url, era, tool).await?.opened(era).await
    }

    /// Opens a session if the era has one.
    pub(crate) async fn opened(mut self, era: Era) -> anyhow::Result<Self> {
        if era == Era::Legacy {
            self.initialize().await.context("open a session")?;
            self.confirm().await.context("confirm a session")?;
        }
        Ok(self)
    }

    /// Asks for a session and reads the answer.
    pub(crate) async fn initialize(&mut self) -> anyhow::Result<()> {
        let response = self.send(Method::POST, Pieces::whole([exchange::initialize()])).await?;
        let name = HeaderName::from_static(headers::SESSION_ID);
        let session = response.headers().get(&name).context("there is no session")?.clone();
        self.headers.insert(name, session);
        self.read(response, |_| ()).await
    }

    /// Ends the session, if there is one.
    pub(crate) async fn leave(mut self) -> anyhow::Result<()> {
        if self.headers.contains_key(headers::SESSION_ID) {
            let response = self.send(Method::DELETE, Pieces::default()).await?;
            self.read(response, |_| ()).await?;
        }
        Ok(())
    }

    async fn confirm(&mut self) -> anyhow::Result<()> {
        let response = self.send(Method::POST, Pieces::whole([exchange::initialized()])).await?;
        let status = response.status();
        anyhow::ensure!(status == StatusCode::ACCEPTED, "answered {status}");
        self.read(response, |_| ()).await
    }

    /// Makes one call and reads its answer to the end.
    ///
    /// # Errors
    ///
    /// Also when the answer is not the answer of this very call.
    pub(crate) async fn call(&mut self, call: &Call) -> anyhow::Result<()> {
        self.ask(call).await.map(drop)
    }

    /// Sends a call and waits for its answer; returns the start of the answer, or all of it if it
    /// is short.
    ///
    /// # Errors
    ///
    /// As [`Self::call`].
    pub(crate) async fn ask(&mut self, call: &Call) -> anyhow::Result<Vec<u8>> {
        let id = self.next_id;
        self.next_id += 1;
        let response = self.send(Method::POST, Pieces::whole(call.pieces(id))).await?;
        let status = response.status();
        let mut seen = Seen::default();
        self.read(response, |data| seen.take(data)).await?;
        anyhow::ensure!(status == StatusCode::OK && seen.answers(id), "{status}: {}", seen.text());
        Ok(seen.start)
    }

    /// Opens the stream of messages that belong to no call, and reads its first bytes.
    pub(crate) async fn listen(&mut self) -> anyhow::Result<Response<Incoming>> {
        self.headers.insert(http::header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        let mut response = self.send(Method::GET, Pieces::default()).await?;
        let status = response.status();
        anyhow::ensure!(status == StatusCode::OK, "the stream was answered {status}");
        let driver = self.driver.as_mut();
        tokio::select! {
            frame = response.frame() => frame.context("the stream is over")??,
            ended = driver => return Err(connection_ended(ended)),
        };
        Ok(response)
    }

    async fn send(&mut self, method: Method, body: Pieces) -> anyhow::Result<Response<Incoming>> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = self.headers.clone();
        let sender = &mut self.sender;
        let sending = async {
            sender.ready().await?;
            sender.send_request(request).await
        };
        tokio::select! {
            biased;
            response = sending => Ok(response?),
            ended = self.driver.as_mut() => Err(connection_ended(ended)),
        }
    }

    async fn read(
        &mut self,
        response: Response<Incoming>,
        mut take: impl FnMut(&Bytes),
    ) -> anyhow::Result<()> {
        let mut body = response.into_body();
        let reading = async {
            while let Some(frame) = body.frame().await {
                if let Some(data) = frame?.data_ref() {
                    take(data);
                }
            }
            Ok(())
        };
        tokio::select! {
            biased;
            read = reading => read,
            ended = self.driver.as_mut() => Err(connection_ended(ended)),
        }
    }
}

/// Ids of the same length, so that every request of a run has the same size.
pub(crate) const FIRST_ID: u64 = 1_000_000;

fn connection_ended(ended: hyper::Result<()>) -> anyhow::Error {
    match ended {
        Ok(()) => anyhow::anyhow!("the connection was closed"),
        Err(error) => anyhow::Error::new(error).context("the connection broke"),
    }
}

/// The start of an answer: enough to see whose answer it is.
#[derive(Default)]
pub(crate) struct Seen {
    start: Vec<u8>,
}

impl Seen {
    pub(crate) fn take(&mut self, data: &[u8]) {
        /// Priming and a notification come first in a stream.
        const START_BYTES: usize = 1_024;
        let room = START_BYTES.saturating_sub(self.start.len());
        self.start.extend_from_slice(data.get(..room).unwrap_or(data));
    }

    pub(crate) fn answers(&self, id: u64) -> bool {
        let has = |it: &[u8]| memchr::memmem::find(&self.start, it).is_some();
        // Some write the id last. All ids have the same length, so none begins another.
        has(format!("\"id\":{id}").as_bytes()) && has(br#""result":"#)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.start).into_owned()
    }
}
