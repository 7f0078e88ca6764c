//! What operators ask: alive, ready, metrics. On an address of its own, never the public one.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use eyot_http::{OutgoingBody, empty, not_allowed};
use eyot_service::Shutdown;
use eyot_session::Store;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};

/// Whether the process can serve.
#[derive(Clone, Debug)]
pub struct Health {
    /// Where sessions are kept.
    pub store: Arc<dyn Store>,
    /// How far the end has come.
    pub shutdown: Shutdown,
}

/// Answers `/livez`, `/readyz` and `/metrics`.
#[derive(Clone)]
pub struct Admin {
    health: Health,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Admin {
    /// Makes the answers; `metrics` renders the text of `/metrics`.
    pub fn new(health: Health, metrics: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { health, metrics: Arc::new(metrics) }
    }

    /// Answers one request.
    #[must_use]
    pub fn handle<B>(&self, request: &Request<B>) -> Response<OutgoingBody> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return not_allowed("GET, HEAD");
        }
        match request.uri().path() {
            "/livez" => text(StatusCode::OK, "ok\n".to_owned()),
            "/readyz" | "/healthz" => match self.unready() {
                None => text(StatusCode::OK, "ok\n".to_owned()),
                Some(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
            },
            "/metrics" => text(StatusCode::OK, (self.metrics)()),
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    fn unready(&self) -> Option<String> {
        if self.health.shutdown.is_draining() {
            return Some("draining".to_owned());
        }
        self.health.store.health().err().map(|error| error.to_string())
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("health", &self.health).finish_non_exhaustive()
    }
}

fn text(status: StatusCode, text: String) -> Response<OutgoingBody> {
    let mut response = Response::new(OutgoingBody::from(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
