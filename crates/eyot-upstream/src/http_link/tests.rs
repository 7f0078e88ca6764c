//! What becomes of a refused authorization.

use std::future::Future;

use eyot_service::{Fault, Limits, Peer};
use eyot_types::Era;
use eyot_types::codes::Outcome;
use futures_util::{FutureExt as _, StreamExt as _};
use http::{HeaderMap, Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Ask, HttpLink};
use crate::{AccessToken, LegacyConnection, ResumedSession, Runtime, StaticToken, Target};

/// What a server answers to everything.
struct Refusing {
    listener: TcpListener,
    head: &'static str,
    body: &'static str,
}

impl Refusing {
    async fn new(head: &'static str, body: &'static str) -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), head, body }
    }

    fn target(&self) -> Target {
        let url = format!("http://{}/mcp", self.listener.local_addr().unwrap());
        Target::url(&url, Limits::default()).unwrap()
    }

    /// Answers one request on each of its connections while `work` goes on.
    async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let serving = async {
            loop {
                let (mut stream, _) = self.listener.accept().await.unwrap();
                let mut seen = Vec::new();
                while !seen.ends_with(b"\r\n\r\n") {
                    seen.push(stream.read_u8().await.unwrap());
                }
                let Self { head, body, .. } = self;
                let len_bytes = body.len();
                let answer = format!(
                    "HTTP/1.1 {head}connection: close\r\ncontent-length: {len_bytes}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        };
        tokio::select! {
            biased;
            done = work => done,
            () = serving => unreachable!(),
        }
    }
}

/// Each kind of target at this URL.
fn every_kind(target: &Target) -> [Target; 3] {
    let with_header = target.clone().with_header("x-tenant", "t1").unwrap();
    [target.clone(), with_header, with_token(target)]
}

fn with_token(target: &Target) -> Target {
    target.clone().with_tokens(StaticToken::new(AccessToken::new("secret-1")))
}

/// A request without anything of the protocol.
fn get() -> Ask<'static> {
    Ask { method: Method::GET, headers: &|| Ok(HeaderMap::new()), message: None, cookies: None }
}

async fn refused(server: &Refusing, target: &Target) -> Fault {
    let link: &HttpLink = target.http_link().unwrap();
    server.during(link.send(get())).await.map(drop).unwrap_err()
}

#[tokio::test]
async fn every_link_tells_a_refused_authorization_apart() {
    let head = "401 Unauthorized\r\nwww-authenticate: Bearer scope=\"s\"\r\n";
    let server = Refusing::new(head, "").await;
    for target in every_kind(&server.target()) {
        let fault = refused(&server, &target).await;
        let challenge = fault.challenge.unwrap();
        assert_eq!(challenge.status, StatusCode::UNAUTHORIZED);
        assert_eq!(challenge.www_authenticate.as_deref(), Some("Bearer scope=\"s\""));
        assert_eq!(Outcome::of(&fault.error), Some(Outcome::NotSent));
    }
}

#[tokio::test]
async fn the_error_in_a_refusal_is_told_where_no_token_was_sent() {
    let head = "403 Forbidden\r\ncontent-type: application/json\r\n";
    let error = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"who are you?"}}"#;
    let server = Refusing::new(head, error).await;
    let fault = refused(&server, &server.target()).await;
    assert_eq!((fault.error.code, fault.error.message.as_str()), (-32001, "who are you?"));
    assert_eq!(fault.challenge.unwrap().status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn another_status_is_no_refused_authorization() {
    let server = Refusing::new("404 Not Found\r\nwww-authenticate: Bearer\r\n", "").await;
    for target in every_kind(&server.target()) {
        let link = target.http_link().unwrap();
        let sent = server.during(link.send(get())).await;
        assert_eq!(sent.unwrap().status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_is_asked_for_again_only_with_another_token() {
    let server = Refusing::new("403 Forbidden\r\n", "").await;
    let runtime = Runtime::new(TaskTracker::new(), CancellationToken::new(), Default::default());
    let session = ResumedSession { session_id: Some("s"), ..Default::default() };
    let peer = Peer::ourselves(Era::Legacy);
    for (target, has_ended) in [(server.target(), true), (with_token(&server.target()), false)] {
        let connection = LegacyConnection::resume(&target, &peer, &session, &runtime).unwrap();
        let mut messages = server.during(connection.listen(None)).await;
        let next = messages.next().now_or_never();
        assert_eq!(matches!(next, Some(None)), has_ended, "{next:?}");
    }
}
