//! The client's end of one connection.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::http::{Framing, Head, Reader};
use super::{Ask, EventStream, within};

/// One connection to the proxy. Dropping it closes the socket.
#[derive(Debug)]
pub(crate) struct Connection {
    reader: Reader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

/// An answer with its whole body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

/// The head of an answer, with the connection that the body comes from.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) status: u16,
    pub(crate) head: Head,
    connection: Connection,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = within("a connection", TcpStream::connect(address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (reader, writer) = stream.into_split();
        Self { reader: Reader::new(reader), writer }
    }

    /// Sends exactly these bytes.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        within("room to write", self.writer.write_all(bytes)).await.unwrap();
    }

    /// Sends as much as the other side takes; it may have closed.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> bool {
        within("room to write", self.writer.write_all(bytes)).await.is_ok()
    }

    /// Like [`Self::open`]; `None` when no program listens.
    pub(crate) async fn try_open(address: SocketAddr) -> Option<Self> {
        let stream = within("a connection", TcpStream::connect(address)).await.ok()?;
        let (reader, writer) = stream.into_split();
        Some(Self { reader: Reader::new(reader), writer })
    }

    /// Sends a request; `false` when the other side has gone.
    pub(crate) async fn try_ask(&mut self, ask: &Ask) -> bool {
        let (head, body) = ask.parts();
        self.try_send(&[head, body].concat()).await
    }

    pub(crate) async fn ask(&mut self, ask: &Ask) {
        let (head, body) = ask.parts();
        self.send(&[head, body].concat()).await;
    }

    /// The next answer, whole.
    pub(crate) async fn response(&mut self) -> Response {
        let head = self.reader.head().await.expect("the connection ended before an answer");
        let status = status(&head);
        // A wrong length would hide a body where none may be.
        let default =
            if matches!(status, 204 | 304) { Framing::Length(0) } else { Framing::UntilClose };
        let body = self.reader.body(head.framing(default)).await;
        Response { status, head, body: body.expect("the answer's body is cut") }
    }

    /// The head of the next answer.
    pub(crate) async fn begun(self) -> Begun {
        self.try_begun().await.expect("the connection ended before an answer")
    }

    /// Like [`Self::begun`]; `None` when the connection ends first.
    pub(crate) async fn try_begun(mut self) -> Option<Begun> {
        let head = self.reader.head().await?;
        Some(Begun { status: status(&head), head, connection: self })
    }

    /// The messages of the next answer, JSON or events, and the connection for more.
    pub(crate) async fn messages(self) -> (Vec<Value>, Self) {
        let begun = self.begun().await;
        if begun.is_events() {
            return begun.events().messages().await;
        }
        let Begun { head, mut connection, .. } = begun;
        let body = connection.reader.body(head.framing(Framing::UntilClose)).await;
        let message = serde_json::from_slice(&body.expect("the answer's body is cut")).unwrap();
        (vec![message], connection)
    }

    /// Joins the halves again.
    pub(crate) fn from_halves(reader: Reader<OwnedReadHalf>, writer: OwnedWriteHalf) -> Self {
        Self { reader, writer }
    }

    /// Waits until the other side has closed, and returns what it sent before.
    pub(crate) async fn rest(mut self) -> String {
        let rest = self.reader.body(Framing::UntilClose).await.unwrap_or_default();
        String::from_utf8_lossy(&rest).into_owned()
    }
}

impl Response {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {}", self.text()),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON-RPC error's code.
    #[track_caller]
    pub(crate) fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().expect("the answer is an error")
    }
}

impl Begun {
    pub(crate) fn is_events(&self) -> bool {
        self.head.header("content-type") == Some("text/event-stream")
    }

    /// The body as events.
    #[track_caller]
    pub(crate) fn events(self) -> EventStream {
        assert!(self.is_events(), "no event stream: {:?}", self.head);
        let framing = self.head.framing(Framing::UntilClose);
        let Connection { reader, writer } = self.connection;
        EventStream::new(reader, writer, framing)
    }

    /// The body as bytes.
    pub(crate) async fn whole(self) -> Response {
        self.try_whole().await.expect("the answer's body is cut")
    }

    /// Like [`Self::whole`]; `None` when the body is cut.
    pub(crate) async fn try_whole(mut self) -> Option<Response> {
        let framing = self.head.framing(Framing::UntilClose);
        let body = self.connection.reader.body(framing).await?;
        Some(Response { status: self.status, head: self.head, body })
    }
}

fn status(head: &Head) -> u16 {
    let status = head.first_line.split(' ').nth(1);
    status.and_then(|it| it.parse().ok()).expect("the first line has a status")
}
