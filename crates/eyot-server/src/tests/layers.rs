//! Tower layers around a whole server and around one tool.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use eyot_service::{BoxService, Call, Fault, Input, Reply, ReplyFuture};
use serde_json::json;
use tower::{Layer, Service};

use super::{calculator, peer::Peer};
use crate::{CallContext, NoArguments, tool};

/// Counts calls, and leaves a note for the handler.
#[derive(Clone)]
struct Counting(Arc<AtomicUsize>);

#[derive(Clone, Debug, PartialEq)]
struct Note(usize);

impl Layer<BoxService> for Counting {
    type Service = Counted;

    fn layer(&self, inner: BoxService) -> Counted {
        Counted { inner, count: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
struct Counted {
    inner: BoxService,
    count: Arc<AtomicUsize>,
}

impl Service<Call> for Counted {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut call: Call) -> ReplyFuture {
        if matches!(&call.input, Input::Request(_)) {
            let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
            call.extensions.insert(Note(count));
        }
        self.inner.call(call)
    }
}

fn note() -> crate::ServerTool {
    tool("note", |_: NoArguments, call: CallContext| async move {
        format!("{:?}", call.extensions().get::<Note>())
    })
}

#[tokio::test]
async fn a_layer_around_the_server_sees_every_request() {
    let count = Arc::new(AtomicUsize::new(0));
    let layer = Counting(Arc::clone(&count));
    let server = calculator().tool(note()).layer(layer).build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    peer.ask("tools/list", json!({})).await;
    let answer = peer.ask("tools/call", json!({ "name": "note" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "Some(Note(2))", "{answer}");
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_layer_around_a_tool_sees_the_calls_of_that_tool_only() {
    let count = Arc::new(AtomicUsize::new(0));
    let note = note().layer(Counting(Arc::clone(&count)));
    let server = calculator().tool(note).build().unwrap();
    let mut peer = Peer::legacy(&server, json!({})).await;
    let add = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });
    peer.request("tools/call", add).await;
    assert_eq!(count.load(Ordering::Relaxed), 0);
    let answer = peer.request("tools/call", json!({ "name": "note" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "Some(Note(1))", "{answer}");
}
