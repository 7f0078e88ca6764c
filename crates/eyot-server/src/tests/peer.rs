//! A client that writes and reads lines by hand.

use eyot_types::{Revision, meta};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};
use tokio::task::JoinHandle;

use crate::Server;

/// The other end of a server's pipe.
pub(super) struct Peer {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    serving: JoinHandle<()>,
    capabilities: Value,
}

impl Peer {
    /// A client that has said nothing yet.
    #[expect(clippy::disallowed_methods, reason = "the test owns the task of its server")]
    pub(super) fn attach(server: &Server) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let server = server.clone();
        let serving = tokio::spawn(async move {
            let (reader, writer) = tokio::io::split(theirs);
            server.serve_io(reader, writer).await;
        });
        let (reader, writer) = tokio::io::split(ours);
        let lines = BufReader::new(reader).lines();
        Self { lines, writer, serving, capabilities: json!({}) }
    }

    /// A legacy client whose session is open.
    pub(super) async fn legacy(server: &Server, capabilities: Value) -> Self {
        Self::of_revision(server, "2025-11-25", capabilities).await
    }

    /// A legacy client of that revision, whose session is open.
    pub(super) async fn of_revision(server: &Server, revision: &str, capabilities: Value) -> Self {
        let mut peer = Self::attach(server);
        let params = json!({
            "protocolVersion": revision,
            "capabilities": capabilities,
            "clientInfo": { "name": "test", "version": "0" },
        });
        let answer = peer.request("initialize", params).await;
        assert_eq!(answer["result"]["protocolVersion"], revision, "{answer}");
        peer.notify("notifications/initialized", json!({})).await;
        peer
    }

    /// A modern client.
    pub(super) fn modern(server: &Server, capabilities: Value) -> Self {
        Self { capabilities, ..Self::attach(server) }
    }

    /// The parameters with the `_meta` that every modern request must have.
    pub(super) fn with_meta(&self, params: Value) -> Value {
        let mut params = params;
        let own = json!({
            meta::PROTOCOL_VERSION: Revision::MODERN,
            meta::CLIENT_CAPABILITIES: self.capabilities,
        });
        let members = params.as_object_mut().unwrap();
        let place = members.entry("_meta").or_insert_with(|| json!({}));
        place.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        params
    }

    pub(super) async fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string()).await;
    }

    /// Sends a line as it is.
    pub(super) async fn send_line(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.writer.write_all(line.as_bytes()).await.unwrap();
    }

    pub(super) async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    pub(super) async fn start(&mut self, id: impl Into<Value>, method: &str, params: Value) {
        let id = id.into();
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send(&request).await;
    }

    /// The next message; fails when the server has hung up.
    pub(super) async fn next(&mut self) -> Value {
        serde_json::from_str(&self.next_line().await).unwrap()
    }

    /// The next message as the text of its line.
    pub(super) async fn next_line(&mut self) -> String {
        self.lines.next_line().await.unwrap().expect("the server says something")
    }

    /// Sends a request of the legacy era; the next message is taken as its answer.
    pub(super) async fn request(&mut self, method: &str, params: Value) -> Value {
        self.start(1, method, params).await;
        self.next().await
    }

    /// Sends a request of the modern era; the next message is taken as its answer.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let params = self.with_meta(params);
        self.request(method, params).await
    }

    /// Whether the server has stopped serving this peer.
    pub(super) fn is_left(&self) -> bool {
        self.serving.is_finished()
    }

    /// Closes our side, and collects the messages that the server still sends.
    pub(super) async fn hang_up(mut self) -> Vec<Value> {
        self.writer.shutdown().await.unwrap();
        let mut rest = Vec::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        self.serving.await.unwrap();
        rest
    }
}
