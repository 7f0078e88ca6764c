//! One request at an upstream, until it is answered.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{oneshot, watch};

use super::http::Head;
use super::within;

/// A request that waits for its answer. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) head: Head,
    pub(crate) text: String,
    line: Line,
}

/// The way back to the proxy.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) writer: OwnedWriteHalf,
    /// Takes the writer back when the answer is whole.
    pub(crate) done: oneshot::Sender<OwnedWriteHalf>,
    /// Turns true when the proxy has closed its side.
    pub(crate) is_closed: watch::Receiver<bool>,
}

impl Exchange {
    pub(crate) fn new(head: Head, body: Vec<u8>, line: Line) -> Self {
        Self { head, text: String::from_utf8(body).expect("what the proxy sends is UTF-8"), line }
    }

    /// The HTTP method.
    pub(crate) fn http_method(&self) -> &str {
        self.head.first_line.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The message; null when there is none.
    pub(crate) fn message(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The message's method, empty for a response.
    pub(crate) fn method(&self) -> String {
        self.message()["method"].as_str().unwrap_or_default().to_owned()
    }

    /// The id under which the proxy asked.
    pub(crate) fn id(&self) -> Value {
        self.message()["id"].clone()
    }

    /// A result under the id of the request.
    pub(crate) fn result_message(&self, result: Value) -> Value {
        let mut message = json!({ "jsonrpc": "2.0", "id": self.id() });
        message["result"] = result;
        message
    }

    /// Answers with a result.
    pub(crate) async fn result(self, result: Value) {
        let message = self.result_message(result);
        self.json(&message).await;
    }

    /// Answers with a tool's text.
    pub(crate) async fn tool_text(self, text: &str) {
        self.result(tool_text(text)).await;
    }

    /// Answers with any message.
    pub(crate) async fn json(self, message: &Value) {
        self.respond(200, "content-type: application/json\r\n", message.to_string().as_bytes())
            .await;
    }

    /// 202.
    pub(crate) async fn accept(self) {
        self.respond(202, "", b"").await;
    }

    /// A status without a body.
    pub(crate) async fn status(self, status: u16) {
        self.respond(status, "", b"").await;
    }

    /// Answers with these headers (each with its line end) and this body.
    pub(crate) async fn respond(self, status: u16, headers: &str, body: &[u8]) {
        let head =
            format!("HTTP/1.1 {status} Said\r\n{headers}content-length: {}\r\n\r\n", body.len());
        let mut line = self.line;
        line.write(&[head.as_bytes(), body].concat()).await;
        line.release();
    }

    /// Answers with exactly these bytes and closes the connection.
    pub(crate) async fn raw(self, bytes: &[u8]) {
        let mut line = self.line;
        line.write(bytes).await;
    }

    /// Begins a stream of events.
    pub(crate) async fn events(self) -> EventsOut {
        self.events_with("").await
    }

    /// Begins a stream of events with these headers (each with its line end).
    pub(crate) async fn events_with(self, headers: &str) -> EventsOut {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{headers}\
             transfer-encoding: chunked\r\n\r\n"
        );
        let mut line = self.line;
        line.write(head.as_bytes()).await;
        EventsOut(line)
    }

    /// Waits until the proxy closes the connection.
    pub(crate) async fn closed(mut self) {
        self.line.closed().await;
    }
}

/// A stream of events under way. Dropping it cuts the connection.
#[derive(Debug)]
pub(crate) struct EventsOut(Line);

impl EventsOut {
    /// Sends exactly this text.
    pub(crate) async fn text(&mut self, text: &str) {
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        self.0.write(chunk.as_bytes()).await;
    }

    /// Sends a message without an id.
    pub(crate) async fn message(&mut self, message: &Value) {
        self.text(&format!("data: {message}\n\n")).await;
    }

    /// Sends a message under an event id.
    pub(crate) async fn event(&mut self, id: &str, message: &Value) {
        self.text(&format!("id: {id}\ndata: {message}\n\n")).await;
    }

    /// Whether the proxy has closed the connection.
    pub(crate) fn is_closed(&self) -> bool {
        *self.0.is_closed.borrow()
    }

    /// Ends the stream in order.
    pub(crate) async fn end(mut self) {
        self.0.write(b"0\r\n\r\n").await;
        self.0.release();
    }

    /// Waits until the proxy closes the connection.
    pub(crate) async fn closed(mut self) {
        self.0.closed().await;
    }
}

impl Line {
    /// Writes, unless the proxy has gone.
    async fn write(&mut self, bytes: &[u8]) {
        drop(within("room to write", self.writer.write_all(bytes)).await);
    }

    fn release(self) {
        drop(self.done.send(self.writer));
    }

    async fn closed(&mut self) {
        let closing = self.is_closed.wait_for(|it| *it);
        drop(within("the proxy's end of the connection", closing).await);
    }
}

/// The result of `tools/list` at a server of either era that has none.
pub(crate) fn no_tools() -> Value {
    json!({ "resultType": "complete", "tools": [], "ttlMs": 0, "cacheScope": "private" })
}

/// The result of a tool that says `text`.
pub(crate) fn tool_text(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}
