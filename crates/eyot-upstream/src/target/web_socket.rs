//! Connections to WebSocket upstreams.

use eyot_http::{Connector, HttpClient, InvalidUrl};
use eyot_service::{Fault, Limits, MessageIo};
use eyot_types::codes;
use eyot_ws::{ClientHandshake, WebSocketIo, WsLimits};
use http::Method;
use tokio_util::sync::CancellationToken;

use crate::http_link::{Ask, HttpLink};

/// The link for the requests to a `ws` or `wss` URL. `None`: it is another URL.
pub(super) fn link(
    url: &str,
    limits: Limits,
    connector: &Connector,
) -> Option<Result<HttpLink, InvalidUrl>> {
    let (scheme, rest) = url.split_once("://")?;
    let http = match scheme.to_ascii_lowercase().as_str() {
        "ws" => "http",
        "wss" => "https",
        _ => return None,
    };
    let client = HttpClient::with_connector(&format!("{http}://{rest}"), limits, connector);
    Some(client.map(HttpLink::bare))
}

/// Opens a connection to the URL of a link. When `leaving` is cancelled, its close says so.
pub(crate) async fn open(
    link: &HttpLink,
    limits: &Limits,
    leaving: CancellationToken,
) -> Result<Box<dyn MessageIo + Send>, Fault> {
    let handshake = ClientHandshake::new();
    let headers = || Ok(handshake.headers());
    let ask = Ask { method: Method::GET, headers: &headers, message: None, cookies: None };
    let patience = limits.upstream.connect_timeout;
    let answered = tokio::time::timeout(patience, link.send(ask)).await;
    let answer = answered.map_err(|_elapsed| not_open("upstream did not answer in time"))??;
    // A load balancer may have no server yet.
    let is_lasting = !answer.status().is_server_error();
    handshake.check(&answer).map_err(|error| {
        let reason = format!("upstream cannot be used: {error}");
        Fault::upstream(codes::upstream_unreached(&reason, is_lasting))
    })?;
    let upgraded = answer.into_body().into_upgraded();
    let upgraded = upgraded.ok_or_else(|| not_open("upstream closed the connection"))?;

    let queue_bytes_max = limits.upstream.child_queue_bytes_max;
    let queue_bytes_max = queue_bytes_max.saturating_add(limits.messages.bytes_max);
    let limits = WsLimits { queue_bytes_max, ..WsLimits::of(limits) };
    let io = WebSocketIo::client(upgraded.stream, &upgraded.read, limits);
    Ok(Box::new(io.leaving_with(leaving)))
}

fn not_open(reason: &str) -> Fault {
    Fault::upstream(codes::upstream_unreached(reason, false))
}
