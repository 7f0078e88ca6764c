//! A client of HTTP+SSE: a stream that stays open, and a connection to post on.

use anyhow::Context as _;
use bytes::Bytes;
use eyot_benches::exchange::{self, Call, Era, Tool};
use http::{Method, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::{Client, FIRST_ID, Seen, connection_ended};
use crate::pieces::Pieces;

/// A session; it ends with its stream.
pub(crate) struct HttpSse {
    listener: Client,
    stream: Incoming,
    poster: Client,
    next_id: u64,
}

impl HttpSse {
    /// Opens a session: the stream, where to post, `initialize`.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub(crate) async fn ready(url: &Uri) -> anyhow::Result<Self> {
        let mut listener = Client::connect(url, Era::Legacy, Tool::Echo).await?;
        let stream = listener.send(Method::GET, Pieces::default()).await?;
        anyhow::ensure!(stream.status() == StatusCode::OK, "answered {}", stream.status());
        let poster = Client::connect(url, Era::Legacy, Tool::Echo).await?;
        let stream = stream.into_body();
        let mut client = Self { listener, stream, poster, next_id: FIRST_ID };
        client.poster.path = client.endpoint().await?;
        client.post(vec![exchange::initialize()]).await?;
        client.wait_for(0).await?;
        client.post(vec![exchange::initialized()]).await?;
        Ok(client)
    }

    /// Makes one call and waits for its answer.
    ///
    /// # Errors
    ///
    /// When it is not answered with a result.
    pub(crate) async fn call(&mut self, call: &Call) -> anyhow::Result<()> {
        let id = self.next_id;
        self.next_id += 1;
        self.post(call.pieces(id).to_vec()).await?;
        self.wait_for(id).await
    }

    async fn endpoint(&mut self) -> anyhow::Result<Uri> {
        let mut start = String::new();
        loop {
            start.push_str(std::str::from_utf8(&self.frame().await?)?);
            let line = start.split_once("data: ").and_then(|(_, rest)| rest.split_once('\n'));
            if let Some((endpoint, _)) = line {
                return endpoint.trim().parse().context("where to post");
            }
        }
    }

    async fn post(&mut self, pieces: Vec<Bytes>) -> anyhow::Result<()> {
        let response = self.poster.send(Method::POST, Pieces::whole(pieces)).await?;
        let status = response.status();
        anyhow::ensure!(status == StatusCode::ACCEPTED, "answered {status}");
        self.poster.read(response, |_| ()).await
    }

    async fn wait_for(&mut self, id: u64) -> anyhow::Result<()> {
        let mut seen = Seen::default();
        while !seen.answers(id) {
            let data = self.frame().await.with_context(|| seen.text())?;
            seen.take(&data);
        }
        Ok(())
    }

    async fn frame(&mut self) -> anyhow::Result<Bytes> {
        tokio::select! {
            biased;
            frame = self.stream.frame() => {
                let frame = frame.context("the stream is over")??;
                frame.into_data().map_err(|_| anyhow::anyhow!("trailers"))
            }
            ended = self.listener.driver.as_mut() => Err(connection_ended(ended)),
        }
    }
}
