//! Sessions by the thousand.

use anyhow::Context as _;
use eyot_benches::exchange::{Call, Era, Tool};
use http::{Response, Uri};
use hyper::body::Incoming;
use tokio::task::JoinSet;

use crate::carrier::Connected;
use crate::client::Client;
use crate::load::Load;

/// Sessions that are being opened at the same time.
const OPENING_MAX: usize = 32;

/// Streams that stay open as long as this lives.
#[derive(Default)]
pub(crate) struct OpenStreams {
    streams: Vec<(Client, Response<Incoming>)>,
    clients: Vec<Connected>,
}

impl OpenStreams {
    /// Keeps these open too.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.streams.append(&mut other.streams);
        self.clients.append(&mut other.clients);
    }
}

/// Opens sessions; their connections are closed when the clients are dropped.
///
/// # Errors
///
/// When one is refused.
///
/// # Cancel safety
///
/// Some sessions may have been opened.
pub(crate) async fn sessions(url: &Uri, count: usize) -> anyhow::Result<()> {
    each(count, || {
        let url = url.clone();
        async move { Client::ready(&url, Era::Legacy, Tool::Echo).await.map(drop) }
    })
    .await
    .map(drop)
}

/// Opens sessions, each with its stream of messages that belong to no call.
///
/// # Errors
///
/// When one is refused.
///
/// # Cancel safety
///
/// Some sessions may have been opened; their streams are closed.
pub(crate) async fn streams(url: &Uri, count: usize) -> anyhow::Result<OpenStreams> {
    let opened = each(count, || {
        let url = url.clone();
        async move {
            let mut client = Client::ready(&url, Era::Legacy, Tool::Echo).await?;
            let stream = client.listen().await?;
            Ok((client, stream))
        }
    });
    opened.await.map(|streams| OpenStreams { streams, clients: Vec::new() })
}

/// Connects clients, and leaves them there.
///
/// # Errors
///
/// When one is refused.
///
/// # Cancel safety
///
/// Dropping the future closes the connections.
pub(crate) async fn clients(load: &Load, count: usize) -> anyhow::Result<OpenStreams> {
    let opened = each(count, || {
        let load = load.clone();
        async move { load.connect().await }
    });
    opened.await.map(|clients| OpenStreams { streams: Vec::new(), clients })
}

/// Leaves calls parked: their clients are asked something, and go.
///
/// # Errors
///
/// When one is not asked.
///
/// # Cancel safety
///
/// Some calls may have been parked.
pub(crate) async fn parked(url: &Uri, count: usize) -> anyhow::Result<()> {
    let call = Call::new(Era::Modern, Tool::Ask, 1);
    let asked = each(count, || {
        let (url, call) = (url.clone(), call.clone());
        async move {
            let mut client = Client::ready(&url, Era::Modern, Tool::Ask).await?;
            client.call(&call).await
        }
    });
    asked.await.map(drop)
}

/// Runs so many futures, a few at a time.
async fn each<T, F>(count: usize, make: impl Fn() -> F) -> anyhow::Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = anyhow::Result<T>> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut done = Vec::with_capacity(count);
    for _ in 0..count {
        if running.len() >= OPENING_MAX {
            let ended = running.join_next().await.context("nothing runs")?;
            done.push(ended.context("a client panicked")??);
        }
        running.spawn(make());
    }
    while let Some(ended) = running.join_next().await {
        done.push(ended.context("a client panicked")??);
    }
    Ok(done)
}
