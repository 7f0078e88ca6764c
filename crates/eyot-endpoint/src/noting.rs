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
        let initialized = json!({ "protocolVersion": "2025-11-25" });
        let reply = match call.input {
            Input::Request(it) if it.method() == "ping" => Reply::One(it.answer(&json!({}))),
            Input::Request(it) if it.method() == "initialize" => {
                Reply::One(it.answer(&initialized))
            }
            Input::Request(_) | Input::Notification(_) | Input::Response(_) => {
                Reply::Stream(Messages::new(stream::repeat_with(|| Ok(Self::note().into()))))
            }
            _ => Reply::None,
        };
        Box::pin(ready(Ok(reply)))
    }
}
