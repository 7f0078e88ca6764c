//! The routes of operators, on an address of their own, never the public one: alive, ready,
//! metrics, and attached services.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::ops::Bound::{Included, Unbounded};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_http::{OutgoingBody, RequestBody, empty, not_allowed};
use eyot_service::Shutdown;
use eyot_session::Store;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tower_service::Service;

use crate::endpoint::Answering;
use crate::http_stack::Route;

/// Whether the process can serve.
#[derive(Clone, Debug)]
pub struct Health {
    /// Where sessions are kept.
    pub store: Arc<dyn Store>,
    /// How far the end has come.
    pub shutdown: Shutdown,
}

/// Routes of operators to the services that answer them: `/livez`, `/readyz`, `/metrics`, and
/// attached ones.
///
/// It is a tower service itself, so that a layer around it can guard it. Cheap to clone.
#[derive(Clone)]
pub struct Admin(Arc<BTreeMap<String, Route>>);

impl Admin {
    /// The routes that every process has; `metrics` renders the text of `/metrics`.
    pub fn new(health: Health, metrics: impl Fn() -> String + Send + Sync + 'static) -> Self {
        let ready = page(move || match health.unready() {
            None => (StatusCode::OK, "ok\n".to_owned()),
            Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
        });
        let alive = page(|| (StatusCode::OK, "ok\n".to_owned()));
        let metrics = page(move || (StatusCode::OK, metrics()));
        let routes = [("/healthz", ready.clone()), ("/livez", alive), ("/metrics", metrics)];
        let routes = routes.into_iter().chain([("/readyz", ready)]);
        Self(Arc::new(routes.map(|(path, route)| (path.to_owned(), route)).collect()))
    }

    /// Lets a service answer a path, or all paths below it if it ends in a slash. The longest
    /// path that fits a request answers it; a path that is there already is replaced.
    #[must_use]
    pub fn route<S>(mut self, path: impl Into<String>, service: S) -> Self
    where
        S: Service<
                Request<RequestBody>,
                Response = Response<OutgoingBody>,
                Error = Infallible,
                Future: Send,
            > + Clone
            + Send
            + Sync
            + 'static,
    {
        Arc::make_mut(&mut self.0).insert(path.into(), Route::new(service));
        self
    }

    fn find(&self, path: &str) -> Option<&Route> {
        let fits = |at: &str| at == path || (at.ends_with('/') && path.starts_with(at));
        // What begins a path comes before it, the longest last.
        self.0
            .range::<str, _>((Unbounded, Included(path)))
            .rev()
            .find(|(at, _)| fits(at))
            .map(|(_, route)| route)
    }
}

impl Service<Request<RequestBody>> for Admin {
    type Response = Response<OutgoingBody>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Answering {
        match self.find(request.uri().path()) {
            Some(route) => route.answer(request),
            None => Box::pin(std::future::ready(Ok(empty(StatusCode::NOT_FOUND)))),
        }
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admin").field(&self.0.keys()).finish()
    }
}

impl Health {
    fn unready(&self) -> Option<String> {
        if self.shutdown.is_draining() {
            return Some("draining".to_owned());
        }
        self.store.health().err().map(|error| error.to_string())
    }
}

/// A page of text that is made anew for each request.
fn page(text: impl Fn() -> (StatusCode, String) + Send + Sync + 'static) -> Route {
    Route::of_fn(move |request| {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return not_allowed("GET, HEAD");
        }
        let (status, text) = text();
        let mut response = Response::new(OutgoingBody::from(Bytes::from(text)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let content_type = "text/plain; version=0.0.4; charset=utf-8";
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    })
}

#[cfg(test)]
mod tests;
