//! Who comes in, and as whom.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_http::OutgoingBody;
use eyot_jsonrpc::ErrorObject;
use eyot_service::{BoxService, Principal};
use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use tower_service::Service as _;

use crate::auth::{AuthRefusal, Authenticate, Authenticated, Authentication, Credentials};
use crate::config::EndpointConfig;
use crate::http_server::HttpServer;
use crate::mount::HttpService;
use crate::noting::Noting;

/// Takes the token for a name, after the time that a request to another service would take.
#[derive(Debug)]
struct Later;

impl Authenticate for Later {
    fn authenticate(&self, credentials: &Credentials<'_>) -> Authentication {
        let token = credentials.head.bearer_token().map(str::to_owned);
        Authentication::pending(async move {
            tokio::task::yield_now().await;
            Ok(token.map(|it| Principal::new(it).with_scopes(["tools:call"])))
        })
    }
}

/// Refuses every client, in the words of RFC 6750.
#[derive(Debug)]
struct TooLittle;

impl Authenticate for TooLittle {
    fn authenticate(&self, _credentials: &Credentials<'_>) -> Authentication {
        let challenge = HeaderValue::from_static(CHALLENGE);
        Authentication::Ready(Err(AuthRefusal::forbidden(challenge, "token allows too little")))
    }
}

/// Knows every client, and finds that it has sent too much.
#[derive(Debug)]
struct TooMuch;

impl Authenticate for TooMuch {
    fn authenticate(&self, _credentials: &Credentials<'_>) -> Authentication {
        let wait = Duration::from_millis(1_500);
        let error = ErrorObject::new(1503, "too much");
        let status = StatusCode::TOO_MANY_REQUESTS;
        Authentication::Ready(Err(AuthRefusal::denied(status, error, Some(wait))))
    }
}

/// Asks others, who never answer.
#[derive(Debug)]
struct Never;

impl Authenticate for Never {
    fn authenticate(&self, _credentials: &Credentials<'_>) -> Authentication {
        Authentication::pending(pending::<Authenticated>())
    }
}

const CHALLENGE: &str = r#"Bearer error="insufficient_scope", scope="tools:call""#;

/// A server behind which calls are noted.
fn server(auth: impl Authenticate + 'static) -> (HttpService, Noting) {
    let noting = Noting::default();
    let mut config = EndpointConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
    config.auth = Arc::new(auth);
    let service = BoxService::new(noting.clone());
    (HttpService::new(HttpServer::new(config, service)), noting)
}

async fn initialize(service: &mut HttpService) -> Response<OutgoingBody> {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
    let request = Request::post("/mcp")
        .header("host", "127.0.0.1")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("authorization", "Bearer alice")
        .body(OutgoingBody::from(Bytes::from_static(body.as_bytes())))
        .unwrap();
    service.call(request).await.unwrap()
}

#[tokio::test]
async fn principal_that_is_found_out_later_is_that_of_the_call() {
    let (mut service, noting) = server(Later);
    assert_eq!(initialize(&mut service).await.status(), StatusCode::OK);
    let peers = noting.peers();
    let principal = peers[0].principal.as_ref().unwrap();
    assert_eq!((principal.name().as_ref(), principal.has_scope("tools:call")), ("alice", true));
    assert!(!principal.has_scope("admin"));
}

#[tokio::test]
async fn refused_client_is_told_what_to_show() {
    let (mut service, noting) = server(TooLittle);
    let answer = initialize(&mut service).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()[WWW_AUTHENTICATE], CHALLENGE);
    assert!(noting.peers().is_empty());
}

#[tokio::test]
async fn client_that_has_sent_too_much_is_told_when_to_come_again() {
    let (mut service, noting) = server(TooMuch);
    let answer = initialize(&mut service).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()[RETRY_AFTER], "2");
    assert!(noting.peers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_to_learn_who_a_client_is() {
    let (mut service, noting) = server(Never);
    let answer = initialize(&mut service).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(noting.peers().is_empty());
}
