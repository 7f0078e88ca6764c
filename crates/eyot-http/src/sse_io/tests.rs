//! HTTP with SSE against scripted sockets.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Message};
use eyot_service::{BadMessage, IoEnd, IoEvent, Limits, MessageIo as _};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

use super::{PostError, Posting, SseError, SseIo, SseStream};
use crate::{Draft, HttpClient, UpstreamBody};

/// The body of an event stream that begins so, and the server's end of it.
async fn connected(first: &[u8], limits: Limits) -> (UpstreamBody, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sse", listener.local_addr().unwrap());
    let client = HttpClient::new(&url, limits).unwrap();
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        stream.write_all(&[head, first].concat()).await.unwrap();
        stream
    };
    let (response, stream) = tokio::join!(client.send(Draft::default()), serving);
    (response.unwrap().into_body(), stream)
}

async fn opened(
    first: &[u8],
    limits: Limits,
) -> (Result<(SseStream, String), SseError>, TcpStream) {
    let (body, stream) = connected(first, limits).await;
    (SseStream::open(body, &limits).await, stream)
}

async fn refusal(first: &[u8]) -> SseError {
    let (opened, mut stream) = opened(first, Limits::default()).await;
    let error = opened.unwrap_err();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the stream is closed");
    error
}

/// A POST that the test answers.
type Pending = (Message, oneshot::Sender<Result<(), PostError>>);

/// An open session; its POSTs come to the test.
struct Session {
    io: SseIo,
    stream: TcpStream,
    posts: Arc<Mutex<Vec<Pending>>>,
}

impl Session {
    async fn open(limits: Limits) -> Self {
        let (opened, stream) = opened(b"event: endpoint\ndata: /m\n\n", limits).await;
        let (events, endpoint) = opened.unwrap();
        assert_eq!(endpoint, "/m");
        let posts: Arc<Mutex<Vec<Pending>>> = Arc::default();
        let begun = Arc::clone(&posts);
        let post = move |message| -> Posting {
            let (sender, receiver) = oneshot::channel();
            begun.lock().push((message, sender));
            Box::pin(async move { receiver.await.unwrap_or(Ok(())) })
        };
        Self { io: SseIo::new(events, post, &limits), stream, posts }
    }

    async fn next(&mut self) -> IoEvent {
        poll_fn(|cx| self.io.poll_message(cx)).await
    }

    async fn next_json(&mut self) -> Value {
        match self.next().await {
            IoEvent::Message(text) => serde_json::from_slice(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Lets the server do something, and returns when the session was woken by it: what it did has
    /// arrived, and is not taken yet.
    async fn let_arrive(&mut self, act: impl AsyncFnOnce(&mut TcpStream)) {
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let polled = self.io.poll_message(&mut Context::from_waker(&waker));
        assert!(polled.is_pending(), "{polled:?}");
        act(&mut self.stream).await;
        bell.0.notified().await;
    }

    /// Polls once.
    fn poll(&mut self) -> Poll<IoEvent> {
        self.io.poll_message(&mut Context::from_waker(Waker::noop()))
    }

    /// Lets the POSTs move for this long.
    async fn idle(&mut self, time: Duration) {
        let next = tokio::time::timeout(time, self.next()).await;
        assert!(next.is_err(), "{next:?}");
    }

    fn ask(&mut self, id: u64) {
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": "ping" }).to_string();
        let message = Message::parse(text.into(), &Limits::default().messages.scan).unwrap();
        self.io.queue_message(&message).unwrap();
    }

    /// The ids whose POSTs have begun and wait for their answers.
    fn begun(&self) -> Vec<String> {
        self.posts.lock().iter().map(|it| it.0.id().unwrap().to_string()).collect()
    }

    /// Answers the oldest POST.
    fn answer(&self, answer: Result<(), PostError>) {
        self.posts.lock().remove(0).1.send(answer).unwrap();
    }
}

/// Says that a waker was used.
#[derive(Debug, Default)]
struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

const MOMENT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn endpoint_comes_as_the_server_has_written_it() {
    for (first, expected) in [
        ("event: endpoint\ndata: /messages/?session_id=5\n\n", "/messages/?session_id=5"),
        (": hello\n\nretry: 5\n\nevent:endpoint\r\ndata:  m \r\n\r\n", "m"),
        ("event: endpoint\rdata: http://h/\r\r", "http://h/"),
    ] {
        let (opened, _stream) = opened(first.as_bytes(), Limits::default()).await;
        assert_eq!(opened.unwrap().1, expected, "{first:?}");
    }
}

#[tokio::test]
async fn stream_that_begins_otherwise_is_none_of_this_transport() {
    for (first, expected) in [
        (&b"data: {}\n\n"[..], SseError::OtherEvent),
        (b"event: ping\ndata: x\n\nevent: endpoint\ndata: /m\n\n", SseError::OtherEvent),
        (b"event: endpoint\ndata: \n\n", SseError::NoUrl),
        (b"event: endpoint\ndata: \xff\n\n", SseError::NoUrl),
    ] {
        let said = String::from_utf8_lossy(first).into_owned();
        assert_eq!(refusal(first).await, expected, "{said:?}");
    }
    let long = format!("event: endpoint\ndata: /{}\n\n", "x".repeat(40_000));
    assert_eq!(refusal(long.as_bytes()).await, SseError::NoUrl);
}

#[tokio::test]
async fn stream_that_ends_at_any_point_before_the_endpoint_is_complete_is_closed() {
    let whole = b"event: endpoint\ndata: /m\n\n";
    for cut in 0..whole.len() {
        let (body, stream) = connected(&whole[..cut], Limits::default()).await;
        drop(stream);
        let opened = SseStream::open(body, &Limits::default()).await;
        assert_eq!(opened.unwrap_err(), SseError::Closed, "{cut}");
    }
}

#[tokio::test]
async fn endpoint_is_awaited_for_a_while_only() {
    let limits = Limits::default();
    let (body, _stream) = connected(b": wait\n\nevent: endpoint\n", limits).await;
    tokio::time::pause();
    let opened = SseStream::open(body, &limits).await;
    assert_eq!(opened.unwrap_err(), SseError::Silent(limits.upstream.connect_timeout));
}

#[tokio::test]
async fn events_are_messages_and_all_else_is_passed_over() {
    let mut session = Session::open(Limits::default()).await;
    let events = b": ping\n\nevent: endpoint\ndata: http://evil/\n\nevent: other\ndata: 1\n\n\
                   event: message\ndata: {\"a\":\ndata: 1}\n\ndata: 2\n\nevent: message\n\n";
    session.stream.write_all(events).await.unwrap();
    assert_eq!(session.next_json().await, json!({ "a": 1 }));
    assert_eq!(session.next_json().await, json!(2));
    session.let_arrive(async |it| it.write_all(b"data: cut").await.unwrap()).await;
    assert!(session.poll().is_pending());
    session.stream.shutdown().await.unwrap();
    let end = IoEvent::Ended(IoEnd::new("closed its event stream"));
    assert_eq!(session.next().await, end);
    assert_eq!(session.next().await, end, "for ever");
    let ping = Message::notification("ping", &json!({}));
    assert_eq!(session.io.queue_message(&ping).unwrap_err().queue_bytes_max, 0);
}

#[tokio::test]
async fn event_that_is_too_long_is_passed_over_with_what_its_ends_show() {
    let mut limits = Limits::default();
    limits.messages.bytes_max = 1 << 10;
    let mut session = Session::open(limits).await;
    let long = json!({ "jsonrpc": "2.0", "id": 7, "result": { "text": "x".repeat(5_000) } });
    let events = format!("data: {long}\n\ndata: 1\n\n");
    session.stream.write_all(events.as_bytes()).await.unwrap();
    let IoEvent::Bad(BadMessage::TooLong { len_bytes, limit_bytes, .. }) = session.next().await
    else {
        panic!("it is too long");
    };
    assert!(len_bytes > 5_000 && limit_bytes == 1 << 10);
    assert_eq!(session.next_json().await, json!(1));
}

#[tokio::test]
async fn flood_without_messages_lets_others_have_their_turn() {
    let mut session = Session::open(Limits::default()).await;
    let comments = "data:\nretry: 1\n\n".repeat(2_000);
    session.stream.write_all(comments.as_bytes()).await.unwrap();
    session.stream.write_all(b"data: 1\n\n").await.unwrap();
    let mut pauses = 0;
    let event = poll_fn(|cx| {
        let polled = session.io.poll_message(cx);
        pauses += u32::from(polled.is_pending());
        polled
    })
    .await;
    assert_eq!(event, IoEvent::Message("1".into()));
    assert!(pauses >= 100, "{pauses}");
}

#[tokio::test]
async fn next_post_begins_when_the_one_before_is_answered() {
    let mut session = Session::open(Limits::default()).await;
    tokio::time::pause();
    (1..=3).for_each(|id| session.ask(id));
    session.idle(MOMENT).await;
    assert_eq!(session.begun(), ["1"]);
    session.answer(Ok(()));
    session.idle(MOMENT).await;
    assert_eq!(session.begun(), ["2"]);
}

#[tokio::test]
async fn post_that_is_not_answered_soon_does_not_hold_up_the_next_ones() {
    let mut session = Session::open(Limits::default()).await;
    tokio::time::pause();
    (1..=3).for_each(|id| session.ask(id));
    session.idle(Duration::from_millis(500)).await;
    assert_eq!(session.begun(), ["1", "2", "3"], "in their order");
}

#[tokio::test]
async fn refused_request_is_answered_and_the_session_goes_on() {
    let mut session = Session::open(Limits::default()).await;
    tokio::time::pause();
    (1..=2).for_each(|id| session.ask(id));
    session.idle(MOMENT).await;
    session.answer(Err(PostError::Refused(ErrorObject::new(-32_603, "no"))));
    let answer = session.next_json().await;
    assert_eq!((&answer["id"], &answer["error"]["message"]), (&json!(1), &json!("no")));
    session.idle(MOMENT).await;
    assert_eq!(session.begun(), ["2"]);
    session.answer(Ok(()));

    let note = Message::notification("notifications/initialized", &json!({}));
    session.io.queue_message(&note).unwrap();
    session.idle(MOMENT).await;
    session.answer(Err(PostError::Refused(ErrorObject::new(-32_603, "no"))));
    session.idle(MOMENT).await;
}

#[tokio::test]
async fn message_that_was_provably_not_taken_is_not_counted_as_written() {
    let mut session = Session::open(Limits::default()).await;
    tokio::time::pause();
    session.ask(1);
    let first_end = session.io.queued_bytes() as u64;
    session.ask(2);
    session.ask(3);
    assert_eq!((session.io.written_bytes(), session.io.queued_bytes() as u64), (0, 3 * first_end));
    session.idle(MOMENT).await;
    session.answer(Ok(()));
    session.idle(MOMENT).await;
    assert_eq!(session.io.written_bytes(), 2 * first_end, "it may have been read by now");
    let end = IoEnd::new("does not know the session any more");
    session.answer(Err(PostError::Gone(end.clone())));
    assert_eq!(session.next().await, IoEvent::Ended(end));
    assert_eq!(session.io.written_bytes(), first_end);
    assert_eq!(session.begun(), [""; 0], "no other POST begins");
}

#[tokio::test]
async fn end_of_the_stream_waits_a_moment_for_what_becomes_of_a_post() {
    for answer in [Some(Err(PostError::Gone(IoEnd::new("is gone")))), Some(Ok(())), None] {
        let mut session = Session::open(Limits::default()).await;
        session.ask(1);
        let end = session.io.queued_bytes() as u64;
        assert!(session.poll().is_pending());
        assert_eq!(session.begun(), ["1"]);
        session.ask(2);
        let expected = if matches!(answer, Some(Err(_))) { 0 } else { end };
        session.let_arrive(async |it| it.shutdown().await.unwrap()).await;
        assert!(session.poll().is_pending(), "the end is known, and waits");
        if let Some(answer) = answer {
            session.answer(answer);
        }
        tokio::time::pause();
        assert!(matches!(session.next().await, IoEvent::Ended(_)));
        tokio::time::resume();
        assert_eq!(session.io.written_bytes(), expected);
    }
}

#[tokio::test]
async fn what_has_come_is_read_before_the_end_of_the_session_is_told() {
    let mut session = Session::open(Limits::default()).await;
    session.ask(1);
    session.let_arrive(async |it| it.write_all(b"data: 1\n\n").await.unwrap()).await;
    assert_eq!(session.begun(), ["1"]);
    session.answer(Err(PostError::Gone(IoEnd::new("is gone"))));
    assert_eq!(session.next_json().await, json!(1));
    assert_eq!(session.next().await, IoEvent::Ended(IoEnd::new("is gone")));
}

#[tokio::test]
async fn queue_that_is_full_takes_no_more() {
    let mut limits = Limits::default();
    (limits.messages.bytes_max, limits.upstream.child_queue_bytes_max) = (100, 0);
    let mut session = Session::open(limits).await;
    session.ask(1);
    session.ask(2);
    let long = Message::notification("n", &json!({ "text": "x".repeat(50) }));
    let full = session.io.queue_message(&long).unwrap_err();
    assert_eq!((full.queued_bytes, full.queue_bytes_max), (session.io.queued_bytes(), 100));
}

#[tokio::test]
async fn closing_sends_what_is_queued_first() {
    let mut session = Session::open(Limits::default()).await;
    tokio::time::pause();
    (1..=2).for_each(|id| session.ask(id));
    for _ in 0..2 {
        let Session { io, .. } = &mut session;
        let closing = poll_fn(|cx| io.poll_close(cx));
        tokio::time::timeout(MOMENT, closing).await.expect_err("a POST is not answered");
        session.answer(Ok(()));
    }
    poll_fn(|cx| session.io.poll_close(cx)).await;
    drop(session.io);
    assert_eq!(session.stream.read(&mut [0]).await.unwrap(), 0);
}
