//! Connections whose peers misbehave in time, on a clock of their own.

use std::future::{pending, ready};

use bytes::Bytes;
use eyot_service::Limits;
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::{ConnectionEnd, serve_connection, serve_until_upgrade};
use crate::{BodyError, OutgoingBody, RequestBody, read_body};

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn hello(_request: Request<RequestBody>) -> std::future::Ready<Response<OutgoingBody>> {
    ready(Response::new(OutgoingBody::from(Bytes::from_static(b"hello"))))
}

async fn answer(client: &mut DuplexStream) -> String {
    let mut answer = vec![0; 4096];
    let read = client.read(&mut answer).await.unwrap();
    String::from_utf8(answer[..read].to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn client_that_takes_nothing_is_let_go_at_the_stall_timeout() {
    let (mut client, server) = tokio::io::duplex(1024);
    client.write_all(GET).await.unwrap();
    let large =
        |_request| ready(Response::new(OutgoingBody::from(Bytes::from(vec![b'x'; 1 << 20]))));
    let limits = Limits::default();
    let began = tokio::time::Instant::now();
    let end = serve_connection(server, &limits, pending(), large).await;
    assert!(matches!(end, ConnectionEnd::Broken { .. }), "{end:?}");
    assert_eq!(began.elapsed(), limits.http.write_stall_timeout);
    drop(client);
}

#[tokio::test]
async fn head_beyond_its_bound_is_refused_with_431() {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let limits = Limits::default();
    let padding = "x".repeat(limits.http.head_bytes_max);
    let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\npadding: {padding}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let _end = serve_connection(server, &limits, pending(), hello).await;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn silent_client_is_let_go_at_the_head_timeout() {
    let (client, server) = tokio::io::duplex(1024);
    let limits = Limits::default();
    let began = tokio::time::Instant::now();
    let _end = serve_connection(server, &limits, pending(), hello).await;
    assert_eq!(began.elapsed(), limits.http.head_timeout);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn body_that_stops_fails_at_its_idle_timeout() {
    let (mut client, server) = tokio::io::duplex(1024);
    let head = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf";
    client.write_all(head).await.unwrap();
    let limits = Limits::default();
    let began = tokio::time::Instant::now();
    let handle = |request: Request<RequestBody>| async move {
        let read = read_body(request.into_body(), &Limits::default()).await;
        Response::new(OutgoingBody::from(Bytes::from(format!("{read:?}"))))
    };
    let serving = serve_connection(server, &limits, pending(), handle);
    let reading = async {
        let answer = answer(&mut client).await;
        assert!(answer.ends_with("Err(TooSlow)"), "{answer}");
        assert_eq!(began.elapsed(), limits.http.body_idle_timeout);
        drop(client);
    };
    tokio::join!(serving, reading);
}

#[tokio::test(start_paused = true)]
async fn body_that_trickles_fails_soon_after_the_grace_of_its_rate() {
    let (mut client, server) = tokio::io::duplex(1024);
    let head = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5000\r\n\r\nx";
    client.write_all(head).await.unwrap();
    let limits = Limits::default();
    let began = tokio::time::Instant::now();
    let handle = |request: Request<RequestBody>| async move {
        let read = read_body(request.into_body(), &Limits::default()).await;
        assert_eq!(read, Err(BodyError::TooSlow));
        Response::new(OutgoingBody::Empty)
    };
    let serving = serve_connection(server, &limits, pending(), handle);
    let trickling = async {
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
    };
    tokio::select! {
        _ = serving => {}
        () = trickling => {}
    }
    assert!(began.elapsed() <= limits.http.body_rate_grace + limits.http.head_timeout);
}

#[tokio::test]
async fn body_that_keeps_the_least_rate_may_take_longer_than_its_grace() {
    tokio::time::pause();
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let head = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n";
    client.write_all(head).await.unwrap();
    let limits = Limits::default();
    let handle = |request: Request<RequestBody>| async move {
        let read = read_body(request.into_body(), &Limits::default()).await.unwrap();
        Response::new(OutgoingBody::from(Bytes::from(read.len().to_string())))
    };
    let serving = serve_connection(server, &limits, pending(), handle);
    let sending = async {
        for _ in 0..50 {
            client.write_all(&[b'x'; 2_000]).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(1_900)).await;
        }
        let answer = answer(&mut client).await;
        assert!(answer.ends_with("100000"), "{answer}");
        drop(client);
    };
    tokio::join!(serving, sending);
}

#[tokio::test]
async fn ambiguous_length_is_refused_and_the_connection_closed() {
    let (mut client, server) = tokio::io::duplex(4096);
    let length = format!("content-length: {}4", " ".repeat(60));
    let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\n{length}\r\n\r\nbody");
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(GET).await.unwrap();
    let _end = serve_connection(server, &Limits::default(), pending(), hello).await;
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answers}");
    assert!(!answers.contains("hello"), "{answers}");
}

#[tokio::test]
async fn ambiguous_chunk_ends_its_connection_before_the_next_request() {
    let (mut client, server) = tokio::io::duplex(4096);
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("{}4\r\nbody\r\n0\r\n\r\n", "0".repeat(80));
    client.write_all(format!("{head}{chunk}").as_bytes()).await.unwrap();
    client.write_all(GET).await.unwrap();
    let _end = serve_connection(server, &Limits::default(), pending(), hello).await;
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.unwrap();
    assert!(!answers.contains("hello"), "{answers}");
}

/// Pauses that are longer than any moment of a connection's own.
async fn pause() {
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn connection_that_rested_serves_the_next_request() {
    let (mut client, server) = tokio::io::duplex(1024);
    let limits = Limits::default();
    let serving = serve_connection(server, &limits, pending(), hello);
    let asking = async {
        for _ in 0..3 {
            pause().await;
            client.write_all(GET).await.unwrap();
            assert!(answer(&mut client).await.ends_with("hello"));
        }
        pause().await;
        drop(client);
    };
    let (end, ()) = tokio::join!(serving, asking);
    assert_eq!(end, ConnectionEnd::Clean);
}

#[tokio::test(start_paused = true)]
async fn head_that_comes_in_two_parts_around_a_rest_is_whole() {
    let (mut client, server) = tokio::io::duplex(1024);
    let limits = Limits::default();
    let serving = serve_connection(server, &limits, pending(), hello);
    let asking = async {
        for at in [1, 20, GET.len() - 1] {
            client.write_all(&GET[..at]).await.unwrap();
            pause().await;
            client.write_all(&GET[at..]).await.unwrap();
            assert!(answer(&mut client).await.ends_with("hello"));
            pause().await;
        }
        drop(client);
    };
    tokio::join!(serving, asking);
}

#[tokio::test(start_paused = true)]
async fn rest_does_not_move_the_head_timeout() {
    let (mut client, server) = tokio::io::duplex(1024);
    let limits = Limits::default();
    let began = tokio::time::Instant::now();
    let serving = serve_connection(server, &limits, pending(), hello);
    let trickling = async {
        pause().await;
        for byte in GET {
            client.write_all(&[*byte]).await.unwrap();
            pause().await;
        }
    };
    tokio::select! {
        _ = serving => {}
        () = trickling => {}
    }
    assert_eq!(began.elapsed(), limits.http.head_timeout);
}

#[tokio::test(start_paused = true)]
async fn answer_that_is_taken_late_is_whole() {
    let (mut client, server) = tokio::io::duplex(1024);
    let limits = Limits::default();
    let handle =
        |_request| ready(Response::new(OutgoingBody::from(Bytes::from(vec![b'x'; 8 << 10]))));
    let serving = serve_connection(server, &limits, pending(), handle);
    let asking = async {
        client.write_all(GET).await.unwrap();
        pause().await;
        let mut answer = vec![0; 8 << 10];
        client.read_exact(&mut answer).await.unwrap();
        pause().await;
        client.shutdown().await.unwrap();
        let read = client.read_to_end(&mut answer).await.unwrap();
        assert!(read > 0 && answer.ends_with(b"xxxx"));
        assert_eq!(answer.iter().filter(|it| **it == b'x').count(), 8 << 10);
    };
    tokio::join!(serving, asking);
}

#[tokio::test(start_paused = true)]
async fn resting_connection_closes_when_the_drain_begins() {
    let (mut client, server) = tokio::io::duplex(1024);
    let (begin, drain) = tokio::sync::oneshot::channel::<()>();
    let limits = Limits::default();
    let drained = async { drop(drain.await) };
    let serving = serve_connection(server, &limits, drained, hello);
    let draining = async {
        pause().await;
        begin.send(()).unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    };
    let (end, ()) = tokio::join!(serving, draining);
    assert_eq!(end, ConnectionEnd::Clean);
}

#[tokio::test]
async fn idle_connection_closes_when_the_drain_begins() {
    let (mut client, server) = tokio::io::duplex(1024);
    client.write_all(GET).await.unwrap();
    let (begin, drain) = tokio::sync::oneshot::channel::<()>();
    let limits = Limits::default();
    let drained = async { drop(drain.await) };
    let serving = serve_connection(server, &limits, drained, hello);
    let draining = async {
        assert!(answer(&mut client).await.ends_with("hello"));
        begin.send(()).unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    };
    let (end, ()) = tokio::join!(serving, draining);
    assert_eq!(end, ConnectionEnd::Clean);
}

const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n\
    upgrade: x\r\n\r\nNOT HTTP";

#[tokio::test(start_paused = true)]
async fn after_a_101_the_stream_is_handed_over_with_what_came_behind_the_request() {
    let (mut client, server) = tokio::io::duplex(1024);
    client.write_all(GET).await.unwrap();
    client.write_all(UPGRADE).await.unwrap();
    let handle = |request: Request<RequestBody>| {
        let mut answer = Response::new(OutgoingBody::Empty);
        if request.headers().contains_key("upgrade") {
            *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
        ready(answer)
    };
    let upgraded = serve_until_upgrade(server, &Limits::default(), pending(), handle).await;
    let mut upgraded = upgraded.unwrap();
    assert_eq!(upgraded.read, "NOT HTTP");
    let answers = answer(&mut client).await;
    assert!(answers.contains("HTTP/1.1 101 Switching Protocols"), "{answers}");

    upgraded.stream.write_all(b"\x81\0").await.unwrap();
    client.write_all(b"\x88").await.unwrap();
    assert_eq!(upgraded.stream.read_u8().await.unwrap(), 0x88);
    assert_eq!(client.read_u16().await.unwrap(), 0x8100);
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_is_refused_leaves_the_connection_as_it_was() {
    let (mut client, server) = tokio::io::duplex(4096);
    client.write_all(&UPGRADE[..UPGRADE.len() - 8]).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
    let end = serve_until_upgrade(server, &Limits::default(), pending(), hello).await;
    assert_eq!(end.unwrap_err(), ConnectionEnd::Clean);
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}
