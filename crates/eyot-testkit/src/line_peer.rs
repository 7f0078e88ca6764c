//! A server at the end of a link of lines that sends only the lines that the test gives it.

#![expect(clippy::indexing_slicing, reason = "a test that says nothing fails")]

use std::fmt;

use eyot_service::{InProcess, Serving};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::sync::{Mutex, mpsc};

/// A server in this process that hands every client to the test.
#[derive(Debug)]
pub struct LinePeers(mpsc::Sender<DuplexStream>);

impl LinePeers {
    /// The server, and the receiver of its clients.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<DuplexStream>) {
        let (sender, receiver) = mpsc::channel(16);
        (Self(sender), receiver)
    }
}

impl InProcess for LinePeers {
    fn attach(&self, io: DuplexStream) -> Serving {
        let sender = self.0.clone();
        Box::pin(async move {
            // A test that has ended takes no more clients.
            drop(sender.send(io).await);
        })
    }
}

/// The server's end of one connection.
pub struct LinePeer {
    reader: Mutex<BufReader<tokio::io::ReadHalf<DuplexStream>>>,
    writer: tokio::io::WriteHalf<DuplexStream>,
}

impl LinePeer {
    /// Takes the next client.
    ///
    /// # Panics
    /// When no more clients come.
    pub async fn accept(clients: &mut mpsc::Receiver<DuplexStream>) -> Self {
        Self::over(clients.recv().await.expect("a client attaches"))
    }

    /// The server's end of a stream.
    #[must_use]
    pub fn over(io: DuplexStream) -> Self {
        let (reader, writer) = tokio::io::split(io);
        Self { reader: Mutex::new(BufReader::new(reader)), writer }
    }

    /// The next message of the client; `None` when it has closed its side.
    ///
    /// # Panics
    /// When the line is no JSON.
    pub async fn read_or_end(&mut self) -> Option<Value> {
        let mut line = String::new();
        let count = self.reader.get_mut().read_line(&mut line).await.expect("the stream works");
        (count > 0).then(|| serde_json::from_str(&line).expect("a line is JSON"))
    }

    /// The next message of the client.
    ///
    /// # Panics
    /// When there is none.
    pub async fn read(&mut self) -> Value {
        self.read_or_end().await.expect("the client says something")
    }

    /// The next message of the client, which must have this method.
    ///
    /// # Panics
    /// When it has another method.
    pub async fn expect(&mut self, method: &str) -> Value {
        let message = self.read().await;
        assert_eq!(message["method"], method, "{message}");
        message
    }

    /// Sends a message; also to a client that has gone.
    pub async fn write(&mut self, message: &Value) {
        self.write_text(&message.to_string()).await;
    }

    /// Sends any line.
    pub async fn write_text(&mut self, text: &str) {
        let line = format!("{text}\n");
        drop(self.writer.write_all(line.as_bytes()).await);
    }

    /// Answers a request.
    pub async fn answer(&mut self, request: &Value, result: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })).await;
    }

    /// Answers a request with an error.
    pub async fn fail(&mut self, request: &Value, code: i64, message: &str) {
        let error = json!({ "code": code, "message": message });
        self.write(&json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })).await;
    }

    /// Refuses `server/discover`, as a legacy server does.
    pub async fn refuse_discover(&mut self) {
        let request = self.expect("server/discover").await;
        self.fail(&request, -32601, "Method not found").await;
    }

    /// Makes the legacy handshake; returns the parameters of `initialize`.
    pub async fn initialize(&mut self, capabilities: Value) -> Value {
        let request = self.expect("initialize").await;
        let version = request["params"]["protocolVersion"].clone();
        let result = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "serverInfo": { "name": "peer", "version": "1" },
        });
        self.answer(&request, result).await;
        self.expect("notifications/initialized").await;
        request["params"].clone()
    }

    /// Answers `server/discover` as a modern server does; returns the request.
    pub async fn discover(&mut self, capabilities: Value) -> Value {
        let request = self.expect("server/discover").await;
        self.answer(&request, discovered(&capabilities)).await;
        request
    }
}

/// The answer of a modern server with these capabilities to `server/discover`.
pub(crate) fn discovered(capabilities: &Value) -> Value {
    json!({
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": capabilities,
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "peer", "version": "2" } },
    })
}

impl fmt::Debug for LinePeer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LinePeer")
    }
}
