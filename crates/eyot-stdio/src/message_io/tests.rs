//! Lines and children, seen as carriers of messages.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message};
use eyot_service::{IoEvent, MessageIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::timeout;

use crate::{Child, ChildLimits, Command, LineIo, LineLimits};

async fn next(io: &mut dyn MessageIo) -> IoEvent {
    let next = poll_fn(|cx| io.poll_message(cx));
    timeout(WAIT_MAX, next).await.expect("the peer has done something")
}

async fn close(io: &mut dyn MessageIo) {
    timeout(WAIT_MAX, poll_fn(|cx| io.poll_close(cx))).await.expect("it closes");
}

fn text(text: &'static str) -> IoEvent {
    IoEvent::Message(Bytes::from_static(text.as_bytes()))
}

fn answer() -> Message {
    Message::response(Id::from_number(7), &true)
}

/// The answer as a line.
fn line() -> String {
    let text = String::from_utf8(answer().to_bytes().to_vec()).unwrap();
    format!("{text}\n")
}

#[tokio::test]
async fn stream_carries_messages_both_ways() {
    let (ours, mut theirs) = duplex(1024);
    let mut io = LineIo::over(ours, LineLimits::default());
    theirs.write_all(b"{\"id\":7}\n").await.unwrap();
    assert_eq!(next(&mut io).await, text(r#"{"id":7}"#));
    io.queue_message(&answer()).unwrap();
    assert_eq!(MessageIo::queued_bytes(&io), line().len());
    close(&mut io).await;
    let mut read = String::new();
    theirs.read_to_string(&mut read).await.unwrap();
    assert_eq!((MessageIo::written_bytes(&io), read), (line().len() as u64, line()));
}

#[tokio::test]
async fn text_that_is_too_long_is_told_apart_from_the_end() {
    let (ours, mut theirs) = duplex(1024);
    let limits = LineLimits { line_bytes_max: 8, ..LineLimits::default() };
    let mut io = LineIo::over(ours, limits);
    theirs.write_all(b"{\"result\":\"long\",\"id\":7}\n{}\n").await.unwrap();
    drop(theirs);
    let IoEvent::Bad(error) = next(&mut io).await else { panic!("it is too long") };
    assert_eq!(error.to_string(), "message of 24 bytes is longer than 8 bytes");
    let remnant = error.into_remnant();
    assert_eq!(remnant.answered().map(Id::as_raw).collect::<Vec<_>>(), ["7"]);
    assert_eq!(next(&mut io).await, text("{}"));
    for _ in 0..2 {
        let IoEvent::Ended(end) = next(&mut io).await else { panic!("it has ended") };
        assert_eq!(end.to_string(), "closed the connection");
    }
}

#[tokio::test]
async fn the_id_of_a_long_answer_is_seen_at_either_end() {
    let long = "x".repeat(20_000);
    for text in [
        format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"text":"{long}"}}}}"#),
        format!(r#"{{"result":{{"text":"{long}"}},"jsonrpc":"2.0","id":7}}"#),
    ] {
        let limits = ChildLimits { line_bytes_max: 10_000, ..ChildLimits::default() };
        let (program, args) = ("printf".to_owned(), vec!["%s\\n".to_owned(), text]);
        let command = Command { program, args, env: vec![], cwd: None };
        let mut child = Child::spawn(&command, limits).unwrap();
        let IoEvent::Bad(error) = next(&mut child).await else { panic!("it is too long") };
        assert!(error.to_string().ends_with("bytes is longer than 10000 bytes"), "{error}");
        let remnant = error.into_remnant();
        assert_eq!(remnant.answered().map(Id::as_raw).collect::<Vec<_>>(), ["7"]);
    }
}

#[tokio::test]
async fn a_child_that_dies_within_a_line_has_not_written_it() {
    for (last, is_written) in [("{}", true), ("[{}] ", true), ("{\"id\":7,\"result\":{", false)] {
        let mut child = shell(&format!("printf '%s' '{last}'; exit 3"));
        if is_written {
            assert!(matches!(next(&mut child).await, IoEvent::Message(_)), "{last}");
        }
        let IoEvent::Ended(end) = next(&mut child).await else { panic!("{last} is read") };
        assert_eq!(end.to_string(), "exited: exit code 3");
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_skipped_where_a_child_begins_a_line() {
    let mut child = shell("printf '\\357\\273\\277{}\\n\\357\\273\\277[]\\n'");
    assert_eq!(next(&mut child).await, text("{}"));
    assert_eq!(next(&mut child).await, text("[]"));
}

#[tokio::test]
async fn child_carries_messages_and_says_how_it_ended() {
    let mut child = shell("read line; echo \"$line\"; exit 3");
    child.queue_message(&answer()).unwrap();
    assert_eq!(next(&mut child).await, IoEvent::Message(answer().to_bytes()));
    let IoEvent::Ended(end) = next(&mut child).await else { panic!("it has ended") };
    assert_eq!(end.to_string(), "exited: exit code 3");
}

#[tokio::test]
async fn child_that_is_closed_has_read_what_was_queued() {
    let mut child = shell("read line; test -n \"$line\" && echo said; cat > /dev/null");
    child.queue_message(&answer()).unwrap();
    close(&mut child).await;
    assert_eq!(MessageIo::queued_bytes(&child), 0);
    assert!(child.pid().is_none());
}

fn shell(script: &str) -> Child {
    let args = vec!["-c".to_owned(), script.to_owned()];
    let command = Command { program: "/bin/sh".to_owned(), args, env: Vec::new(), cwd: None };
    let limits =
        ChildLimits { exit_grace: WAIT_MAX, kill_grace: WAIT_MAX, ..ChildLimits::default() };
    Child::spawn(&command, limits).unwrap()
}

/// How long a loaded machine may take.
const WAIT_MAX: Duration = Duration::from_secs(60);
