//! Calls over links of lines, in both eras.

use std::sync::Arc;
use std::time::Duration;

use eyot_era::detect::KnownEra;
use eyot_testkit::LinePeer;
use eyot_types::{
    ElicitResult, Era, JsonObject, ListRootsResult, LogLevel, Revision, Root, SubscriptionFilter,
};
use eyot_upstream::{EraMode, Target};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::duplex;

use super::{builder, legacy, modern, peers};
use crate::{ClientError, ListKind, SubscriptionEvent};

#[tokio::test(start_paused = true)]
async fn a_legacy_server_is_found_by_asking_another_process() {
    let (server, mut clients) = peers();
    let connecting = builder().connect(server);
    let serving = async {
        let mut asked = LinePeer::accept(&mut clients).await;
        asked.refuse_discover().await;
        let mut peer = LinePeer::accept(&mut clients).await;
        let params = peer.initialize(json!({ "tools": {} })).await;
        // The one that was asked is let go in order.
        assert_eq!(asked.read_or_end().await, None);
        (peer, params)
    };
    let (client, (_peer, params)) = tokio::join!(connecting, serving);
    let client = client.unwrap();
    assert_eq!(params["clientInfo"], json!({ "name": "tester", "version": "1.0" }));
    assert_eq!(params["protocolVersion"], "2025-11-25");
    assert_eq!((client.era(), client.revision()), (Era::Legacy, Revision::V2025_11_25));
    assert_eq!(client.server_info().unwrap().name, "peer");
    assert!(client.capabilities().has("tools"));
    assert_eq!(client.known_era().era(), Era::Legacy);
}

#[tokio::test(start_paused = true)]
async fn a_modern_server_is_used_as_it_was_found() {
    let (client, _peer, _clients) = modern(builder(), json!({ "tools": {} })).await;
    assert_eq!((client.era(), client.revision()), (Era::Modern, Revision::MODERN));
    assert_eq!(client.server_info().unwrap().version, "2");
}

/// Refuses the version of a `server/discover` and offers others.
async fn refuse_version(peer: &mut LinePeer, supported: &[&str]) {
    let request = peer.expect("server/discover").await;
    let data = json!({ "supported": supported, "requested": "2026-07-28" });
    let error = json!({ "code": -32022, "message": "Unsupported protocol version", "data": data });
    peer.write(&json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_offers_the_version_that_it_refused_is_asked_once_more() {
    let (server, mut clients) = peers();
    let connecting = builder().connect(server);
    let serving = async {
        let mut peer = LinePeer::accept(&mut clients).await;
        refuse_version(&mut peer, &["2026-07-28", "2025-11-25"]).await;
        peer.discover(json!({})).await;
        peer
    };
    let (client, _peer) = tokio::join!(connecting, serving);
    assert_eq!(client.unwrap().era(), Era::Modern);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_the_version_twice_is_not_asked_again() {
    let (server, mut clients) = peers();
    let connecting = builder().connect(server);
    let serving = async {
        let mut peer = LinePeer::accept(&mut clients).await;
        refuse_version(&mut peer, &["2026-07-28"]).await;
        refuse_version(&mut peer, &["2026-07-28"]).await;
        assert_eq!(peer.read_or_end().await, None);
    };
    let (client, ()) = tokio::join!(connecting, serving);
    assert!(matches!(client.unwrap_err(), ClientError::Protocol { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_silent_process_is_taken_for_a_legacy_one() {
    let (server, mut clients) = peers();
    let connecting = builder().connect(server);
    let serving = async {
        let mut asked = LinePeer::accept(&mut clients).await;
        asked.expect("server/discover").await;
        let mut peer = LinePeer::accept(&mut clients).await;
        peer.initialize(json!({})).await;
        peer
    };
    let (client, _peer) = tokio::join!(connecting, serving);
    assert_eq!(client.unwrap().era(), Era::Legacy);
}

#[tokio::test(start_paused = true)]
async fn a_prior_verdict_saves_asking() {
    let (server, mut clients) = peers();
    let known = KnownEra { revision: Revision::V2025_11_25, found_at_ms: 0 };
    let connecting = builder().prior(known).connect(server);
    let serving = async {
        let mut peer = LinePeer::accept(&mut clients).await;
        peer.initialize(json!({})).await;
        peer
    };
    let (client, _peer) = tokio::join!(connecting, serving);
    assert_eq!(client.unwrap().era(), Era::Legacy);
}

#[tokio::test(start_paused = true)]
async fn a_legacy_verdict_that_no_longer_holds_is_corrected() {
    let (server, mut clients) = peers();
    let known = KnownEra { revision: Revision::V2025_11_25, found_at_ms: 0 };
    let connecting = builder().prior(known).connect(server);
    let serving = async {
        let mut peer = LinePeer::accept(&mut clients).await;
        let request = peer.expect("initialize").await;
        peer.fail(&request, -32601, "unknown method; this server speaks 2026-07-28").await;
        let mut peer = LinePeer::accept(&mut clients).await;
        peer.discover(json!({})).await;
        peer
    };
    let (client, _peer) = tokio::join!(connecting, serving);
    assert_eq!(client.unwrap().known_era().revision, Revision::MODERN);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_asked_and_then_spoken_to_as_what_it_is() {
    let (ours, theirs) = duplex(64 * 1024);
    let connecting = builder().connect(Target::stream(ours));
    let serving = async {
        let mut peer = LinePeer::over(theirs);
        peer.refuse_discover().await;
        peer.initialize(json!({})).await;
        let request = peer.expect("ping").await;
        peer.answer(&request, json!({})).await;
        peer
    };
    let using = async {
        let client = connecting.await.unwrap();
        client.ping().await.unwrap();
        client
    };
    let (client, _peer) = tokio::join!(using, serving);
    assert_eq!(client.era(), Era::Legacy);
}

#[tokio::test(start_paused = true)]
async fn a_tool_answers_with_what_it_says() {
    let (client, mut peer, _clients) = legacy(builder(), json!({ "tools": {} })).await;
    let calling = client.call_tool("add", json!({ "a": 1, "b": 2 })).into_future();
    let serving = async {
        let request = peer.expect("tools/call").await;
        let params = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });
        assert_eq!(request["params"], params);
        let result = json!({ "content": [{ "type": "text", "text": "3" }],
            "structuredContent": { "sum": 3 } });
        peer.answer(&request, result).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    let answer = answer.unwrap();
    assert_eq!(answer.text(), "3");
    let sum: Value = answer.structured().unwrap();
    assert_eq!(sum, json!({ "sum": 3 }));
}

#[tokio::test(start_paused = true)]
async fn modern_requests_say_who_asks() {
    let builder = builder().on_roots(|| async { Ok(ListRootsResult::new(Vec::new())) });
    let (client, mut peer, _clients) = modern(builder, json!({ "tools": {} })).await;
    client.set_log_level(LogLevel::Warning).await.unwrap();
    let calling = client.call_tool("t", ()).meta("traceparent", "00-1-2-03").into_future();
    let serving = async {
        let request = peer.expect("tools/call").await;
        let meta = json!({
            "traceparent": "00-1-2-03",
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "tester", "version": "1.0" },
            "io.modelcontextprotocol/clientCapabilities": { "roots": {} },
            "io.modelcontextprotocol/logLevel": "warning",
        });
        assert_eq!(request["params"]["_meta"], meta);
        peer.answer(&request, json!({ "resultType": "complete", "content": [] })).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    answer.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_result_type_that_nobody_knows_is_an_error() {
    let (client, mut peer, _clients) = modern(builder(), json!({ "tools": {} })).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let request = peer.expect("tools/call").await;
        peer.answer(&request, json!({ "resultType": "riddle", "content": [] })).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    assert!(matches!(answer, Err(ClientError::Protocol { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_server_is_given_as_it_is() {
    let (client, mut peer, _clients) = legacy(builder(), json!({})).await;
    let calling = client.read_resource("a:b").into_future();
    let serving = async {
        let request = peer.expect("resources/read").await;
        peer.fail(&request, -32002, "no such resource").await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    let Err(ClientError::Rpc(error)) = answer else { panic!("an error") };
    assert_eq!((error.code, error.message.as_str()), (-32002, "no such resource"));
}

#[tokio::test(start_paused = true)]
async fn questions_of_a_legacy_server_are_answered_in_a_call_and_outside() {
    let builder = builder()
        .on_elicit(|params| async move {
            let content = json!({ "name": params.message });
            Ok(ElicitResult::accept(content.as_object().cloned().unwrap_or_default()))
        })
        .on_roots(|| async { Ok(ListRootsResult::new(vec![Root::new("file:///here")])) });
    let (client, mut peer, _clients) = legacy(builder, json!({ "tools": {} })).await;
    let roots = json!({ "jsonrpc": "2.0", "id": "r", "method": "roots/list" });
    peer.write(&roots).await;
    let answer = peer.read().await;
    assert_eq!(answer["result"], json!({ "roots": [{ "uri": "file:///here" }] }));
    let calling = client.call_tool("ask", ()).into_future();
    let serving = async {
        let request = peer.expect("tools/call").await;
        let schema = json!({ "type": "object", "properties": {} });
        peer.write(&json!({ "jsonrpc": "2.0", "id": 7, "method": "elicitation/create",
            "params": { "message": "who", "requestedSchema": schema } }))
            .await;
        let answer = peer.read().await;
        assert_eq!(answer["id"], 7);
        assert_eq!(answer["result"]["content"], json!({ "name": "who" }));
        peer.answer(&request, json!({ "content": [] })).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    answer.unwrap();
}

#[tokio::test(start_paused = true)]
async fn progress_is_heard_in_order_and_keeps_the_call_alive() {
    let builder = builder().timeout(Duration::from_secs(10));
    let (client, mut peer, _clients) = legacy(builder, json!({ "tools": {} })).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    let call = client.call_tool("slow", ());
    let call = call.progress(move |it| hearing.lock().push(it.progress.to_string()));
    let serving = async {
        let request = peer.expect("tools/call").await;
        let token = request["params"]["_meta"]["progressToken"].clone();
        for step in 1..=3 {
            tokio::time::sleep(Duration::from_secs(8)).await;
            peer.write(&json!({ "jsonrpc": "2.0", "method": "notifications/progress",
                "params": { "progressToken": token, "progress": step } }))
                .await;
        }
        tokio::time::sleep(Duration::from_secs(8)).await;
        peer.answer(&request, json!({ "content": [] })).await;
    };
    let (answer, ()) = tokio::join!(call.into_future(), serving);
    answer.unwrap();
    assert_eq!(*heard.lock(), ["1", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_told_that_nobody_waits() {
    for is_modern in [false, true] {
        let capabilities = json!({ "tools": {} });
        let builder = builder().heartbeat(None);
        let (client, mut peer, _clients) = match is_modern {
            true => modern(builder, capabilities).await,
            false => legacy(builder, capabilities).await,
        };
        let call = client.call_tool("slow", ()).timeout(Duration::from_secs(5));
        let serving = async {
            let request = peer.expect("tools/call").await;
            let cancelled = peer.expect("notifications/cancelled").await;
            assert_eq!(cancelled["params"]["requestId"], request["id"]);
            // Too late: it reaches no call.
            peer.answer(&request, json!({ "content": [] })).await;
        };
        let (answer, ()) = tokio::join!(call.into_future(), serving);
        assert!(matches!(answer, Err(ClientError::Timeout { .. })), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn progress_does_not_outlast_the_maximum() {
    let (client, mut peer, _clients) = legacy(builder(), json!({ "tools": {} })).await;
    let call = client.call_tool("slow", ()).progress(|_| {}).max_total(Duration::from_secs(20));
    let serving = async {
        let request = peer.expect("tools/call").await;
        let token = request["params"]["_meta"]["progressToken"].clone();
        for step in 1..=30 {
            peer.write(&json!({ "jsonrpc": "2.0", "method": "notifications/progress",
                "params": { "progressToken": token, "progress": step } }))
                .await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let (answer, ()) = tokio::join!(call.into_future(), serving);
    let Err(ClientError::Timeout { waited, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(waited, Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_cancelled() {
    let (client, mut peer, _clients) = legacy(builder(), json!({ "tools": {} })).await;
    let mut calling = client.call_tool("slow", ()).into_future();
    let request = tokio::select! {
        _ = &mut calling => panic!("nobody has answered"),
        request = peer.expect("tools/call") => request,
    };
    drop(calling);
    let cancelled = peer.expect("notifications/cancelled").await;
    assert_eq!(cancelled["params"]["requestId"], request["id"]);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_the_server_takes_back_is_dropped() {
    let builder = builder().on_roots(std::future::pending);
    let (client, mut peer, _clients) = legacy(builder, json!({ "tools": {} })).await;
    peer.write(&json!({ "jsonrpc": "2.0", "id": "r", "method": "roots/list" })).await;
    peer.write(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": "r" } }))
        .await;
    let serving = async {
        let request = peer.expect("ping").await;
        peer.answer(&request, json!({})).await;
    };
    let (pinged, ()) = tokio::join!(client.ping(), serving);
    pinged.unwrap();
}

#[tokio::test(start_paused = true)]
async fn pages_are_read_as_they_are_needed() {
    let (client, mut peer, _clients) = legacy(builder(), json!({ "tools": {} })).await;
    let tool = |name: &str| json!({ "name": name, "inputSchema": { "type": "object" } });
    let serving = async {
        let request = peer.expect("tools/list").await;
        assert_eq!(request["params"], json!({}));
        let page = json!({ "tools": [tool("a"), tool("b")], "nextCursor": "" });
        peer.answer(&request, page).await;
        let request = peer.expect("tools/list").await;
        assert_eq!(request["params"], json!({ "cursor": "" }));
        peer.answer(&request, json!({ "tools": [tool("c")] })).await;
    };
    let (tools, ()) = tokio::join!(client.all_tools(), serving);
    let names: Vec<String> = tools.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_cursors_do_not_move_on_ends_with_what_came() {
    let (client, mut peer, _clients) = legacy(builder(), json!({ "tools": {} })).await;
    for (cursors, names) in
        [(&["x", "x"][..], &["0", "1"][..]), (&["a", "b", "a"], &["0", "1", "2"])]
    {
        let serving = async {
            for (number, cursor) in cursors.iter().enumerate() {
                let request = peer.expect("tools/list").await;
                let tool = json!({ "name": number.to_string(), "inputSchema": {} });
                peer.answer(&request, json!({ "tools": [tool], "nextCursor": cursor })).await;
            }
        };
        let (tools, ()) = tokio::join!(client.all_tools(), serving);
        let listed: Vec<String> = tools.unwrap().into_iter().map(|it| it.name).collect();
        assert_eq!(listed, names);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_list_is_not_asked_for_again_until_it_changes() {
    let lists = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&lists);
    let builder = builder().on_list_changed(move |list| hearing.lock().push(list));
    let capabilities = json!({ "tools": { "listChanged": true } });
    let (client, mut peer, _clients) = modern(builder, capabilities).await;
    let listen = peer.expect("subscriptions/listen").await;
    assert_eq!(listen["params"]["notifications"], json!({ "toolsListChanged": true }));
    let subscription = json!({ "io.modelcontextprotocol/subscriptionId": listen["id"] });
    let told = |method: &str| {
        json!({ "jsonrpc": "2.0", "method": method,
            "params": { "_meta": subscription, "notifications": { "toolsListChanged": true } } })
    };
    peer.write(&told("notifications/subscriptions/acknowledged")).await;
    let page = json!({ "resultType": "complete", "tools": [], "ttlMs": 60_000,
        "cacheScope": "public" });
    let serving = async {
        let request = peer.expect("tools/list").await;
        peer.answer(&request, page.clone()).await;
    };
    let (listed, ()) = tokio::join!(client.list_tools().into_future(), serving);
    listed.unwrap();
    client.list_tools().await.unwrap();
    let mut notifications = Box::pin(client.notifications());
    peer.write(&told("notifications/tools/list_changed")).await;
    futures_util::StreamExt::next(&mut notifications).await.unwrap();
    let serving = async {
        let request = peer.expect("tools/list").await;
        peer.answer(&request, page.clone()).await;
    };
    let (listed, ()) = tokio::join!(client.list_tools().into_future(), serving);
    listed.unwrap();
    assert_eq!(*lists.lock(), [ListKind::Tools]);
}

#[tokio::test(start_paused = true)]
async fn a_modern_subscription_is_opened_again_when_it_breaks() {
    let (client, mut peer, _clients) = modern(builder(), json!({})).await;
    let filter = SubscriptionFilter::new().with_resource_subscriptions(vec!["a:b".to_owned()]);
    let mut subscription = client.listen(filter).await.unwrap();
    for round in 0..2 {
        let serving = async {
            let listen = peer.expect("subscriptions/listen").await;
            let wanted = json!({ "resourceSubscriptions": ["a:b"] });
            assert_eq!(listen["params"]["notifications"], wanted);
            let meta = json!({ "io.modelcontextprotocol/subscriptionId": listen["id"] });
            peer.write(&json!({ "jsonrpc": "2.0",
                "method": "notifications/subscriptions/acknowledged",
                "params": { "_meta": meta, "notifications": wanted } }))
                .await;
            peer.write(&json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated",
                "params": { "_meta": meta, "uri": "a:b" } }))
                .await;
            peer.answer(&listen, json!({ "resultType": "complete", "_meta": meta })).await;
        };
        let hearing = async {
            let mut heard = Vec::new();
            for _ in 0..3 {
                heard.push(subscription.next().await.unwrap().unwrap());
            }
            heard
        };
        let (heard, ()) = tokio::join!(hearing, serving);
        let SubscriptionEvent::Acknowledged(filter) = &heard[0] else { panic!("{round}") };
        assert_eq!(filter.resource_subscriptions.as_deref(), Some(&["a:b".to_owned()][..]));
        let SubscriptionEvent::Notification(update) = &heard[1] else { panic!("{round}") };
        assert_eq!(update.uri().as_deref(), Some("a:b"));
        assert!(matches!(heard[2], SubscriptionEvent::Interrupted));
    }
}

#[tokio::test(start_paused = true)]
async fn a_legacy_server_is_listened_to_in_the_same_way() {
    let capabilities = json!({ "resources": { "subscribe": true } });
    let (client, mut peer, _clients) = legacy(builder(), capabilities).await;
    let filter = SubscriptionFilter::new()
        .with_tools_list_changed(true)
        .with_resource_subscriptions(vec!["a:b".to_owned()]);
    let serving = async {
        let request = peer.expect("resources/subscribe").await;
        assert_eq!(request["params"], json!({ "uri": "a:b" }));
        peer.answer(&request, json!({})).await;
    };
    let (subscription, ()) = tokio::join!(client.listen(filter), serving);
    let mut subscription = subscription.unwrap();
    let first = subscription.next().await.unwrap().unwrap();
    let SubscriptionEvent::Acknowledged(filter) = first else { panic!("acknowledged first") };
    // It does not announce changes of its tools.
    assert_eq!(filter.tools_list_changed, None);
    peer.write(&json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated",
        "params": { "uri": "a:b/c" } }))
        .await;
    let heard = subscription.next().await.unwrap().unwrap();
    assert!(matches!(heard, SubscriptionEvent::Notification(_)));
    drop(subscription);
    let request = peer.expect("resources/unsubscribe").await;
    assert_eq!(request["params"], json!({ "uri": "a:b" }));
}

#[tokio::test(start_paused = true)]
async fn closing_ends_the_connection_and_every_call() {
    let (client, mut peer, _clients) = legacy(builder(), json!({ "tools": {} })).await;
    let calling = client.call_tool("slow", ()).into_future();
    let closing = async {
        peer.expect("tools/call").await;
        client.close().await;
    };
    let (answer, ()) = tokio::join!(calling, closing);
    assert!(matches!(answer, Err(ClientError::Lost { .. })), "{answer:?}");
    assert!(client.is_closed());
    let answer = client.ping().await;
    assert!(matches!(answer, Err(ClientError::Closed)), "{answer:?}");
    while let Some(message) = peer.read_or_end().await {
        assert_eq!(message["method"], "notifications/cancelled");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_ends_the_connection() {
    let (client, mut peer, _clients) = legacy(builder(), json!({})).await;
    drop(client);
    assert_eq!(peer.read_or_end().await, None);
}

#[tokio::test]
async fn what_cannot_be_a_target_is_said() {
    let refused = builder().connect("not a url").await;
    assert!(matches!(refused, Err(ClientError::Target { .. })));
    let refused = builder().header("bad name", "x").connect("http://127.0.0.1:1/mcp").await;
    assert!(matches!(refused, Err(ClientError::Target { .. })));
    let missing = Target::command("a-program-that-does-not-exist", [""; 0]);
    let refused = builder().era(EraMode::Legacy).connect(missing).await;
    assert!(matches!(refused, Err(ClientError::Unreachable { .. })), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_good_for_one_client() {
    let (ours, theirs) = duplex(1 << 16);
    let target = Target::stream(ours);
    let serving = async {
        let mut peer = LinePeer::over(theirs);
        peer.discover(json!({})).await;
        peer
    };
    let (client, _peer) = tokio::join!(builder().connect(target.clone()), serving);
    let _client = client.unwrap();
    let Err(ClientError::Target { reason }) = builder().connect(target).await else {
        panic!("used twice")
    };
    assert_eq!(reason, "the stream to the upstream is used up and cannot be opened again");
}

#[tokio::test(start_paused = true)]
async fn any_request_and_notification_can_be_sent() {
    let (client, mut peer, _clients) = legacy(builder(), json!({})).await;
    client.notify("notifications/custom", json!({ "a": 1 })).await.unwrap();
    assert_eq!(peer.expect("notifications/custom").await["params"], json!({ "a": 1 }));
    let asking = client.request("x/y", json!({ "b": 2 })).into_future();
    let serving = async {
        let request = peer.expect("x/y").await;
        assert_eq!(request["params"], json!({ "b": 2 }));
        peer.answer(&request, json!({ "c": 3 })).await;
    };
    let (answer, ()) = tokio::join!(asking, serving);
    let result: JsonObject = answer.unwrap().decode_result().unwrap();
    assert_eq!(Value::from(result), json!({ "c": 3 }));
}
