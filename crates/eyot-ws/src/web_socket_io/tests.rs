//! Whole connections against tungstenite's own, in virtual time.

use std::future::poll_fn;
use std::time::Duration;

use eyot_jsonrpc::{Id, Message, ScanLimits};
use eyot_service::{BadMessage, IoEvent, MessageIo};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_util::sync::CancellationToken;
use tungstenite::Message as Frame;
use tungstenite::protocol::Role;

use super::WebSocketIo;
use crate::WsLimits;

type Io = WebSocketIo<DuplexStream>;
type Theirs = WebSocketStream<DuplexStream>;

const ROOM_BYTES: usize = 16 * 1024;

/// Our server and their client.
async fn served(limits: WsLimits) -> (Io, Theirs) {
    let (ours, theirs) = duplex(ROOM_BYTES);
    let theirs = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    (WebSocketIo::server(ours, &[], limits), theirs)
}

fn message(text: impl Into<String>) -> Message {
    Message::parse(text.into().into(), &ScanLimits::default()).unwrap()
}

fn notification(len: usize) -> String {
    let padding = "é".repeat(len / 2);
    format!(r#"{{"jsonrpc":"2.0","method":"x","params":{{"a":"{padding}"}}}}"#)
}

async fn next(io: &mut Io) -> IoEvent {
    poll_fn(|cx| io.poll_message(cx)).await
}

async fn close(io: &mut Io) {
    poll_fn(|cx| io.poll_close(cx)).await;
}

/// The close code that the other side sees.
async fn code(theirs: &mut Theirs) -> Option<u16> {
    loop {
        match theirs.next().await? {
            Ok(Frame::Close(frame)) => {
                // Its own close goes out with the next flush.
                drop(theirs.flush().await);
                return frame.map(|it| it.code.into());
            }
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

/// What the other side sees when it sends this, and the end that ours tells of.
#[track_caller]
fn check(sent: Frame, code_wanted: u16, what: &str) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(async {
        let (mut io, mut theirs) = served(WsLimits::default()).await;
        theirs.send(sent).await.unwrap();
        let IoEvent::Ended(end) = next(&mut io).await else { panic!("no end") };
        assert_eq!(end.to_string(), what);
        assert!(end.is_of_both_sides());
        let (_, seen) = tokio::join!(close(&mut io), code(&mut theirs));
        assert_eq!(seen, Some(code_wanted));
    });
}

#[tokio::test(start_paused = true)]
async fn messages_of_every_length_pass_in_both_directions() {
    let (mut io, mut theirs) = served(WsLimits::default()).await;
    for len in [0, 60, 1_000, 5_000, 70_000, 2_000_000] {
        let text = notification(len);
        io.queue_message(&message(&*text)).unwrap();
        let (_, echoed) = tokio::join!(
            async {
                let got = theirs.next().await.unwrap().unwrap();
                theirs.send(got).await.unwrap();
            },
            next(&mut io)
        );
        assert_eq!(echoed, IoEvent::Message(text.into()));
    }
    assert_eq!(io.queued_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn our_client_talks_to_a_server_that_others_wrote() {
    let (ours, theirs) = duplex(ROOM_BYTES);
    let mut theirs = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
    let mut io = WebSocketIo::client(ours, &[], WsLimits::default());
    for len in [0, 200, 70_000] {
        let text = notification(len);
        io.queue_message(&message(&*text)).unwrap();
        let (_, echoed) = tokio::join!(
            async {
                let got = theirs.next().await.unwrap().unwrap();
                theirs.send(got).await.unwrap();
            },
            next(&mut io)
        );
        assert_eq!(echoed, IoEvent::Message(text.into()));
    }
    let (_, seen) = tokio::join!(close(&mut io), code(&mut theirs));
    assert_eq!(seen, Some(1000));
}

#[tokio::test(start_paused = true)]
async fn bytes_that_came_with_the_request_are_read_first() {
    let (ours, _theirs) = duplex(ROOM_BYTES);
    let mut io = WebSocketIo::server(ours, b"\x81\x82\0\0\0\0{}", WsLimits::default());
    assert_eq!(next(&mut io).await, IoEvent::Message("{}".into()));
}

#[test]
fn a_binary_message_ends_the_connection_with_1003() {
    check(Frame::binary(vec![b'{', b'}']), 1003, "sent a binary message");
}

#[test]
fn the_end_of_the_peer_is_answered_with_its_code() {
    let frame = |code: u16| {
        let (code, reason) = (code.into(), "".into());
        Frame::Close(Some(tungstenite::protocol::CloseFrame { code, reason }))
    };
    check(frame(1000), 1000, "closed the connection");
    check(frame(4001), 4001, "closed the connection with code 4001");
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_bound_is_told_with_its_id_and_ends_the_connection_with_1009() {
    let limits = WsLimits { message_bytes_max: 1_000, ..WsLimits::default() };
    let (mut io, mut theirs) = served(limits).await;
    let long = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{}"}}"#, "x".repeat(2_000));
    theirs.send(Frame::text(long)).await.unwrap();
    let IoEvent::Bad(error) = next(&mut io).await else { panic!("taken") };
    assert!(matches!(error, BadMessage::TooLong { limit_bytes: 1_000, .. }), "{error}");
    assert_eq!(error.into_remnant().request_id(), Some(&Id::parse("7").unwrap()));

    // There is still room for the answer.
    io.queue_message(&message(r#"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""}}"#))
        .unwrap();
    let IoEvent::Ended(end) = next(&mut io).await else { panic!("no end") };
    assert_eq!(end.to_string(), "sent a message that is too long");
    let (_, (answer, seen)) = tokio::join!(close(&mut io), async {
        (theirs.next().await.unwrap().unwrap(), code(&mut theirs).await)
    });
    assert!(answer.is_text());
    assert_eq!(seen, Some(1009));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_ends_the_connection_with_1008() {
    let (mut io, mut theirs) = served(WsLimits::default()).await;
    let flood = async {
        for _ in 0..101 {
            theirs.send(Frame::Ping("x".into())).await.unwrap();
        }
        code(&mut theirs).await
    };
    let serve = async {
        let IoEvent::Ended(end) = next(&mut io).await else { panic!("no end") };
        close(&mut io).await;
        end.to_string()
    };
    let (seen, end) = tokio::join!(flood, serve);
    assert_eq!((seen, &*end), (Some(1008), "sent too many control frames"));
}

#[tokio::test(start_paused = true)]
async fn every_ping_of_a_polite_peer_is_answered() {
    let (mut io, mut theirs) = served(WsLimits::default()).await;
    let ask = async {
        for number in 0..300_u32 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let payload = number.to_be_bytes().to_vec();
            theirs.send(Frame::Ping(payload.clone().into())).await.unwrap();
            assert_eq!(theirs.next().await.unwrap().unwrap(), Frame::Pong(payload.into()));
        }
    };
    tokio::select! {
        event = next(&mut io) => panic!("{event:?}"),
        () = ask => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_asked_and_stays_as_long_as_it_answers() {
    let (mut io, mut theirs) = served(WsLimits::default()).await;
    let began = Instant::now();
    // A stream that is read answers pings by itself.
    let answering = async {
        for _ in 0..3 {
            assert!(theirs.next().await.unwrap().unwrap().is_ping());
            theirs.flush().await.unwrap();
        }
        began.elapsed()
    };
    tokio::select! {
        event = next(&mut io) => panic!("{event:?}"),
        elapsed = answering => assert_eq!(elapsed.as_secs(), 90),
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_ping_is_given_up() {
    let (mut io, _theirs) = served(WsLimits::default()).await;
    let began = Instant::now();
    let IoEvent::Ended(end) = next(&mut io).await else { panic!("no end") };
    assert_eq!(
        (end.to_string().as_str(), began.elapsed().as_secs()),
        ("does not answer pings", 50)
    );
    close(&mut io).await;
    assert_eq!(began.elapsed().as_secs(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_never_ends_is_given_up() {
    let (ours, mut theirs) = duplex(ROOM_BYTES);
    let mut io = WebSocketIo::server(ours, &[], WsLimits::default());
    let began = Instant::now();
    let trickle = async {
        theirs.write_all(b"\x81\xfe\x10\x00\0\0\0\0").await.unwrap();
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            theirs.write_all(b"x").await.unwrap();
        }
    };
    tokio::select! {
        event = next(&mut io) => {
            let IoEvent::Ended(end) = event else { panic!("taken") };
            assert_eq!(end.to_string(), "sent a message too slowly");
            assert_eq!(began.elapsed().as_secs(), 120);
        }
        () = trickle => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_says_so_and_a_client_that_leaves_too() {
    for (is_server, wanted) in [(true, 1012), (false, 1001)] {
        let (ours, theirs) = duplex(ROOM_BYTES);
        let leaving = CancellationToken::new();
        let (io, role) = match is_server {
            true => (WebSocketIo::server(ours, &[], WsLimits::default()), Role::Client),
            false => (WebSocketIo::client(ours, &[], WsLimits::default()), Role::Server),
        };
        let mut io = io.leaving_with(leaving.clone());
        let mut theirs = WebSocketStream::from_raw_socket(theirs, role, None).await;
        leaving.cancel();
        let (_, seen) = tokio::join!(close(&mut io), code(&mut theirs));
        assert_eq!(seen, Some(wanted));
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_waits_for_the_other_side_within_bounds_and_reads_on_meanwhile() {
    let (mut io, mut theirs) = served(WsLimits::default()).await;
    let began = Instant::now();
    let talk = async {
        // More than the stream holds: it must be read.
        for _ in 0..10 {
            theirs.send(Frame::text(notification(5_000))).await.unwrap();
        }
        code(&mut theirs).await
    };
    let (_, seen) = tokio::join!(close(&mut io), talk);
    assert_eq!((seen, began.elapsed()), (Some(1000), Duration::ZERO));

    let (mut io, _silent) = served(WsLimits::default()).await;
    close(&mut io).await;
    assert_eq!(began.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_in_the_queue_is_refused_and_what_was_queued_is_counted() {
    let limits = WsLimits { queue_bytes_max: 200_000, ..WsLimits::default() };
    let (mut io, mut theirs) = served(limits).await;
    let long = message(notification(150_000));
    io.queue_message(&long).unwrap();
    let full = io.queue_message(&long).unwrap_err();
    assert_eq!(full.queue_bytes_max, 200_000);
    assert_eq!(io.queued_bytes() as u64 + io.written_bytes(), long.len() as u64 + 10);

    tokio::select! {
        biased;
        event = next(&mut io) => panic!("{event:?}"),
        got = theirs.next() => assert_eq!(got.unwrap().unwrap().len(), long.len()),
    }
    assert_eq!((io.queued_bytes(), io.written_bytes()), (0, long.len() as u64 + 10));
    assert!(io.queue_message(&long).is_ok());
}

#[tokio::test(start_paused = true)]
async fn after_a_close_nothing_is_queued() {
    let (mut io, mut theirs) = served(WsLimits::default()).await;
    theirs.close(None).await.unwrap();
    assert!(matches!(next(&mut io).await, IoEvent::Ended(_)));
    assert_eq!(
        io.queue_message(&message("{\"jsonrpc\":\"2.0\",\"method\":\"x\"}"))
            .unwrap_err()
            .queue_bytes_max,
        0
    );
    assert!(matches!(next(&mut io).await, IoEvent::Ended(_)), "the end repeats");
    let began = Instant::now();
    close(&mut io).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_is_an_end() {
    let (ours, mut theirs) = duplex(ROOM_BYTES);
    let mut io = WebSocketIo::server(ours, &[], WsLimits::default());
    theirs.write_all(b"\x81").await.unwrap();
    drop(theirs);
    assert!(matches!(next(&mut io).await, IoEvent::Ended(_)));
    close(&mut io).await;
}

#[tokio::test(start_paused = true)]
async fn pings_of_a_peer_that_does_not_read_pile_up_nowhere() {
    let (ours, mut theirs) = duplex(64);
    let mut limits = WsLimits::default();
    limits.socket.control_frames_max = 10_000;
    let mut io = WebSocketIo::server(ours, &[], limits);
    let flood = async {
        for _ in 0..5_000 {
            theirs.write_all(b"\x89\x84\0\0\0\0ping").await.unwrap();
        }
        theirs
    };
    let mut theirs = tokio::select! {
        biased;
        theirs = flood => theirs,
        event = next(&mut io) => panic!("{event:?}"),
    };
    assert!(io.queued_bytes() <= 12, "{}", io.queued_bytes());
    let mut room = [0; 6];
    theirs.read_exact(&mut room).await.unwrap();
    assert_eq!(&room, b"\x8a\x04ping");
}
