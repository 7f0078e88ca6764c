//! Connections whose peers misbehave in time, on a clock of their own.

use std::future::{pending, ready};

use bytes::Bytes;
use eyot_service::Limits;
use http::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::{ConnectionEnd, serve_connection};
use crate::{OutgoingBody, RequestBody, read_body};

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
