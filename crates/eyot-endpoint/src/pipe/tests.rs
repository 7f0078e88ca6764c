//! A pipe over a carrier that a test writes: what it needs of any [`MessageIo`].

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use eyot_jsonrpc::{Message, Remnant};
use eyot_service::{
    BadMessage, BoxService, Call, Fault, Input, IoEnd, IoEvent, Limits, MessageIo, Peer, Principal,
    QueueFull, Reach, Reply, Shutdown, Transport,
};
use eyot_types::Era;
use parking_lot::Mutex;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Pipe;
use crate::noting::Noting;

/// Gives what the test wrote down, then ends; keeps what is queued for a peer that reads all, or
/// for one that reads nothing.
#[derive(Debug)]
struct ScriptedIo {
    events: VecDeque<IoEvent>,
    sent: Arc<Mutex<Vec<String>>>,
    /// `Some`: nothing is read, and so many bytes wait.
    waiting_bytes: Option<usize>,
}

impl MessageIo for ScriptedIo {
    fn poll_message(&mut self, _cx: &mut Context<'_>) -> Poll<IoEvent> {
        match self.events.pop_front() {
            Some(event) => Poll::Ready(event),
            None if self.waiting_bytes.is_some() => Poll::Pending,
            None => Poll::Ready(IoEvent::Ended(IoEnd::new("left"))),
        }
    }

    fn queue_message(&mut self, message: &Message) -> Result<(), QueueFull> {
        self.sent.lock().push(String::from_utf8(message.to_bytes().to_vec()).unwrap());
        if let Some(bytes) = &mut self.waiting_bytes {
            *bytes += message.len();
        }
        Ok(())
    }

    fn queued_bytes(&self) -> usize {
        self.waiting_bytes.unwrap_or(0)
    }

    fn written_bytes(&self) -> u64 {
        0
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        if self.waiting_bytes.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

fn text(text: &'static str) -> IoEvent {
    IoEvent::Message(text.into())
}

fn io(events: impl Into<VecDeque<IoEvent>>) -> ScriptedIo {
    ScriptedIo { events: events.into(), sent: Arc::default(), waiting_bytes: None }
}

#[tokio::test]
async fn message_that_cannot_be_read_is_answered_with_the_reason() {
    let ping = text(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    let too_long = |text: &str| {
        let remnant = Remnant::of(text.as_bytes());
        IoEvent::Bad(BadMessage::TooLong { len_bytes: 90, limit_bytes: 8, remnant })
    };
    let io = io([
        too_long(r#"{"params":{},"method":"ping","id":7}"#),
        too_long(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
        text(r#"{"method":"ping","params":{"x":NaN},"jsonrpc":"2.0","id":8}"#),
        text(r#"{"result":{"x":NaN},"jsonrpc":"2.0","id":1}"#),
        ping,
    ]);
    let (sent, service) = (Arc::clone(&io.sent), BoxService::new(Noting::default()));
    Pipe::new(io, service, Limits::default(), &Shutdown::new()).run().await;
    let sent = sent.lock();
    assert_eq!(sent.len(), 5, "{sent:?}");
    let (too_long, nan) = ("message of 90 bytes is longer than 8 bytes", "unexpected byte 0x4e");
    // An answer of the client has an id of ours: it is not the client's request of that id.
    let expected = [(Some(7), too_long), (None, too_long), (Some(8), nan), (None, nan)];
    for ((id, reason), text) in expected.into_iter().zip(sent.iter()) {
        let id = id.map_or_else(|| r#""2.0","error""#.to_owned(), |id| format!(r#""id":{id},"#));
        assert!(text.contains(&id) && text.contains(reason), "{text}");
    }
    assert!(sent[4].contains(r#""id":1,"result""#), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_rest_while_the_peer_reads_nothing_and_end_when_it_never_does() {
    let mut io = io([text(
        r#"{"jsonrpc":"2.0","id":1,"method":"notes","params":{"_meta":{
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},
            "io.modelcontextprotocol/clientCapabilities":{}}}}"#,
    )]);
    let limits = Limits::default();
    let note = Noting::note().len();
    io.waiting_bytes = Some(limits.pipe.queue_bytes_max - 3 * note);
    let (sent, service) = (Arc::clone(&io.sent), BoxService::new(Noting::default()));
    let began = tokio::time::Instant::now();
    Pipe::new(io, service, limits, &Shutdown::new()).run().await;
    assert_eq!(sent.lock().len(), 3, "no more is taken from the call than fits");
    assert!(began.elapsed() >= limits.pipe.write_stall_timeout);
}

/// "The receiver MUST NOT send a response" to a notification (2025-11-25, basic).
#[tokio::test]
async fn what_has_no_answer_has_none_when_it_fails() {
    let io = io([
        text(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#),
        text(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
    ]);
    let sent = Arc::clone(&io.sent);
    let fails = |_| Err(Fault::internal("call has no session"));
    let service = BoxService::from_fn(move |call| Box::pin(std::future::ready(fails(call))));
    Pipe::new(io, service, Limits::default(), &Shutdown::new()).run().await;
    assert_eq!(*sent.lock(), [""; 0]);
}

#[tokio::test]
async fn calls_of_a_pipe_are_those_of_its_peer() {
    let io = io([text(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)]);
    let noting = Noting::default();
    let address: SocketAddr = "192.0.2.1:80".parse().unwrap();
    let peer = Peer {
        era: Era::Modern,
        principal: Some(Principal::new("alice")),
        address: Some(address),
        transport: Transport::Http,
        reach: Reach::Anybody,
    };
    let service = BoxService::new(noting.clone());
    let pipe = Pipe::new(io, service, Limits::default(), &Shutdown::new()).of_peer(peer);
    pipe.run().await;
    let peers = noting.peers();
    let [peer] = &peers[..] else { panic!("{peers:?}") };
    assert_eq!(peer.principal_name().map(AsRef::as_ref), Some("alice"));
    assert_eq!((peer.address, peer.transport), (Some(address), Transport::Http));
    assert_eq!(peer.era, Era::Legacy, "the era is that of the message");
}

#[tokio::test(start_paused = true)]
async fn subscription_ends_with_the_input_of_its_client() {
    let io = io([text(
        r#"{"jsonrpc":"2.0","id":"all","method":"subscriptions/listen","params":{
            "notifications":{},"_meta":{
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},
            "io.modelcontextprotocol/clientCapabilities":{}}}}"#,
    )]);
    let (sent, began) = (Arc::clone(&io.sent), tokio::time::Instant::now());
    let endless = BoxService::from_fn(|_| Box::pin(std::future::pending()));
    Pipe::new(io, endless, Limits::default(), &Shutdown::new()).run().await;
    assert_eq!(began.elapsed(), Duration::ZERO, "the drain waits for nothing");
    assert!(sent.lock().is_empty(), "nothing answers a peer that has left");
}

#[tokio::test(start_paused = true)]
async fn lines_that_come_before_initialize_is_answered_wait_for_its_answer() {
    let io = io([
        text(
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
        ),
        text(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
        text(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#),
        text(r#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#),
        text(
            r#"[{"jsonrpc":"2.0","id":4,"method":"tools/list"},{"jsonrpc":"2.0","id":5,"method":"tools/list"}]"#,
        ),
    ]);
    let (sent, seen) = (Arc::clone(&io.sent), Arc::new(Mutex::new(Vec::new())));
    let heard = Arc::clone(&seen);
    let service = BoxService::from_fn(move |call: Call| {
        let heard = Arc::clone(&heard);
        Box::pin(async move {
            let revision = call.session.as_ref().and_then(|it| it.revision());
            let Input::Request(request) = call.input else { return Ok(Reply::None) };
            heard.lock().push((request.method().to_owned(), revision.is_some()));
            if request.is_method("initialize") {
                tokio::time::sleep(Duration::from_secs(3)).await;
                let result = json!({
                    "protocolVersion": "2025-03-26", "capabilities": {},
                    "serverInfo": { "name": "s", "version": "1" },
                });
                return Ok(Reply::One(request.answer(&result)));
            }
            Ok(Reply::One(request.answer(&json!({ "tools": [] }))))
        })
    });
    Pipe::new(io, service, Limits::default(), &Shutdown::new()).run().await;
    let called: Vec<_> =
        seen.lock().iter().map(|(method, agreed)| (method.clone(), *agreed)).collect();
    let expected = [
        ("initialize", false),
        ("ping", false),
        ("tools/list", true),
        ("tools/list", true),
        ("tools/list", true),
    ];
    assert_eq!(called, expected.map(|(method, agreed)| (method.to_owned(), agreed)));
    let answered = sent.lock().iter().filter(|it| it.contains("\"result\"")).count();
    assert_eq!(answered, 5, "{:?}", sent.lock());
}

#[tokio::test(start_paused = true)]
async fn calls_end_with_a_client_that_can_hear_nothing_any_more() {
    let call = text(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},
            "io.modelcontextprotocol/clientCapabilities":{}}}}"#,
    );
    let limits = Limits::default();
    let closed = IoEnd::new("closed the connection");
    let patience =
        [(closed.clone(), limits.drain_timeout), (closed.of_both_sides(), Duration::ZERO)];
    for (end, elapsed) in patience {
        let began = tokio::time::Instant::now();
        let endless = BoxService::from_fn(|_| Box::pin(std::future::pending()));
        let io = io([call.clone(), IoEvent::Ended(end)]);
        Pipe::new(io, endless, limits, &Shutdown::new()).run().await;
        assert_eq!(began.elapsed(), elapsed);
    }
}

#[tokio::test(start_paused = true)]
async fn end_of_the_input_is_seen_behind_more_lines_than_may_wait() {
    let list = |id: u64| {
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"}}"#);
        IoEvent::Message(line.into())
    };
    let io = io([
        text(
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
        ),
        list(2),
        list(3),
        text(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
        list(4),
    ]);
    let mut limits = Limits::default();
    limits.pipe.running_max = 2;
    let given_up = CancellationToken::new();
    let (ended, began) = (given_up.clone(), tokio::time::Instant::now());
    let service = BoxService::from_fn(move |call: Call| {
        let ended = ended.clone();
        Box::pin(async move {
            let Input::Request(request) = call.input else { return Ok(Reply::None) };
            if request.is_method("initialize") {
                // It waits for a server that cannot be reached.
                ended.cancelled().await;
                return Err(Fault::internal("not reached"));
            }
            Ok(Reply::One(request.answer(&json!({ "tools": [] }))))
        })
    });
    let sent = Arc::clone(&io.sent);
    Pipe::new(io, service, limits, &Shutdown::new()).giving_up(given_up).run().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let sent = sent.lock();
    assert!(sent[0].contains(r#""id":4,"#) && sent[0].contains("1503"), "{sent:?}");
    assert_eq!(sent.len(), 4, "each request has an answer: {sent:?}");
}
