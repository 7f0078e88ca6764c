//! Test support: a service that notes who calls it.

use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_jsonrpc::Message;
use eyot_service::{Call, Fault, Input, Messages, Peer, Reply, ReplyFuture};
use futures_util::stream;
use parking_lot::Mutex;
use serde_json::json;
use tower_service::Service;

/// Answers `ping` and `initialize`, and anything else with notes that never end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noting(Arc<Mutex<Vec<Peer>>>);

impl Noting {
    /// Who has called so far.
    pub(crate) fn peers(&self) -> Vec<Peer> {
        self.0.lock().clone()
    }

    /// A message of those that never end.
    pub(crate) fn note() -> Message {
        Message::notification("notifications/message", &json!({}))
    }
}

impl Service<Call> for Noting {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        self.0.lock().push(call.peer);
        let Input::Message(message) = call.input else {
            return Box::pin(ready(Ok(Reply::None)));
        };
        let initialized = json!({ "protocolVersion": "2025-11-25" });
        let reply = match (message.id(), message.method().as_deref()) {
            (Some(id), Some("ping")) => Reply::One(Message::response(id, &json!({}))),
            (Some(id), Some("initialize")) => Reply::One(Message::response(id, &initialized)),
            _ => Reply::Stream(Messages::new(stream::repeat_with(|| Ok(Self::note().into())))),
        };
        Box::pin(ready(Ok(reply)))
    }
}
