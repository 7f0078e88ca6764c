//! The endpoint inside a foreign HTTP server.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_http::{OutgoingBody, RequestBody};
use eyot_service::unix_ms;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::endpoint::{Answering, Endpoint};
use crate::http_server::HttpServer;
use crate::sweep::Sweep;

/// A tower service that answers HTTP requests; see
/// `HttpOptions::into_service` of eyot-server. Cheap to clone.
#[derive(Clone)]
pub struct HttpService(Arc<Mounted>);

struct Mounted {
    server: HttpServer,
    endpoint: Endpoint,
    sweep: Sweep,
}

impl HttpService {
    /// The service of a server that accepts no connections itself.
    #[must_use]
    pub fn new(server: HttpServer) -> Self {
        let endpoint = server.endpoint();
        Self(Arc::new(Mounted { server, endpoint, sweep: Sweep::default() }))
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
        // Only its requests drive a mounted endpoint: now and then one of them begins the sweep.
        if self.0.sweep.is_due(unix_ms()) {
            self.0.server.sweep_soon();
        }
        self.0.endpoint.clone().call(request.map(RequestBody::foreign))
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpService")
    }
}
