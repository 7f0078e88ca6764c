//! Modern clients on a pipe or a WebSocket before a modern server over HTTP: their requests have no
//! headers, and those that the server holds against the arguments are made here.

use eyot_jsonrpc::Request;
use eyot_service::{Fault, Peer, Reply};
use eyot_types::codes::HEADER_MISMATCH;
use eyot_types::{Method, PaginatedParams};
use eyot_upstream::{KnownTools, ModernConnection, ModernSide, Sender, param_headers};
use http::HeaderMap;

/// Calls tools of a modern server over HTTP, on behalf of a client that sends no headers.
pub(crate) struct HeaderlessClient<'s> {
    pub(crate) modern: &'s ModernSide,
    pub(crate) connection: &'s ModernConnection,
    pub(crate) tools: &'s KnownTools,
}

impl HeaderlessClient<'_> {
    /// Calls a tool: "the client MUST [...] include the corresponding headers" (2026-07-28,
    /// basic/transports/streamable-http, Client Behavior). If the server finds them wrong, its tools
    /// are listed anew, once: they may have changed.
    pub(crate) async fn call(&self, request: Request, peer: &Peer) -> Result<Reply, Fault> {
        let headers = self.headers(&request, peer).await;
        let sender = Sender::new(peer.clone(), headers);
        let reply = self.modern.request(self.connection, request.clone(), &sender).await?;
        if !is_mismatch(&reply) {
            return Ok(reply);
        }
        self.tools.handle_changed();
        let headers = self.headers(&request, peer).await;
        self.modern.request(self.connection, request, &Sender::new(peer.clone(), headers)).await
    }

    /// What the arguments are mirrored into.
    async fn headers(&self, request: &Request, peer: &Peer) -> HeaderMap {
        let Some(name) = request.name() else { return HeaderMap::new() };
        let sender = &Sender::new(peer.clone(), HeaderMap::new());
        let list = |mut page: PaginatedParams| async move {
            page.meta = request.meta().and_then(|it| serde_json::from_str(it).ok());
            let list = Request::unnumbered(Method::ToolsList.as_str(), &page);
            self.modern.request(self.connection, list, sender).await?.answer(drop).await
        };
        let principal = peer.principal_name();
        let tool = self.tools.look_up_if_possible(principal, &name, list).await;
        let Some(params) = tool.as_ref().and_then(|it| it.param_headers()) else {
            return HeaderMap::new();
        };
        let arguments = request.arguments().and_then(|it| serde_json::from_str(it).ok());
        param_headers(params, &arguments.unwrap_or_default())
    }
}

/// Whether the server has found that the headers do not say what the arguments do.
fn is_mismatch(reply: &Reply) -> bool {
    let Reply::One(answer) = reply else { return false };
    answer.error_object().is_some_and(|it| it.code == HEADER_MISMATCH)
}
