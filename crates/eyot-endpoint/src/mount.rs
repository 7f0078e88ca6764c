//! The endpoint inside a foreign HTTP server.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use eyot_http::{OutgoingBody, RequestBody};
use eyot_service::unix_ms;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::endpoint::{Answering, Endpoint};
use crate::http_server::HttpServer;

/// A tower service that answers HTTP requests; see
/// `HttpOptions::into_service` of eyot-server. Cheap to clone.
#[derive(Clone)]
pub struct HttpService(Arc<Mounted>);

struct Mounted {
    server: HttpServer,
    endpoint: Endpoint,
    /// When expired sessions were last looked for.
    swept_ms: AtomicU64,
}

impl HttpService {
    /// The service of a server that accepts no connections itself.
    #[must_use]
    pub fn new(server: HttpServer) -> Self {
        let endpoint = server.endpoint();
        Self(Arc::new(Mounted { server, endpoint, swept_ms: AtomicU64::new(0) }))
    }
}

impl Mounted {
    /// Only its requests drive a mounted endpoint: now and then one of them begins the sweep.
    fn sweep_if_due(&self) {
        let now_ms = unix_ms();
        let swept_ms = self.swept_ms.load(Ordering::Relaxed);
        let is_due = now_ms.saturating_sub(swept_ms) >= SWEEP_INTERVAL_MS;
        let order = Ordering::Relaxed;
        if is_due && self.swept_ms.compare_exchange(swept_ms, now_ms, order, order).is_ok() {
            self.server.sweep_soon();
        }
    }
}

impl<B> Service<Request<B>> for HttpService
where
    B: Body<Data: Send> + Send + 'static,
{
    type Response = Response<OutgoingBody>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.0.sweep_if_due();
        self.0.endpoint.clone().call(request.map(RequestBody::foreign))
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpService")
    }
}

const SWEEP_INTERVAL_MS: u64 = 5_000;
