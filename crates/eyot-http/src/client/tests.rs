//! Connections to an upstream, against scripted sockets.

use bytes::Bytes;
use eyot_service::Limits;
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Draft, HttpClient, HttpError};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn upstream() -> (TcpListener, HttpClient) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    (listener, HttpClient::new(&url, Limits::default()).unwrap())
}

/// Reads one head.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn get(client: &HttpClient) -> Result<Bytes, HttpError> {
    let response = client.send(Draft::default()).await?;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    let data = body.data().await?.unwrap_or_default();
    assert_eq!(body.data().await?, None);
    Ok(data)
}

#[tokio::test]
async fn connection_is_used_again_after_a_whole_answer() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            assert!(head(&mut stream).await.starts_with("GET /mcp HTTP/1.1\r\n"));
            stream.write_all(OK).await.unwrap();
        }
    };
    let asking = async {
        for _ in 0..3 {
            assert_eq!(get(&client).await.unwrap(), "ok");
        }
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn request_goes_out_again_when_the_idle_connection_had_been_closed() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        drop(stream);
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(OK).await.unwrap();
    };
    let asking = async {
        assert_eq!(get(&client).await.unwrap(), "ok");
        assert_eq!(get(&client).await.unwrap(), "ok");
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn request_that_may_have_been_read_is_not_sent_twice() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        drop(stream);
    };
    let asking = async {
        let error = get(&client).await.unwrap_err();
        assert!(error.may_have_been_read(), "{error}");
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn dropping_an_answer_closes_its_connection() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";
        stream.write_all(head).await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
    };
    let asking = async {
        let response = client.send(Draft::default()).await.unwrap();
        let mut body = response.into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "ok");
        drop(body);
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn upstream_without_a_listener_was_not_sent_anything() {
    let (listener, client) = upstream().await;
    drop(listener);
    let error = get(&client).await.unwrap_err();
    assert!(!error.may_have_been_read(), "{error}");
}

#[tokio::test]
async fn head_beyond_its_bound_is_no_answer_though_all_of_it_has_come() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        let padding = "x".repeat(Limits::default().http.head_bytes_max);
        let head = format!("HTTP/1.1 200 OK\r\npadding: {padding}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
    };
    let asking = async {
        let error = get(&client).await.unwrap_err();
        assert!(matches!(error, HttpError::Broken { .. }), "{error}");
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn head_without_an_end_is_read_up_to_its_bound() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\npadding: ").await.unwrap();
        let (mut sent, limits) = (0, Limits::default().http);
        while stream.write_all(&[b'x'; 4_096]).await.is_ok() {
            sent += 4_096;
            assert!(sent < 64 << 20, "the client takes a head of {sent} bytes");
        }
        assert!(sent >= limits.head_bytes_max, "the client takes a head of {sent} bytes");
    };
    let asking = async {
        let error = get(&client).await.unwrap_err();
        assert!(matches!(error, HttpError::Broken { .. }), "{error}");
    };
    tokio::join!(serving, asking);
}

#[test]
fn only_absolute_urls_without_user_info_are_upstreams() {
    for url in ["", "/mcp", "localhost:1", "ftp://a/mcp", "ftp://a/", "http://u:p@a/mcp"] {
        assert!(HttpClient::new(url, Limits::default()).is_err(), "{url}");
    }
    assert!(HttpClient::new("http://[::1]:3000", Limits::default()).is_ok());
}

#[tokio::test]
async fn answers_before_the_last_one_are_read_up_to_a_bound() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n").await.unwrap();
        stream.write_all(OK).await.unwrap();
        head(&mut stream).await;
        let informational = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000);
        let mut sent = 0;
        while stream.write_all(&informational).await.is_ok() {
            sent += informational.len();
            assert!(sent < 64 << 20, "the client takes {sent} bytes before an answer");
        }
    };
    let asking = async {
        assert_eq!(get(&client).await.unwrap(), "ok");
        let error = get(&client).await.unwrap_err();
        assert!(matches!(error, HttpError::Broken { .. }), "{error}");
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn after_a_101_the_stream_is_handed_over_with_what_came_behind_the_answer() {
    let (listener, client) = upstream().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        let switched = b"HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nNOT HTTP";
        stream.write_all(switched).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 7);
        stream.write_u8(8).await.unwrap();
    };
    let asking = async {
        let answer = client.send(Draft::default()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
        let mut upgraded = answer.into_body().into_upgraded().unwrap();
        assert_eq!(upgraded.read, "NOT HTTP");
        upgraded.stream.write_u8(7).await.unwrap();
        assert_eq!(upgraded.stream.read_u8().await.unwrap(), 8);
    };
    tokio::join!(serving, asking);
}
