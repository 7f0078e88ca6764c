//! A server on a loopback socket that sends only the bytes that the test gives it.

#![expect(clippy::indexing_slicing, reason = "a test that says nothing fails")]

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::line_peer::discovered;

/// Takes one request per connection.
#[derive(Debug)]
pub struct HttpPeer(TcpListener);

impl HttpPeer {
    /// Listens on a free port of the loopback.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a port is free"))
    }

    /// Listens on the port where another server has listened before.
    ///
    /// # Panics
    /// When that port is taken.
    pub async fn start_at(port: u16) -> Self {
        let bound = TcpListener::bind(("127.0.0.1", port)).await;
        Self(bound.expect("the port is free again"))
    }

    /// The port.
    ///
    /// # Panics
    /// Never: it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("it listens").port()
    }

    /// The URL for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port())
    }

    /// The next request, read to its end.
    ///
    /// # Panics
    /// When it is no HTTP.
    pub async fn accept(&self) -> HttpExchange {
        let (stream, _) = self.0.accept().await.expect("a client connects");
        HttpExchange::read(stream).await
    }

    /// The next request, which must have this JSON-RPC method.
    ///
    /// # Panics
    /// When it has another method.
    pub async fn expect(&self, method: &str) -> HttpExchange {
        let exchange = self.accept().await;
        assert_eq!(exchange.body["method"], method, "{exchange:?}");
        exchange
    }

    /// Makes the legacy handshake under this session id; returns the GET stream.
    ///
    /// # Panics
    /// When the client does anything else.
    pub async fn initialize(&self, session_id: &str, capabilities: Value) -> HttpExchange {
        let asked = self.expect("initialize").await;
        let result = json!({
            "protocolVersion": asked.body["params"]["protocolVersion"],
            "capabilities": capabilities,
            "serverInfo": { "name": "peer", "version": "1" },
        });
        let answer = json!({ "jsonrpc": "2.0", "id": asked.body["id"], "result": result });
        let session = [("Mcp-Session-Id", session_id)];
        asked.respond(200, &session, "application/json", &answer.to_string()).await;
        self.expect("notifications/initialized").await.status(202).await;
        let listening = self.accept().await;
        assert_eq!(listening.method, "GET", "{listening:?}");
        listening
    }

    /// Answers `server/discover` as a modern server does.
    pub async fn discover(&self, capabilities: Value) {
        let asked = self.expect("server/discover").await;
        asked.answer(discovered(&capabilities)).await;
    }
}

/// One request, and the socket that its answer goes to.
pub struct HttpExchange {
    /// `POST`, `GET` or `DELETE`.
    pub method: String,
    /// The headers by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as JSON; `Null` when there is none.
    pub body: Value,
    stream: TcpStream,
}

impl HttpExchange {
    async fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
                break at + 4;
            }
            read_more(&mut stream, &mut bytes).await;
        };
        let head = String::from_utf8(bytes[..head_end].to_vec()).expect("a head is text");
        let mut lines = head.lines();
        let method = lines.next().and_then(|it| it.split(' ').next()).unwrap_or_default();
        let method = method.to_owned();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
        while bytes.len() < head_end + length {
            read_more(&mut stream, &mut bytes).await;
        }
        let body = serde_json::from_slice(&bytes[head_end..]).unwrap_or(Value::Null);
        Self { method, headers, body, stream }
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Answers with a status only.
    pub async fn status(self, status: u16) {
        self.respond(status, &[], "", "").await;
    }

    /// Answers the request with a result.
    pub async fn answer(self, result: Value) {
        let answer = json!({ "jsonrpc": "2.0", "id": self.body["id"], "result": result });
        self.respond(200, &[], "application/json", &answer.to_string()).await;
    }

    /// Answers the request with an error under this status.
    pub async fn fail(self, status: u16, error: Value) {
        let answer = json!({ "jsonrpc": "2.0", "id": self.body["id"], "error": error });
        self.respond(status, &[], "application/json", &answer.to_string()).await;
    }

    /// Answers with any status, headers and body.
    pub async fn respond(
        mut self,
        status: u16,
        headers: &[(&str, &str)],
        content_type: &str,
        body: &str,
    ) {
        let mut head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\n");
        if !content_type.is_empty() {
            head.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.write(&head).await;
        drop(self.stream.shutdown().await);
    }

    /// Begins a stream of events; it ends when the exchange is dropped.
    pub async fn begin_events(&mut self) {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\
            Content-Type: text/event-stream\r\n\r\n";
        self.write(head).await;
    }

    /// Sends a message as an event, with an id unless it is empty.
    pub async fn event(&mut self, id: &str, message: &Value) {
        let id = if id.is_empty() { String::new() } else { format!("id: {id}\n") };
        self.write(&format!("{id}data: {message}\n\n")).await;
    }

    /// Sends any bytes; also to a client that has gone.
    pub async fn write(&mut self, text: &str) {
        drop(self.stream.write_all(text.as_bytes()).await);
    }

    /// Waits until the client closes the connection.
    pub async fn closed(&mut self) {
        let mut rest = [0; 64];
        while !matches!(self.stream.read(&mut rest).await, Ok(0) | Err(_)) {}
    }
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) {
    let count = stream.read_buf(bytes).await.expect("the connection works");
    assert!(count > 0, "the client closed before its request was whole");
}

impl fmt::Debug for HttpExchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpExchange")
            .field("method", &self.method)
            .field("headers", &self.headers)
            .field("body", &self.body.to_string())
            .finish_non_exhaustive()
    }
}
