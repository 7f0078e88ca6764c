//! Whole clients against servers whose every message is said by the test.

mod legacy_http;
mod lines;
mod modern_http;
mod recovery;
mod rounds;

use std::sync::Arc;

use eyot_service::InProcess;
use eyot_testkit::{LinePeer, LinePeers};
use eyot_upstream::EraMode;
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use crate::{Client, ClientBuilder};

/// A builder for the client of a test.
fn builder() -> ClientBuilder {
    Client::builder("tester", "1.0")
}

/// A server of this process and where its clients arrive.
fn peers() -> (Arc<dyn InProcess>, mpsc::Receiver<DuplexStream>) {
    let (server, clients) = LinePeers::new();
    (Arc::new(server), clients)
}

/// A client of the legacy era, and its server behind the handshake.
async fn legacy(builder: ClientBuilder, capabilities: Value) -> (Client, LinePeer, Clients) {
    let (server, mut clients) = peers();
    let connecting = builder.era(EraMode::Legacy).connect(server);
    let serving = async {
        let mut peer = LinePeer::accept(&mut clients).await;
        peer.initialize(capabilities).await;
        peer
    };
    let (client, peer) = tokio::join!(connecting, serving);
    (client.unwrap(), peer, clients)
}

/// A client of the modern era, and its server.
async fn modern(builder: ClientBuilder, capabilities: Value) -> (Client, LinePeer, Clients) {
    let (server, mut clients) = peers();
    let connecting = builder.connect(server);
    let serving = async {
        let mut peer = LinePeer::accept(&mut clients).await;
        peer.discover(capabilities).await;
        peer
    };
    let (client, peer) = tokio::join!(connecting, serving);
    (client.unwrap(), peer, clients)
}

type Clients = mpsc::Receiver<DuplexStream>;
