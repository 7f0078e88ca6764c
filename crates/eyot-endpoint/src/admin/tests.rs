//! What operators hear.

use std::sync::Arc;

use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;

use eyot_service::Shutdown;
use http::{Method, Request, StatusCode};

use super::{Admin, Health};

fn admin() -> (Admin, Shutdown) {
    let store = MemoryStore::new(LogLimits::default());
    let shutdown = Shutdown::new();
    let health = Health { store: Arc::new(store), shutdown: shutdown.clone() };
    (Admin::new(health, || "metrics".to_owned()), shutdown)
}

#[track_caller]
fn check(admin: &Admin, method: Method, path: &str, expected: StatusCode) {
    let request = Request::builder().method(method).uri(path).body(()).unwrap();
    assert_eq!(admin.handle(&request).status(), expected, "{path}");
}

#[test]
fn process_is_alive_ready_and_measured() {
    let (admin, _) = admin();
    for path in ["/livez", "/readyz", "/healthz", "/metrics"] {
        check(&admin, Method::GET, path, StatusCode::OK);
    }
}

#[test]
fn draining_process_is_alive_but_not_ready() {
    let (admin, shutdown) = admin();
    shutdown.drain();
    check(&admin, Method::GET, "/livez", StatusCode::OK);
    check(&admin, Method::GET, "/readyz", StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn anything_else_is_not_there() {
    let (admin, _) = admin();
    check(&admin, Method::GET, "/mcp", StatusCode::NOT_FOUND);
    check(&admin, Method::POST, "/livez", StatusCode::METHOD_NOT_ALLOWED);
}
