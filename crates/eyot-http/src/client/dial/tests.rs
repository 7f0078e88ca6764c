//! Connections by TLS, through proxies and to sockets, against servers of these tests.

mod addresses;
mod proxies;
mod secure;

use std::net::SocketAddr;

use eyot_service::Limits;
use eyot_testkit::Authority;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};

use super::{KEEP_ALIVE_IDLE, alternating, open};
use crate::client::{Connector, Draft, HttpClient, HttpError, Proxies};
use crate::{ClientTls, ClientTlsOptions, ServerTls, TlsIdentity};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Reads one head.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Answers one request; returns its head.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let head = head(&mut stream).await;
    stream.write_all(OK).await.unwrap();
    stream.flush().await.unwrap();
    head
}

async fn get(client: &HttpClient) -> Result<(), HttpError> {
    let response = client.send(Draft::default()).await?;
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    assert_eq!(body.data().await?.unwrap(), "ok");
    Ok(())
}

/// What operators read of an error; peers must read nothing of it.
#[track_caller]
fn operator_text(error: &HttpError) -> String {
    assert!(!error.may_have_been_read(), "{error:?}");
    let text = error.operator_text().unwrap().reveal_to_operator().to_owned();
    let told = error.to_string();
    let public = ["no secure connection", "no way through the proxy"];
    assert!(public.iter().any(|it| told.ends_with(it)), "{told}");
    text
}

fn tls(authority: Option<&Authority>) -> ClientTls {
    let ca = authority.map(|it| it.certificate.clone().into_bytes());
    ClientTls::new(ClientTlsOptions { ca, ..ClientTlsOptions::default() }).unwrap()
}

fn client_of(url: &str, tls: ClientTls) -> HttpClient {
    let connector = Connector::new(tls, Proxies::none());
    HttpClient::with_connector(url, Limits::default(), &connector).unwrap()
}

#[tokio::test]
async fn server_at_a_unix_socket_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let client = HttpClient::new(&format!("unix:{}#/mcp?a=1", path.display()), Limits::default());
    let client = client.unwrap();
    assert!(client.is_private());
    let serving = async { answer(listener.accept().await.unwrap().0).await };
    let (head, got) = tokio::join!(serving, get(&client));
    got.unwrap();
    assert!(head.starts_with("GET /mcp?a=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("host: localhost\r\n"), "{head}");
}

#[tokio::test]
async fn socket_without_a_server_is_an_unreachable_upstream() {
    let client = HttpClient::new("unix:/nowhere/mcp.sock#/mcp", Limits::default()).unwrap();
    let error = get(&client).await.unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }), "{error:?}");
    assert!(!error.to_string().contains("nowhere"), "{error}");
    assert!(!error.is_lasting(), "the server may be started");
}

#[tokio::test]
async fn connections_are_asked_for_their_other_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = open([listener.local_addr().unwrap()]).await.unwrap();
    assert!(sockopt::socket_keepalive(&stream).unwrap());
    assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), KEEP_ALIVE_IDLE);
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    // Where `localhost` has two addresses, the server is at one of them only.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("http://localhost:{port}/mcp");
    let client = client_of(&url, ClientTls::default());
    let serving = async { answer(listener.accept().await.unwrap().0).await };
    tokio::join!(serving, get(&client)).1.unwrap();
}

#[test]
fn families_of_addresses_take_turns() {
    let addresses = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"];
    let addresses = addresses.map(|it| it.parse::<SocketAddr>().unwrap());
    let mixed: Vec<_> = alternating(addresses.into_iter()).iter().map(|it| it.ip()).collect();
    let mixed: Vec<_> = mixed.iter().map(ToString::to_string).collect();
    assert_eq!(mixed, ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]);
}

#[test]
fn urls_of_sockets_name_a_socket_and_a_path() {
    for url in ["unix:/run/a.sock#/mcp", "unix:///run/a.sock#/mcp"] {
        let client = HttpClient::new(url, Limits::default()).unwrap();
        assert_eq!(client.origin(), "unix:/run/a.sock");
        assert_eq!(client.place(), "unix:/run/a.sock#/mcp");
    }
    for url in ["unix:", "unix:#/mcp", "unix:/run/a.sock#mcp"] {
        assert!(HttpClient::new(url, Limits::default()).is_err(), "{url}");
    }
}
