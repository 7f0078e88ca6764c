//! What operators hear.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_http::{OutgoingBody, RequestBody};
use eyot_service::Shutdown;
use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;
use http::{Method, Request, Response, StatusCode};
use tower_service::Service;

use super::{Admin, Health};

fn admin() -> (Admin, Shutdown) {
    let store = MemoryStore::new(LogLimits::default());
    let shutdown = Shutdown::new();
    let health = Health { store: Arc::new(store), shutdown: shutdown.clone() };
    (Admin::new(health, || "metrics".to_owned()), shutdown)
}

async fn get(admin: &mut Admin, path: &str) -> StatusCode {
    ask(admin, Method::GET, path).await.status()
}

async fn ask(admin: &mut Admin, method: Method, path: &str) -> Response<OutgoingBody> {
    let body = RequestBody::foreign(OutgoingBody::Empty);
    let request = Request::builder().method(method).uri(path).body(body).unwrap();
    admin.call(request).await.unwrap()
}

/// Answers with a status of its own.
#[derive(Clone)]
struct Console(StatusCode);

impl Service<Request<RequestBody>> for Console {
    type Response = Response<OutgoingBody>;
    type Error = Infallible;
    type Future = Ready<Result<Response<OutgoingBody>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<RequestBody>) -> Self::Future {
        ready(Ok(eyot_http::empty(self.0)))
    }
}

#[tokio::test]
async fn process_is_alive_ready_and_measured() {
    let (mut admin, _) = admin();
    for path in ["/livez", "/readyz", "/healthz", "/metrics"] {
        assert_eq!(get(&mut admin, path).await, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn draining_process_is_alive_but_not_ready() {
    let (mut admin, shutdown) = admin();
    shutdown.drain();
    assert_eq!(get(&mut admin, "/livez").await, StatusCode::OK);
    assert_eq!(get(&mut admin, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn anything_else_is_not_there() {
    let (mut admin, _) = admin();
    assert_eq!(get(&mut admin, "/mcp").await, StatusCode::NOT_FOUND);
    let posted = ask(&mut admin, Method::POST, "/livez").await;
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn service_that_is_attached_answers_what_is_below_its_path() {
    let (admin, _) = admin();
    let mut admin = admin
        .route("/console/", Console(StatusCode::IM_A_TEAPOT))
        .route("/console/style", Console(StatusCode::OK))
        .route("/livez", Console(StatusCode::GONE));
    for (path, expected) in [
        ("/console/", StatusCode::IM_A_TEAPOT),
        ("/console/sessions/1", StatusCode::IM_A_TEAPOT),
        ("/console/style", StatusCode::OK),
        ("/console/styles", StatusCode::IM_A_TEAPOT),
        ("/console", StatusCode::NOT_FOUND),
        ("/consoles", StatusCode::NOT_FOUND),
        ("/livez", StatusCode::GONE),
        ("/readyz", StatusCode::OK),
    ] {
        assert_eq!(get(&mut admin, path).await, expected, "{path}");
    }
}
