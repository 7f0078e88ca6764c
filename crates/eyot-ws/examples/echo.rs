//! A WebSocket that says everything again, for suites that others wrote: see `docs/TESTING.md`.
//!
//! `cargo run -p eyot-ws --example echo -- 127.0.0.1:9001`. One client at a time is served.

use std::future::poll_fn;
use std::io;

use bytes::BytesMut;
use eyot_service::{IoEvent, MessageIo as _};
use eyot_ws::{WebSocketIo, WsLimits, accept};
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        // Suites break connections on purpose.
        drop(echo(stream).await);
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let read = handshake(&mut stream).await?;
    let mut io = WebSocketIo::server(stream, &read, WsLimits::default());
    while let IoEvent::Message(text) = poll_fn(|cx| io.poll_message(cx)).await {
        if io.queue_text(text).is_err() {
            break;
        }
    }
    poll_fn(|cx| io.poll_close(cx)).await;
    Ok(())
}

/// Answers the request; what has come behind it.
async fn handshake(stream: &mut TcpStream) -> io::Result<BytesMut> {
    let mut read = BytesMut::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|it| it == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&read.split_to(end)).into_owned();
    let fields = head.lines().skip(1).filter_map(|it| it.split_once(':'));
    let request =
        fields.fold(Request::builder(), |it, (name, value)| it.header(name, value.trim()));
    let (parts, ()) = request.body(()).map_err(io::Error::other)?.into_parts();
    let headers = accept(&parts).map_err(io::Error::other)?;
    let mut answer = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
    for (name, value) in &headers {
        answer += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    stream.write_all((answer + "\r\n").as_bytes()).await?;
    Ok(read)
}
