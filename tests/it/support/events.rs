//! An event stream, read by a strict client.

use serde_json::Value;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::Connection;
use super::http::{Framing, Piece, Reader};

/// One event. Comments are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    /// Its type, if it says one.
    pub(crate) kind: Option<String>,
    pub(crate) retry: Option<u64>,
    pub(crate) data: Option<String>,
}

impl Event {
    /// The message that the event carries.
    #[track_caller]
    pub(crate) fn message(&self) -> Value {
        let data = self.data.as_deref().expect("the event has data");
        serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
    }

    #[track_caller]
    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().expect("the event has an id")
    }
}

/// The events of one response. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct EventStream {
    reader: Reader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    framing: Framing,
    text: Vec<u8>,
    is_over: bool,
    is_cut: bool,
}

impl EventStream {
    pub(crate) fn new(
        reader: Reader<OwnedReadHalf>,
        writer: OwnedWriteHalf,
        framing: Framing,
    ) -> Self {
        Self { reader, writer, framing, text: Vec::new(), is_over: false, is_cut: false }
    }

    /// The next event; `None` at the end, for any reason.
    pub(crate) async fn try_next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.take_event() {
                return Some(event);
            }
            if self.is_over || !self.read().await {
                return None;
            }
        }
    }

    /// The next event, which must come.
    pub(crate) async fn next(&mut self) -> Event {
        self.try_next().await.expect("the stream ended before the event")
    }

    /// The next event with a message.
    pub(crate) async fn next_message(&mut self) -> Event {
        loop {
            let event = self.next().await;
            if event.data.as_ref().is_some_and(|it| !it.is_empty()) {
                return event;
            }
        }
    }

    /// Everything up to the end, which must be in order.
    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.try_next().await {
            events.push(event);
        }
        assert!(!self.is_cut, "the stream broke after {events:?}");
        events
    }

    /// The messages up to the end, and the connection for more.
    pub(crate) async fn messages(mut self) -> (Vec<Value>, Connection) {
        let mut messages = Vec::new();
        while let Some(event) = self.try_next().await {
            if event.data.as_ref().is_some_and(|it| !it.is_empty()) {
                messages.push(event.message());
            }
        }
        assert!(!self.is_cut, "the stream broke after {messages:?}");
        (messages, Connection::from_halves(self.reader, self.writer))
    }

    /// Whether the stream ended because the connection did.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Waits for the first bytes of any kind: from then on the stream is open.
    pub(crate) async fn opened(mut self) -> Self {
        assert!(self.read().await, "the stream ended at once");
        self
    }

    async fn read(&mut self) -> bool {
        match self.reader.piece(&mut self.framing).await {
            Piece::Data(data) => self.text.extend_from_slice(&data),
            Piece::End => self.is_over = true,
            Piece::Cut => (self.is_over, self.is_cut) = (true, true),
        }
        !self.is_over
    }

    fn take_event(&mut self) -> Option<Event> {
        loop {
            let end = self.text.windows(2).position(|it| it == b"\n\n")?;
            let block: Vec<u8> = self.text.drain(..end + 2).collect();
            let block = String::from_utf8(block).expect("events are UTF-8");
            let event = parse(&block);
            if event != Event::default() {
                return Some(event);
            }
        }
    }
}

fn parse(block: &str) -> Event {
    let mut event = Event::default();
    for line in block.lines().filter(|it| !it.is_empty() && !it.starts_with(':')) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => event.id = Some(value.to_owned()),
            "event" => event.kind = Some(value.to_owned()),
            "retry" => event.retry = Some(value.parse().expect("`retry` is a number")),
            "data" => match &mut event.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => event.data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    event
}
