//! Legacy sessions over HTTP: questions, resumption, sessions that are forgotten, dead links.

use std::sync::Arc;
use std::time::Duration;

use eyot_testkit::{HttpExchange, HttpPeer};
use eyot_types::codes::Outcome;
use eyot_types::{ListRootsResult, LogLevel, Root};
use eyot_upstream::{EraMode, Runtime};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::builder;
use crate::{Client, ClientBuilder, ClientError, ClientEvent, Heartbeat, Liveness};

struct Served {
    client: Client,
    peer: HttpPeer,
    /// The GET stream, not answered yet.
    listening: HttpExchange,
}

async fn connect(builder: ClientBuilder) -> Served {
    let peer = HttpPeer::start().await;
    let connecting = builder.era(EraMode::Legacy).connect(peer.url());
    let serving = async {
        let mut listening = peer.initialize("s1", tools()).await;
        listening.begin_events().await;
        listening
    };
    let (client, listening) = tokio::join!(connecting, serving);
    Served { client: client.unwrap(), peer, listening }
}

fn tools() -> Value {
    json!({ "tools": {}, "logging": {}, "resources": { "subscribe": true } })
}

fn done() -> Value {
    json!({ "content": [] })
}

fn answer(request: &HttpExchange, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": request.body["id"], "result": result })
}

async fn served(client: &Client, peer: &HttpPeer) {
    let serving = async { peer.expect("ping").await.answer(json!({})).await };
    let (pinged, ()) = tokio::join!(client.ping(), serving);
    pinged.unwrap();
}

#[tokio::test]
async fn every_request_carries_the_session_and_the_revision() {
    let Served { client, peer, listening } = connect(builder()).await;
    assert_eq!(listening.header("mcp-session-id"), Some("s1"));
    let serving = async {
        let asked = peer.expect("ping").await;
        assert_eq!(asked.header("mcp-session-id"), Some("s1"));
        assert_eq!(asked.header("mcp-protocol-version"), Some("2025-11-25"));
        asked.answer(json!({})).await;
    };
    let (pinged, ()) = tokio::join!(client.ping(), serving);
    pinged.unwrap();
}

#[tokio::test]
async fn questions_are_answered_wherever_they_come() {
    let builder =
        builder().on_roots(|| async { Ok(ListRootsResult::new(vec![Root::new("file:///a")])) });
    let Served { client, peer, mut listening } = connect(builder).await;
    let question = |id: u32| json!({ "jsonrpc": "2.0", "id": id, "method": "roots/list" });
    let roots = json!({ "roots": [{ "uri": "file:///a" }] });
    listening.event("", &question(1)).await;
    let answered = peer.accept().await;
    assert_eq!((&answered.body["id"], &answered.body["result"]), (&json!(1), &roots));
    answered.status(202).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let mut asked = peer.expect("tools/call").await;
        asked.begin_events().await;
        asked.event("", &question(2)).await;
        let answered = peer.accept().await;
        assert_eq!((&answered.body["id"], &answered.body["result"]), (&json!(2), &roots));
        answered.status(202).await;
        let result = answer(&asked, &done());
        asked.event("", &result).await;
    };
    let (called, ()) = tokio::join!(calling, serving);
    called.unwrap();
}

#[tokio::test]
async fn a_stream_that_is_closed_early_is_polled_again_when_the_server_says() {
    let Served { client, peer, listening: _listening } = connect(builder()).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let mut asked = peer.expect("tools/call").await;
        asked.begin_events().await;
        asked.write("retry: 300\nid: e1\ndata:\n\n").await;
        let result = answer(&asked, &done());
        drop(asked);
        let closed = Instant::now();
        let mut resumed = peer.accept().await;
        let waited = closed.elapsed();
        assert_eq!((resumed.method.as_str(), resumed.header("last-event-id")), ("GET", Some("e1")));
        assert!(waited >= Duration::from_millis(290), "{waited:?}");
        resumed.begin_events().await;
        resumed.event("e2", &result).await;
    };
    let (called, ()) = tokio::join!(calling, serving);
    called.unwrap();
}

#[tokio::test]
async fn progress_that_comes_outside_of_its_call_reaches_it() {
    let Served { client, peer, mut listening } = connect(builder()).await;
    let (call, mut progress) = client.call_tool("t", ()).progress_stream();
    let serving = async {
        let asked = peer.expect("tools/call").await;
        let token = asked.body["params"]["_meta"]["progressToken"].clone();
        listening
            .event(
                "",
                &json!({ "jsonrpc": "2.0", "method": "notifications/progress",
                "params": { "progressToken": token, "progress": 7 } }),
            )
            .await;
        asked
    };
    let mut calling = call.into_future();
    let hearing = async {
        tokio::select! {
            called = &mut calling => panic!("{called:?}"),
            heard = progress.next() => heard.unwrap().progress.to_string(),
        }
    };
    let (asked, heard) = tokio::join!(serving, hearing);
    assert_eq!(heard, "7");
    let (called, ()) = tokio::join!(calling, asked.answer(done()));
    called.unwrap();
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_under_the_id_that_the_server_knows() {
    let Served { client, peer, listening: _listening } = connect(builder()).await;
    let mut calling = client.call_tool("slow", ()).into_future();
    let asked = tokio::select! {
        called = &mut calling => panic!("{called:?}"),
        asked = peer.expect("tools/call") => asked,
    };
    drop(calling);
    let cancelled = peer.expect("notifications/cancelled").await;
    assert_eq!(cancelled.body["params"]["requestId"], asked.body["id"]);
    cancelled.status(202).await;
}

/// How a server says that it does not know the session.
async fn forget(asked: HttpExchange, how: u32) {
    let error = |message: &str| json!({ "code": -32000, "message": message });
    match how {
        0 => asked.status(404).await,
        1 => asked.fail(404, error("Session not found")).await,
        _ => asked.fail(400, error("Bad Request: No valid session ID provided")).await,
    }
}

#[tokio::test]
async fn a_forgotten_session_is_opened_once_for_all_and_set_up_again() {
    for how in 0..3 {
        let Served { client, peer, listening } = connect(builder()).await;
        let mut events = client.events();
        let setting = async {
            client.set_log_level(LogLevel::Error).await.unwrap();
            client.subscribe("a:b").await.unwrap();
        };
        let serving = async {
            for _ in 0..2 {
                peer.accept().await.answer(json!({})).await;
            }
        };
        tokio::join!(setting, serving);
        let calls = (0..3).map(|_| client.call_tool("t", ()).into_future());
        let serving = async {
            let mut forgotten = Vec::new();
            for _ in 0..3 {
                forgotten.push(peer.expect("tools/call").await);
            }
            for asked in forgotten {
                forget(asked, how).await;
            }
            serve_renewal(&peer).await;
        };
        let (answers, ()) = tokio::join!(futures_util::future::join_all(calls), serving);
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        drop(listening);
        let replaced = events.by_ref().skip(1).next().await;
        assert!(matches!(replaced, Some(ClientEvent::SessionReplaced { session: 2, .. })));
    }
}

/// Serves one new session and the three calls that waited for it.
async fn serve_renewal(peer: &HttpPeer) {
    let mut methods = Vec::new();
    let mut listening = None;
    while methods.len() < 7 {
        let asked = peer.accept().await;
        let method = asked.body["method"].as_str().unwrap_or(&asked.method).to_owned();
        let result = match method.as_str() {
            "GET" => {
                let mut asked = asked;
                asked.begin_events().await;
                listening = Some(asked);
                continue;
            }
            "initialize" => json!({ "protocolVersion": "2025-11-25", "capabilities": tools(),
                "serverInfo": { "name": "peer", "version": "1" } }),
            "tools/call" => done(),
            _ => json!({}),
        };
        match method.as_str() {
            "initialize" => {
                assert_eq!(asked.header("mcp-session-id"), None);
                let text = answer(&asked, &result).to_string();
                let session = [("Mcp-Session-Id", "s2")];
                asked.respond(200, &session, "application/json", &text).await;
            }
            "notifications/initialized" => asked.status(202).await,
            _ => {
                assert_eq!(asked.header("mcp-session-id"), Some("s2"));
                asked.answer(result).await;
            }
        }
        methods.push(method);
    }
    assert!(listening.is_some());
    let expected = [
        "initialize",
        "notifications/initialized",
        "logging/setLevel",
        "resources/subscribe",
        "tools/call",
        "tools/call",
        "tools/call",
    ];
    assert_eq!(methods, expected);
}

#[tokio::test]
async fn a_session_that_is_found_gone_on_its_stream_is_replaced_without_a_call() {
    let Served { client, peer, mut listening } = connect(builder()).await;
    listening.write("retry: 10\ndata:\n\n").await;
    drop(listening);
    let mut liveness = client.liveness();
    let asked = peer.accept().await;
    assert_eq!(asked.method, "GET");
    asked.status(404).await;
    let serving = async {
        let asked = peer.expect("initialize").await;
        let result = json!({ "protocolVersion": "2025-11-25", "capabilities": tools(),
            "serverInfo": { "name": "peer", "version": "1" } });
        asked.answer(result).await;
        peer.expect("notifications/initialized").await.status(202).await;
        // Without a session id, and without a stream.
        let asked = peer.accept().await;
        assert_eq!((asked.method.as_str(), asked.header("mcp-session-id")), ("GET", None));
        asked.status(405).await;
    };
    let waiting = liveness.wait_for(|it| *it == Liveness::Live { session: 2 });
    let (live, ()) = tokio::join!(waiting, serving);
    live.unwrap();
}

#[tokio::test]
async fn a_call_whose_connection_dies_is_not_sent_again_and_the_session_goes_on() {
    let Served { client, peer, listening: _listening } = connect(builder()).await;
    let mut events = client.events();
    let calling = client.call_tool("pay", ()).into_future();
    let serving = async {
        // Dead before a byte of the answer.
        drop(peer.expect("tools/call").await);
        peer.expect("ping").await.answer(json!({})).await;
    };
    let (called, ()) = tokio::join!(calling, serving);
    let Err(ClientError::Lost { outcome, .. }) = called else { panic!("{called:?}") };
    assert_eq!(outcome, Outcome::Unknown);
    let event = events.by_ref().skip(1).next().await;
    assert_eq!(event, Some(ClientEvent::Recovered { session: 1 }));
    served(&client, &peer).await;
}

#[tokio::test]
async fn a_call_that_only_reads_is_repeated_on_another_connection() {
    let Served { client, peer, listening: _listening } = connect(builder()).await;
    let calling = client.list_tools().into_future();
    let serving = async {
        drop(peer.expect("tools/list").await);
        peer.expect("ping").await.answer(json!({})).await;
        peer.expect("tools/list").await.answer(json!({ "tools": [] })).await;
    };
    let (listed, ()) = tokio::join!(calling, serving);
    listed.unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let Served { client, peer, listening } = connect(builder()).await;
    let port = peer.port();
    drop((peer, listening));
    let mut liveness = client.liveness();
    let calling = client.call_tool("pay", ()).into_future();
    let serving = async {
        liveness.wait_for(|it| matches!(it, Liveness::Recovering { .. })).await.unwrap();
        let peer = HttpPeer::start_at(port).await;
        // The session is asked for first: the server may only have been away.
        peer.expect("ping").await.answer(json!({})).await;
        loop {
            let asked = peer.accept().await;
            if asked.method == "GET" {
                asked.status(405).await;
                continue;
            }
            assert_eq!(asked.body["method"], "tools/call");
            asked.answer(done()).await;
            break;
        }
    };
    let (called, ()) = tokio::join!(calling, serving);
    called.unwrap();
}

#[tokio::test]
async fn a_half_open_connection_is_found_by_its_missing_beats() {
    let heartbeat = Heartbeat { interval: Duration::from_millis(50), missed_max: 2 };
    let Served { client, peer, listening: _listening } =
        connect(builder().heartbeat(heartbeat)).await;
    let mut liveness = client.liveness();
    let serving = async {
        // Pings arrive and get no answer.
        let mut pings = Vec::new();
        loop {
            let asked = peer.accept().await;
            match asked.body["method"].as_str() {
                Some("ping") => pings.push(asked),
                Some("initialize") => {
                    let result = json!({ "protocolVersion": "2025-11-25",
                        "capabilities": tools(),
                        "serverInfo": { "name": "peer", "version": "1" } });
                    asked.answer(result).await;
                }
                _ if asked.method == "GET" => {
                    asked.status(405).await;
                    break;
                }
                _ => asked.status(202).await,
            }
        }
        assert_eq!(pings.len(), 2);
    };
    let waiting = liveness.wait_for(|it| *it == Liveness::Live { session: 2 });
    let (live, ()) = tokio::join!(waiting, serving);
    live.unwrap();
}

#[tokio::test]
async fn an_answer_that_comes_twice_on_a_stream_is_taken_once() {
    let Served { client, peer, listening: _listening } = connect(builder()).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let mut asked = peer.expect("tools/call").await;
        asked.begin_events().await;
        let text = |text: &str| json!({ "content": [{ "type": "text", "text": text }] });
        let stranger = json!({ "jsonrpc": "2.0", "id": "stranger", "result": text("0") });
        asked.event("", &stranger).await;
        for said in ["1", "2"] {
            let result = answer(&asked, &text(said));
            asked.event("", &result).await;
        }
    };
    let (called, ()) = tokio::join!(calling, serving);
    assert_eq!(called.unwrap().text(), "1");
    served(&client, &peer).await;
}

#[tokio::test]
async fn a_client_has_one_task_whatever_it_does() {
    let runtime = Runtime::new(TaskTracker::new(), CancellationToken::new(), Arc::default());
    let Served { client, peer, listening: _listening } =
        connect(builder().runtime(runtime.clone())).await;
    let mut calls: Vec<_> = (0..3).map(|_| client.call_tool("t", ()).into_future()).collect();
    let serving = async {
        let mut asked = Vec::new();
        for _ in 0..3 {
            asked.push(peer.expect("tools/call").await);
        }
        assert_eq!(runtime.tasks.len(), 1);
        for asked in asked {
            asked.answer(done()).await;
        }
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(&mut calls), serving);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // What ends the tasks of a program ends the client's.
    let serving = async { peer.accept().await.status(200).await };
    runtime.shutdown.cancel();
    runtime.tasks.close();
    tokio::join!(runtime.tasks.wait(), serving);
    assert!(client.is_closed());
}

#[tokio::test]
async fn calls_fail_at_once_when_the_client_closes_while_the_server_is_away() {
    let Served { client, peer, listening: _listening } = connect(builder()).await;
    let hanging = client.call_tool("slow", ()).into_future();
    let closing = async {
        let _never_answered = peer.expect("tools/call").await;
        // Another call finds the connection broken; its check is not answered either.
        let broken = client.call_tool("pay", ()).into_future();
        let serving = async {
            drop(peer.expect("tools/call").await);
            let _check = peer.expect("ping").await;
            client.close().await;
        };
        let (broken, ()) = tokio::join!(broken, serving);
        assert!(broken.is_err());
    };
    let (answer, ()) = tokio::join!(hanging, closing);
    assert!(matches!(answer, Err(ClientError::Lost { .. })), "{answer:?}");
}

#[tokio::test]
async fn closing_ends_the_session_at_the_server() {
    let Served { client, peer, listening: _listening } = connect(builder()).await;
    let serving = async {
        let asked = peer.accept().await;
        let said = (asked.method.as_str(), asked.header("mcp-session-id"));
        assert_eq!(said, ("DELETE", Some("s1")));
        asked.status(200).await;
    };
    tokio::join!(client.close(), serving);
    assert!(client.is_closed());
}
