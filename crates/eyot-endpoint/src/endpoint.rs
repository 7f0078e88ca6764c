//! One MCP endpoint as a tower service.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_http::{OutgoingBody, RequestBody};
use eyot_service::Peer;
use http::{Request, Response};
use tower_service::Service;

use crate::era_switch::EraSwitch;
use crate::request_context::ConnectionContext;

/// Answers the HTTP requests of one endpoint, to clients of both eras. Cheap to clone.
///
/// Any layer for HTTP can stand before it: see [`HttpServer::layer`](crate::HttpServer::layer).
/// Inside a foreign server it answers on every path that the server routes to it;
/// [`RequestBody::foreign`] makes its requests.
#[derive(Clone, Debug)]
pub struct Endpoint(Arc<Connection>);

/// The endpoint, as one connection sees it.
#[derive(Debug)]
struct Connection {
    eras: Arc<EraSwitch>,
    /// Empty if the connection is a foreign server's: nothing is known of it.
    context: ConnectionContext,
}

/// The future of an [`Endpoint`]'s answer.
pub type Answering =
    Pin<Box<dyn Future<Output = Result<Response<OutgoingBody>, Infallible>> + Send>>;

impl Endpoint {
    /// An endpoint whose connections are those of a foreign server.
    pub(crate) fn mounted(eras: Arc<EraSwitch>) -> Self {
        Self(Arc::new(Connection { eras, context: ConnectionContext::default() }))
    }

    /// The endpoint for the requests of one connection.
    pub(crate) fn connected(eras: Arc<EraSwitch>, context: ConnectionContext) -> Self {
        Self(Arc::new(Connection { eras, context }))
    }

    /// Where the connection comes from. `None`: it is a Unix socket, or a foreign server's.
    #[must_use]
    pub fn peer_address(&self) -> Option<SocketAddr> {
        self.0.context.from
    }

    /// Whether the connection speaks TLS with this process.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.0.context.is_tls
    }

    /// The client of the WebSocket that the connection goes on as. `None`: it was not asked to.
    pub(crate) fn socket_peer(&self) -> Option<&Peer> {
        self.0.context.socket_peer.get().map(|it| &**it)
    }
}

impl Service<Request<RequestBody>> for Endpoint {
    type Response = Response<OutgoingBody>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Answering {
        let connection = Arc::clone(&self.0);
        let (parts, body) = request.into_parts();
        // Boxed, because hyper keeps the room for a request's future as long as the connection.
        Box::pin(async move {
            let Connection { eras, context } = &*connection;
            Ok(eras.handle(&parts, body, context).await)
        })
    }
}

#[cfg(test)]
mod tests;
