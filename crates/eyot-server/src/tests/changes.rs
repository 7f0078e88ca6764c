//! Handlers that change what their server offers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tower::util::MapRequestLayer;

use super::peer::Peer;
use crate::{BuildError, CallContext, NoArguments, Server, ServerBuilder, tool};

/// A server with one tool, `unlock`, that adds another.
fn locked() -> ServerBuilder {
    let unlock = tool("unlock", |_: NoArguments, call: CallContext| async move {
        call.server().add_tool(tool("treasure", |_: NoArguments, _| async { "gold" }))?;
        Ok::<_, BuildError>("unlocked")
    });
    Server::builder("chest", "1").tool(unlock)
}

#[tokio::test]
async fn a_tool_that_a_handler_adds_is_told_and_can_be_called() {
    let server = locked().build().unwrap();
    let mut peer = Peer::legacy(&server, json!({})).await;
    let mut messages = Vec::new();
    peer.start(1, "tools/call", json!({ "name": "unlock" })).await;
    for _ in 0..2 {
        messages.push(peer.next().await);
    }
    let is_told = |it: &serde_json::Value| it["method"] == "notifications/tools/list_changed";
    assert!(messages.iter().any(is_told), "{messages:?}");
    let answer = peer.request("tools/call", json!({ "name": "treasure" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "gold", "{answer}");
}

#[tokio::test]
async fn the_server_of_a_call_has_its_layers() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let count = MapRequestLayer::new(move |call: eyot_service::Call| {
        counted.fetch_add(1, Ordering::Relaxed);
        call
    });
    let again = tool("again", |_: NoArguments, call: CallContext| async move {
        let server = call.server();
        let mut peer = Peer::modern(&server, json!({}));
        peer.ask("server/discover", json!({})).await;
        "asked"
    });
    let server = Server::builder("mirror", "1").tool(again).layer(count).build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    let answer = peer.ask("tools/call", json!({ "name": "again" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "asked", "{answer}");
    assert_eq!(seen.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_server_without_owners_is_dropped() {
    let server = locked().build().unwrap();
    let app = Arc::downgrade(server.parts());
    let mut peer = Peer::modern(&server, json!({}));
    peer.ask("tools/call", json!({ "name": "unlock" })).await;
    peer.hang_up().await;
    drop(server);
    assert!(app.upgrade().is_none());
}
