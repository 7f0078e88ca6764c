//! What becomes of calls when the link of lines fails, on a virtual clock.

use std::sync::Arc;
use std::time::Duration;

use eyot_testkit::LinePeer;
use eyot_types::LogLevel;
use eyot_types::codes::Outcome;
use eyot_upstream::EraMode;
use futures_util::StreamExt as _;
use parking_lot::Mutex;
use serde_json::json;
use tokio::io::duplex;
use tokio::time::Instant;

use super::{Clients, builder, legacy, modern};
use crate::{Client, ClientError, ClientEvent, Endpoint, Heartbeat, Liveness};

fn tools() -> serde_json::Value {
    json!({ "tools": {}, "logging": {}, "resources": { "subscribe": true } })
}

async fn again(clients: &mut Clients) -> LinePeer {
    let mut peer = LinePeer::accept(clients).await;
    peer.initialize(tools()).await;
    peer
}

async fn serve_list(peer: &mut LinePeer) {
    let request = peer.expect("tools/list").await;
    peer.answer(&request, json!({ "tools": [] })).await;
}

async fn live(client: &Client) -> u64 {
    let mut liveness = client.liveness();
    let live = liveness.wait_for(|it| matches!(it, Liveness::Live { .. })).await.unwrap();
    let Liveness::Live { session } = *live else { unreachable!() };
    session
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_run_is_never_sent_twice() {
    let (client, mut peer, mut clients) = legacy(builder(), tools()).await;
    let calling = client.call_tool("pay", ()).into_future();
    let serving = async {
        peer.expect("tools/call").await;
        drop(peer);
        let mut peer = again(&mut clients).await;
        let request = peer.expect("ping").await;
        peer.answer(&request, json!({})).await;
        peer
    };
    let using = async {
        let answer = calling.await;
        client.ping().await.unwrap();
        answer
    };
    let (answer, _peer) = tokio::join!(using, serving);
    let Err(error) = answer else { panic!("the server died") };
    assert!(matches!(error, ClientError::Lost { .. }), "{error}");
    assert_eq!(error.outcome(), Some(Outcome::Unknown));
    assert!(!error.retry_is_safe());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_only_reads_is_made_again() {
    let (client, mut peer, mut clients) = legacy(builder(), tools()).await;
    let calling = client.list_tools().into_future();
    let serving = async {
        peer.expect("tools/list").await;
        drop(peer);
        let mut peer = again(&mut clients).await;
        serve_list(&mut peer).await;
        peer
    };
    let (answer, _peer) = tokio::join!(calling, serving);
    answer.unwrap();
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_a_server_that_is_being_started_again() {
    let (client, peer, mut clients) = legacy(builder(), tools()).await;
    drop(peer);
    let mut liveness = client.liveness();
    liveness.wait_for(|it| matches!(it, Liveness::Recovering { .. })).await.unwrap();
    let calling = client.call_tool("pay", ()).into_future();
    let serving = async {
        // Two servers that die at once, then one that lives.
        for _ in 0..2 {
            drop(LinePeer::accept(&mut clients).await);
        }
        let mut peer = again(&mut clients).await;
        let request = peer.expect("tools/call").await;
        peer.answer(&request, json!({ "content": [] })).await;
        peer
    };
    let (answer, _peer) = tokio::join!(calling, serving);
    answer.unwrap();
    assert_eq!(live(&client).await, 2);
}

#[tokio::test(start_paused = true)]
async fn calls_wait_no_longer_than_they_may_be_silent() {
    let builder = builder().timeout(Duration::from_secs(7));
    let (client, peer, clients) = legacy(builder, tools()).await;
    drop((peer, clients));
    let mut liveness = client.liveness();
    liveness.wait_for(|it| matches!(it, Liveness::Recovering { .. })).await.unwrap();
    let began = Instant::now();
    let answer = client.call_tool("pay", ()).await;
    assert!(matches!(answer, Err(ClientError::Timeout { .. })), "{answer:?}");
    assert!(answer.unwrap_err().retry_is_safe());
    assert_eq!(began.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_new_session_is_told_what_the_old_one_was_told() {
    let (client, mut peer, mut clients) = legacy(builder(), tools()).await;
    let mut events = client.events();
    let setting = async {
        client.set_log_level(LogLevel::Error).await.unwrap();
        client.subscribe("a:b").await.unwrap();
        client.subscribe("a:b").await.unwrap();
        client.subscribe("c:d").await.unwrap();
        client.unsubscribe("c:d").await.unwrap();
    };
    let serving = async {
        let methods = [
            "logging/setLevel",
            "resources/subscribe",
            "resources/subscribe",
            "resources/unsubscribe",
        ];
        for method in methods {
            let request = peer.expect(method).await;
            peer.answer(&request, json!({})).await;
        }
    };
    tokio::join!(setting, serving);
    drop(peer);
    let mut peer = again(&mut clients).await;
    let request = peer.expect("logging/setLevel").await;
    assert_eq!(request["params"], json!({ "level": "error" }));
    peer.answer(&request, json!({})).await;
    let request = peer.expect("resources/subscribe").await;
    assert_eq!(request["params"], json!({ "uri": "a:b" }));
    peer.answer(&request, json!({})).await;
    let ClientEvent::Recovering { .. } = events.next().await.unwrap() else { panic!("lost") };
    let replaced = events.next().await.unwrap();
    assert!(matches!(replaced, ClientEvent::SessionReplaced { session: 2, .. }), "{replaced:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_server_is_asked_whether_it_lives() {
    let (client, mut peer, _clients) = legacy(builder(), tools()).await;
    let began = Instant::now();
    for beat in 1..=3 {
        let request = peer.expect("ping").await;
        assert_eq!(began.elapsed().as_secs(), 30 * beat);
        peer.answer(&request, json!({})).await;
    }
    assert_eq!(live(&client).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_not_asked() {
    let (client, mut peer, _clients) = legacy(builder(), tools()).await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let ((), listed) = tokio::join!(serve_list(&mut peer), client.list_tools().into_future());
        listed.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_misses_its_beats_is_replaced() {
    let heartbeat = Heartbeat { interval: Duration::from_secs(10), missed_max: 3 };
    let builder = builder().heartbeat(heartbeat);
    let (client, mut peer, mut clients) = legacy(builder, tools()).await;
    let began = Instant::now();
    let calling = client.call_tool("slow", ()).timeout(Duration::from_secs(600)).into_future();
    let serving = async {
        peer.expect("tools/call").await;
        // Half open: it reads, and says nothing any more.
        let mut peer = again(&mut clients).await;
        serve_list(&mut peer).await;
        peer
    };
    let using = async {
        let answer = calling.await;
        client.list_tools().await.unwrap();
        answer
    };
    let (answer, _peer) = tokio::join!(using, serving);
    let Err(ClientError::Lost { outcome, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(outcome, Outcome::Unknown);
    assert_eq!(began.elapsed().as_secs(), 40);
    assert_eq!(live(&client).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_too_slow_fails_alone() {
    let (client, mut peer, _clients) = legacy(builder(), tools()).await;
    let call = client.call_tool("chatty", ()).progress(|_| {});
    let mut slow = call.into_future();
    let request = tokio::select! {
        answer = &mut slow => panic!("{answer:?}"),
        request = peer.expect("tools/call") => request,
    };
    let token = request["params"]["_meta"]["progressToken"].clone();
    let flooding = async {
        for step in 0..600 {
            peer.write(&json!({ "jsonrpc": "2.0", "method": "notifications/progress",
                "params": { "progressToken": token, "progress": step } }))
                .await;
        }
        loop {
            let message = peer.read().await;
            if message["method"] == "ping" {
                peer.answer(&message, json!({})).await;
                return;
            }
        }
    };
    // The slow call is not read meanwhile.
    let (pinged, ()) = tokio::join!(client.ping(), flooding);
    pinged.unwrap();
    let serving = async {
        loop {
            let message = peer.read().await;
            if message["method"] == "ping" {
                peer.answer(&message, json!({})).await;
            }
        }
    };
    let using = async {
        let answer = slow.await;
        (answer, live(&client).await)
    };
    let (answer, session) = tokio::select! {
        used = using => used,
        () = serving => panic!("the peer does not end"),
    };
    let Err(ClientError::Lost { reason, .. }) = answer else { panic!("{answer:?}") };
    assert!(reason.contains("not read"), "{reason}");
    assert_eq!(session, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_twice_is_taken_once() {
    let (client, mut peer, _clients) = legacy(builder(), tools()).await;
    let serving = async {
        let first = peer.expect("tools/call").await;
        let text = |text: &str| json!({ "content": [{ "type": "text", "text": text }] });
        peer.answer(&first, text("1")).await;
        peer.answer(&first, text("1 again")).await;
        let second = peer.expect("tools/call").await;
        peer.answer(&first, text("1 once more")).await;
        peer.answer(&second, text("2")).await;
    };
    let calling = async {
        let first = client.call_tool("t", ()).await.unwrap().text();
        let second = client.call_tool("t", ()).await.unwrap().text();
        (first, second)
    };
    let (texts, ()) = tokio::join!(calling, serving);
    assert_eq!(texts, ("1".to_owned(), "2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_closes_the_client() {
    let (ours, theirs) = duplex(64 * 1024);
    let connecting = builder().era(EraMode::Legacy).connect(Endpoint::stream(ours));
    let serving = async {
        let mut peer = LinePeer::over(theirs);
        peer.initialize(tools()).await;
    };
    let (client, ()) = tokio::join!(connecting, serving);
    let client = client.unwrap();
    let mut liveness = client.liveness();
    liveness.wait_for(|it| *it == Liveness::Closed).await.unwrap();
    assert!(matches!(client.ping().await, Err(ClientError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_modern_child_that_died_is_started_again_with_its_subscription() {
    let updates = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&updates);
    let builder = builder().on_resource_updated(move |uri| hearing.lock().push(uri));
    let capabilities = json!({ "resources": { "subscribe": true } });
    let (client, mut peer, mut clients) = modern(builder, capabilities.clone()).await;
    let acknowledge = async |peer: &mut LinePeer| {
        let listen = peer.expect("subscriptions/listen").await;
        let filter = json!({ "resourceSubscriptions": ["a:b"] });
        assert_eq!(listen["params"]["notifications"], filter);
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": listen["id"] });
        peer.write(&json!({ "jsonrpc": "2.0",
            "method": "notifications/subscriptions/acknowledged",
            "params": { "_meta": meta, "notifications": filter } }))
            .await;
        meta
    };
    let (subscribed, _) = tokio::join!(client.subscribe("a:b"), acknowledge(&mut peer));
    subscribed.unwrap();
    drop(peer);
    let mut peer = LinePeer::accept(&mut clients).await;
    peer.discover(capabilities).await;
    let meta = acknowledge(&mut peer).await;
    let mut notifications = client.notifications();
    peer.write(&json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated",
        "params": { "_meta": meta, "uri": "a:b" } }))
        .await;
    notifications.next().await.unwrap();
    assert_eq!(*updates.lock(), ["a:b"]);
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_server_that_is_away() {
    let (client, peer, clients) = legacy(builder(), tools()).await;
    drop((peer, clients));
    let mut liveness = client.liveness();
    liveness.wait_for(|it| matches!(it, Liveness::Recovering { .. })).await.unwrap();
    let (answer, ()) = tokio::join!(client.ping(), client.close());
    assert!(matches!(answer, Err(ClientError::Closed)), "{answer:?}");
    assert_eq!(*client.liveness().borrow(), Liveness::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_line_was_never_whole_at_the_server_did_not_run() {
    let (ours, theirs) = duplex(1 << 10);
    let connecting = builder().era(EraMode::Legacy).connect(Endpoint::stream(ours));
    let serving = async {
        let mut peer = LinePeer::over(theirs);
        peer.initialize(tools()).await;
        peer.expect("tools/call").await
    };
    let using = async {
        let client = connecting.await.unwrap();
        // The answer to the first never comes, and the server is gone right after it.
        let small = client.call_tool("pay", json!({})).into_future();
        // Longer than all that lies between client and server: its end was never sent.
        let large = client.call_tool("pay", json!({ "text": "x".repeat(1 << 20) })).into_future();
        tokio::join!(small, large)
    };
    let ((small, large), _) = tokio::join!(using, serving);
    let (Err(small), Err(large)) = (small, large) else { panic!("the server died") };
    assert_eq!(small.outcome(), Some(Outcome::Unknown), "{small}");
    assert_eq!(large.outcome(), Some(Outcome::NotSent), "{large}");
    assert!(large.retry_is_safe());
}
