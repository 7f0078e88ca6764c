//! Clients at a WebSocket: their request, and the pipe that their connection goes on as.

use std::sync::Arc;

use eyot_http::{OutgoingBody, Upgraded, empty, not_allowed, refused};
use eyot_service::{BoxService, Limits, Peer, Shutdown};
use eyot_ws::{WebSocketIo, WsLimits, accept};
use http::{Method, Response, StatusCode, request};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::pipe::Pipe;
use crate::request_context::ConnectionContext;

/// The methods of a WebSocket's path.
pub(crate) const METHODS: &str = "GET, OPTIONS";

/// Answers a request of a client that was admitted. After 101 the connection is [served](serve).
pub(crate) fn answer(
    parts: &request::Parts,
    peer: Peer,
    connection: &ConnectionContext,
) -> Response<OutgoingBody> {
    if parts.method != Method::GET {
        return not_allowed(METHODS);
    }
    match accept(parts) {
        Ok(headers) => {
            connection.socket_peer.get_or_init(|| Box::new(peer));
            let mut answer = empty(StatusCode::SWITCHING_PROTOCOLS);
            *answer.headers_mut() = headers;
            answer
        }
        Err(refusal) => {
            let mut answer = refused(refusal.status(), None, &refusal.to_string());
            answer.headers_mut().extend(refusal.headers());
            answer
        }
    }
}

/// Serves the client of a WebSocket until it has gone, or the drain is over.
pub(crate) fn serve<S>(
    upgraded: Upgraded<S>,
    peer: Peer,
    service: BoxService,
    limits: &Arc<Limits>,
    shutdown: &Shutdown,
) -> impl Future<Output = ()> + use<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Upgraded { stream, read } = upgraded;
    let io = WebSocketIo::server(stream, &read, WsLimits::of(limits));
    let io = io.leaving_with(shutdown.drained().clone());
    let pipe = Pipe::new(io, service, Arc::clone(limits), shutdown).of_peer(peer).run();
    let counted = Counted::new();
    async move {
        pipe.await;
        drop(counted);
    }
}

/// One of the WebSockets that are counted, until it is dropped.
struct Counted;

impl Counted {
    fn new() -> Self {
        eyot_metrics::web_sockets_changed(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        eyot_metrics::web_sockets_changed(-1.0);
    }
}
