//! Layers that others wrote, before the endpoint of a server.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_http::{HostPolicy, OutgoingBody, RequestBody};
use eyot_service::{BoxService, Shutdown};
use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_layer::{Layer, layer_fn};
use tower_service::Service;

use super::HttpServer;
use crate::accept::Drained;
use crate::admin::Admin;
use crate::config::EndpointConfig;
use crate::endpoint::Endpoint;
use crate::noting::Noting;

fn server() -> HttpServer {
    let config = EndpointConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
    HttpServer::new(config, BoxService::new(Noting::default()))
}

const INITIALIZE: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;

/// The whole response to one request, on a connection that closes after it.
async fn asked(address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         content-type: application/json\r\naccept: application/json, text/event-stream\r\n\
         content-length: {}\r\n\r\n{INITIALIZE}",
        INITIALIZE.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

/// Refuses the first request; is not ready for the second at once.
#[derive(Clone)]
struct Gate {
    inner: Endpoint,
    seen: Arc<AtomicUsize>,
}

impl Service<Request<RequestBody>> for Gate {
    type Response = Response<OutgoingBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<OutgoingBody>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.seen.fetch_add(1, Ordering::Relaxed) == 1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        if self.seen.load(Ordering::Relaxed) == 1 {
            let response = eyot_http::empty(StatusCode::IM_A_TEAPOT);
            return std::future::ready(Ok(response)).boxed();
        }
        self.inner.call(request)
    }
}

/// Serves through these layers until the drain; what two clients are answered, one by one.
async fn answers(serving: impl AsyncFnOnce(TcpListener, Shutdown) -> Drained) -> [String; 2] {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let asking = async {
        let answers = [asked(address).await, asked(address).await];
        shutdown.drain();
        answers
    };
    let (drained, answers) = tokio::join!(serving(listener, shutdown.clone()), asking);
    assert_eq!(drained, Drained::Complete);
    answers
}

#[tokio::test]
async fn layers_of_others_see_each_request_and_may_change_the_body() {
    let mut server = server();
    let answers = answers(async |listener, shutdown| {
        server.shutdown = shutdown;
        let name = HeaderName::from_static("x-by");
        let named =
            |by| SetResponseHeaderLayer::overriding(name.clone(), HeaderValue::from_static(by));
        let server = server
            .layer(named("outer"))
            .layer(MapResponseBodyLayer::new(|body: OutgoingBody| {
                body.map_err(|never| never).boxed_unsync()
            }))
            .layer(named("inner"));
        server.serve(listener).await
    })
    .await;
    for answer in answers {
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains("x-by: outer\r\n"), "{answer}");
        assert!(answer.ends_with(r#""protocolVersion":"2025-11-25"}}"#), "{answer}");
    }
}

#[tokio::test]
async fn layer_that_answers_or_is_not_ready_is_respected() {
    let mut server = server();
    let seen = Arc::new(AtomicUsize::new(0));
    let [first, second] = answers(async |listener, shutdown| {
        server.shutdown = shutdown;
        let gate = layer_fn(move |inner| Gate { inner, seen: Arc::clone(&seen) });
        server.layer(gate).serve(listener).await
    })
    .await;
    assert!(first.starts_with("HTTP/1.1 418"), "{first}");
    assert!(second.starts_with("HTTP/1.1 200 OK"), "{second}");
}

#[tokio::test]
async fn admin_address_answers_only_under_the_names_that_it_is_given() {
    let server = server();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let admin = Admin::new(server.health(), || "metrics".to_owned());
    let hosts = HostPolicy::loopback().allow_host("metrics.example");
    let asking = async {
        for (head, status) in [
            ("host: 127.0.0.1", 200),
            ("host: metrics.example", 200),
            ("host: rebound.example", 403),
            ("host: 192.0.2.1", 403),
            ("host: 127.0.0.1\r\norigin: http://evil.example", 403),
        ] {
            let answer = got(address, head).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        }
        server.shutdown.finish();
    };
    tokio::join!(server.serve_admin(listener, hosts, admin), asking);
}

/// The whole response to a GET of `/metrics`, on a connection that closes after it.
async fn got(address: std::net::SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\n{head}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test]
async fn session_without_a_revision_is_refused_as_wrong_parameters() {
    for params in ["{}", r#"{"protocolVersion":20251125}"#, r#"{"protocolVersion":null}"#] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{params}}}"#);
        let request = Request::post("/mcp")
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(RequestBody::foreign(Full::new(Bytes::from(text))))
            .unwrap();
        let answer = server().endpoint().call(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{params}");
        assert!(!answer.headers().contains_key("mcp-session-id"));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["id"], &body["error"]["code"]), (&1.into(), &(-32602).into()));
    }
}

#[tokio::test]
async fn endpoint_is_a_service_of_its_own() {
    let layer = SetResponseHeaderLayer::overriding(
        HeaderName::from_static("x-by"),
        HeaderValue::from_static("foreign server"),
    );
    let mut stack = layer.layer(server().endpoint());
    let request = Request::post("/somewhere/else")
        .header("host", "127.0.0.1")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(RequestBody::foreign(Full::new(Bytes::from_static(INITIALIZE.as_bytes()))))
        .unwrap();
    let answer: Response<OutgoingBody> = stack.call(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-by"], "foreign server");
}
