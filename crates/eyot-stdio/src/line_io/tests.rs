//! Lines over a duplex in memory, with a peer that is a bare stream.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex};

use super::{LineEvent, LineIo};
use crate::LineLimits;

type Lines = LineIo<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

fn pair(pipe_bytes: usize, limits: LineLimits) -> (Lines, DuplexStream) {
    let (ours, theirs) = duplex(pipe_bytes);
    (LineIo::over(ours, limits), theirs)
}

fn line(text: &'static str) -> LineEvent {
    LineEvent::Line(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn lines_come_one_by_one_and_then_the_end() {
    let (mut lines, mut peer) = pair(1024, LineLimits::default());
    peer.write_all(b"{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}").await.unwrap();
    peer.shutdown().await.unwrap();
    assert_eq!(lines.next().await, line(r#"{"a":1}"#));
    assert_eq!(lines.next().await, line(r#"{"b":2}"#));
    assert_eq!(lines.next().await, line(r#"{"c":3}"#));
    assert_eq!(lines.next().await, LineEvent::Closed);
    assert_eq!(lines.next().await, LineEvent::Closed);
}

#[tokio::test]
async fn a_line_over_the_limit_is_reported_and_the_next_one_read() {
    let limits = LineLimits { line_bytes_max: 8, ..LineLimits::default() };
    let (mut lines, mut peer) = pair(1024, limits);
    peer.write_all(b"{\"too\":\"long\"}\n{}\n").await.unwrap();
    assert!(matches!(lines.next().await, LineEvent::BadLine(_)));
    assert_eq!(lines.next().await, line("{}"));
}

#[tokio::test]
async fn what_is_queued_is_written_while_lines_are_read() {
    let (mut lines, mut peer) = pair(16, LineLimits::default());
    let long = "x".repeat(1000);
    lines.queue([Bytes::from(format!("\"{long}\""))]).unwrap();
    let mut read = Vec::new();
    let reading = async {
        let mut buffer = [0; 16];
        while read.len() < 1003 {
            let count = peer.read(&mut buffer).await.unwrap();
            read.extend_from_slice(&buffer[..count]);
        }
        peer.write_all(b"{}\n").await.unwrap();
    };
    let (event, ()) = tokio::join!(lines.next(), reading);
    assert_eq!(event, line("{}"));
    assert_eq!(read, format!("\"{long}\"\n").into_bytes());
    assert_eq!(lines.queued_bytes(), 0);
}

#[tokio::test]
async fn the_queue_has_a_bound() {
    let limits = LineLimits { queue_bytes_max: 8, ..LineLimits::default() };
    let (mut lines, _peer) = pair(1024, limits);
    lines.queue([Bytes::from_static(b"{}")]).unwrap();
    let error = lines.queue([Bytes::from_static(b"{\"a\":1}")]).unwrap_err();
    assert_eq!((error.queued_bytes, error.queue_bytes_max), (3, 8));
}

#[tokio::test]
async fn a_half_close_follows_what_is_queued_and_leaves_reading_open() {
    let (mut lines, mut peer) = pair(4, LineLimits::default());
    lines.queue([Bytes::from_static(b"{\"last\":1}")]).unwrap();
    lines.start_close();
    lines.queue([Bytes::from_static(b"{}")]).unwrap_err();
    let mut read = String::new();
    let peer_side = async {
        peer.read_to_string(&mut read).await.unwrap();
        peer.write_all(b"{}\n").await.unwrap();
        drop(peer);
    };
    let (event, ()) = tokio::join!(lines.next(), peer_side);
    assert_eq!(read, "{\"last\":1}\n");
    assert_eq!(event, line("{}"));
    assert_eq!(lines.next().await, LineEvent::Closed);
}

#[tokio::test]
async fn closing_writes_the_rest_out() {
    let (mut lines, mut peer) = pair(4, LineLimits::default());
    lines.queue([Bytes::from_static(b"{\"last\":1}")]).unwrap();
    let mut read = String::new();
    let (_, ()) = tokio::join!(peer.read_to_string(&mut read), lines.close());
    assert_eq!(read, "{\"last\":1}\n");
}

#[tokio::test]
async fn a_peer_that_has_only_closed_its_side_still_gets_the_answer() {
    let (mut lines, mut peer) = pair(1024, LineLimits::default());
    peer.write_all(b"{\"ask\":1}\n").await.unwrap();
    peer.shutdown().await.unwrap();
    assert_eq!(lines.next().await, line(r#"{"ask":1}"#));
    assert_eq!(lines.next().await, LineEvent::Closed);
    lines.queue([Bytes::from_static(b"{\"answer\":1}")]).unwrap();
    lines.close().await;
    let mut read = String::new();
    peer.read_to_string(&mut read).await.unwrap();
    assert_eq!(read, "{\"answer\":1}\n");
}

#[tokio::test]
async fn a_peer_that_is_gone_ends_the_lines() {
    let (mut lines, peer) = pair(1024, LineLimits::default());
    drop(peer);
    lines.queue([Bytes::from_static(b"{}")]).unwrap();
    assert_eq!(lines.next().await, LineEvent::Closed);
    lines.queue([Bytes::from_static(b"{}")]).unwrap_err();
}
