//! Slow readers, and limits on what one peer can make the server hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot_types::LogLevel;
use serde_json::json;

use super::{calculator, peer::Peer};
use crate::{CallContext, NoArguments, Server, tool};

/// Sends a hundred large messages, and counts those that it got rid of.
fn chatter(sent: &Arc<AtomicUsize>) -> Server {
    let counts = Arc::clone(sent);
    let chat = tool("chat", move |_: NoArguments, call: CallContext| {
        let sent = Arc::clone(&counts);
        async move {
            for _ in 0..100 {
                call.log(LogLevel::Info, "x".repeat(64 << 10)).await;
                sent.fetch_add(1, Ordering::Relaxed);
            }
            "done"
        }
    });
    Server::builder("chatter", "1").tool(chat).logging().build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_handler_waits_for_a_client_that_reads_slowly() {
    let sent = Arc::new(AtomicUsize::new(0));
    let mut peer = Peer::legacy(&chatter(&sent), json!({})).await;
    peer.start(1, "tools/call", json!({ "name": "chat" })).await;
    // Virtual time: everything that can happen without a reader has happened.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let unread = sent.load(Ordering::Relaxed);
    assert!((1..60).contains(&unread), "{unread} messages of 64 KiB are held for it");
    let mut messages = 0;
    loop {
        let message = peer.next().await;
        if message.get("id").is_some() {
            assert_eq!(message["result"]["content"][0]["text"], "done");
            break;
        }
        messages += 1;
    }
    assert_eq!((messages, sent.load(Ordering::Relaxed)), (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_left() {
    let sent = Arc::new(AtomicUsize::new(0));
    let mut peer = Peer::legacy(&chatter(&sent), json!({})).await;
    peer.start(1, "tools/call", json!({ "name": "chat" })).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(peer.is_left(), "the server gave up on it");
}

#[tokio::test]
async fn a_line_that_is_no_message_is_answered_and_the_next_is_served() {
    let server = calculator().build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    for line in ["{", "[]", "nonsense", "{\"jsonrpc\":\"2.0\",\"id\":7}"] {
        peer.send_line(line).await;
        let answer = peer.next().await;
        assert!(answer["error"]["code"].is_i64(), "{line}: {answer}");
    }
    let call = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });
    assert_eq!(peer.ask("tools/call", call).await["result"]["structuredContent"]["sum"], 3);
}

#[tokio::test]
async fn an_id_that_still_runs_is_not_taken_again() {
    let wait = tool("wait", |_: NoArguments, _| std::future::pending::<()>());
    let server = Server::builder("s", "1").tool(wait).build().unwrap();
    for mut peer in [Peer::legacy(&server, json!({})).await, Peer::modern(&server, json!({}))] {
        let params = peer.with_meta(json!({ "name": "wait" }));
        peer.start(1, "tools/call", params.clone()).await;
        peer.start(1, "tools/call", params).await;
        assert_eq!(peer.next().await["error"]["code"], -32600);
    }
}

#[tokio::test]
async fn a_request_that_names_no_era_is_told_what_to_do() {
    let server = calculator().build().unwrap();
    let mut peer = Peer::attach(&server);
    let answer = peer.request("tools/list", json!({})).await;
    let text = answer["error"]["message"].as_str().unwrap();
    assert!(text.contains("initialize"), "{answer}");
    // Nothing is bound by what came first: both eras may still be spoken.
    assert!(peer.ask("tools/list", json!({})).await["result"]["tools"].is_array());
}
