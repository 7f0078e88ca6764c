//! Sessions of the legacy revisions: how they begin, what they do, how they end.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Ask, Habits, Proxy, Session, Stage, Upstream, call, check_healthy, check_healthy_child,
    initialize, note, patient_limits, send, within,
};

#[tokio::test]
async fn session_ids_are_ours_unique_and_visible() {
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let mut ids = BTreeSet::new();
    for _ in 0..50 {
        let session = Session::open(proxy.address, "2025-11-25").await;
        assert!(session.id.len() >= 22, "128 bits: {}", session.id);
        assert!(session.id.bytes().all(|it| (0x21..=0x7e).contains(&it)));
        assert!(!session.id.contains("upstream"), "{}", session.id);
        ids.insert(session.id);
    }
    assert_eq!(ids.len(), 50);
}

#[tokio::test]
async fn initialize_reaches_the_upstream_as_the_client_said_it() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let params = r#"{ "protocolVersion":"2025-11-25", "capabilities":{"experimental":{"x":1.50}},  "clientInfo":{"name":"\u0041","version":"1"},"unknown":[ ]}"#;
    let text = format!(r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{params}}}"#);
    let ask = Ask::post_text(&text);
    let answering = async {
        let asked = upstream.expect("initialize").await;
        assert!(asked.text.contains(params), "{}", asked.text);
        assert_eq!(asked.header("mcp-session-id"), None);
        asked.result(json!({ "protocolVersion": "2025-11-25" })).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["result"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn initialize_that_the_upstream_refuses_opens_no_session() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let ask = Ask::post(&initialize("2025-11-25"));
    let answering = async {
        let asked = upstream.expect("initialize").await;
        let error = json!({ "code": -32602, "message": "no", "data": { "why": "tired" } });
        let id = asked.id();
        asked.json(&json!({ "jsonrpc": "2.0", "id": id, "error": error })).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.head.header("mcp-session-id"), None);
    assert_eq!(answer.json()["error"]["data"]["why"], "tired");
}

#[tokio::test]
async fn session_id_that_the_client_chose_is_not_adopted() {
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let chosen = "AAAAAAAAAAAAAAAAAAAAAA";
    let ask = Ask::post(&initialize("2025-11-25")).header("mcp-session-id", chosen);
    let answer = send(proxy.address, &ask).await;
    assert_ne!(answer.head.header("mcp-session-id"), Some(chosen));
    let ask = Ask::post(&call(1, "echo", json!({}))).header("mcp-session-id", chosen);
    assert_eq!(send(proxy.address, &ask).await.status, 404);
}

#[tokio::test]
async fn request_before_initialized_is_served() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let answer = send(proxy.address, &Ask::post(&initialize("2025-11-25"))).await;
    let id = answer.head.header("mcp-session-id").expect("a session").to_owned();
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let ask = Ask::post(&ping).header("mcp-session-id", &id);
    let answering = async { upstream.expect("ping").await.result(json!({})).await };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json(), json!({ "jsonrpc": "2.0", "id": 1, "result": {} }));
}

#[tokio::test]
async fn notification_is_accepted_with_202_after_the_upstream_has_it() {
    let mut upstream = Upstream::with(&Habits::new().with_notes()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let changed = note("notifications/roots/list_changed", json!({}));
    let taking = async { upstream.expect("notifications/roots/list_changed").await.accept().await };
    let (answer, ()) = tokio::join!(session.send(&changed), taking);
    assert_eq!((answer.status, answer.text().as_str()), (202, ""));
    // A message that the upstream does not accept is not acknowledged.
    let refusing = async { upstream.next().await.status(500).await };
    let (answer, ()) = tokio::join!(session.send(&changed), refusing);
    assert_eq!(answer.status, 502);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn deleted_session_is_gone_here_and_at_the_upstream() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let other = Session::open(proxy.address, "2025-11-25").await;
    let listening = session.begin(&session.get()).await.events().opened().await;
    assert_eq!(habits.sessions_open(), 2);
    assert_eq!(session.ask(&session.delete()).await.status, 204);
    listening.rest().await;
    for ask in [session.post(&call(1, "echo", json!({}))), session.get(), session.delete()] {
        assert_eq!(session.ask(&ask).await.status, 404);
    }
    assert_eq!(habits.sessions_open(), 1, "the upstream's session has ended too");
    check_healthy(&other, &mut upstream).await;
}

#[tokio::test]
async fn deleted_session_ends_its_child_and_its_running_calls() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let calling = session.start(&call(1, "slow", json!({}))).await;
    puppet.expect("tools/call").await;
    puppet.say_json(&note("notifications/message", json!({}))).await;
    let mut events = calling.begun().await.events();
    events.next_message().await;
    assert_eq!(session.ask(&session.delete()).await.status, 204);
    events.rest().await;
    while let Some(line) = puppet.line().await {
        assert!(line.contains("notifications/cancelled"), "{line}");
    }
}

#[tokio::test]
async fn idle_session_ends_and_a_listening_one_does_not() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |config| {
        config.endpoint.limits.sessions.each.idle_timeout = Duration::from_millis(500);
    });
    let proxy = proxy.await;
    let (listener, mut listeners) = stage.session(proxy.address, "2025-11-25").await;
    let _listening = listener.begin(&listener.get()).await.events().opened().await;
    let (idle, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    assert_eq!(puppet.line().await, None, "its child ends with it");
    assert_eq!(idle.send(&call(1, "echo", json!({}))).await.status, 404);
    check_healthy_child(&listener, &mut listeners).await;
}

#[tokio::test]
async fn too_many_sessions_are_refused_with_503_and_the_name_of_the_limit() {
    let upstream = Upstream::with(&Habits::new()).await;
    let mut limits = patient_limits();
    limits.sessions.in_all_max = 2;
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let first = Session::open(proxy.address, "2025-11-25").await;
    let _second = Session::open(proxy.address, "2025-11-25").await;
    let ask = Ask::post(&initialize("2025-11-25"));
    let refused = send(proxy.address, &ask).await;
    assert_eq!(refused.status, 503);
    assert!(refused.head.header("retry-after").is_some());
    let error = &refused.json()["error"];
    assert_eq!((&error["code"], &error["data"]["limit"]), (&json!(1503), &json!("sessions")));
    assert_eq!(error["data"]["outcome"], "not_sent");
    assert_eq!(first.ask(&first.delete()).await.status, 204);
    assert_eq!(send(proxy.address, &ask).await.status, 200);
}

#[tokio::test]
async fn too_many_requests_of_one_session_are_refused_with_429() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |config| {
        config.endpoint.limits.sessions.each.in_flight_max = 3;
    });
    let proxy = proxy.await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut calls = Vec::new();
    let mut running = Vec::new();
    for id in 0..3 {
        calls.push(session.start(&call(id, "slow", json!({}))).await);
        running.push(upstream.next().await);
    }
    assert_eq!(session.send(&call(3, "more", json!({}))).await.status, 429);
    for exchange in running {
        exchange.tool_text("done").await;
    }
    for mut calling in calls {
        assert_eq!(calling.response().await.status, 200);
    }
    check_healthy(&session, &mut upstream).await;
}

/// Sends a batch; returns the status.
async fn batch_status(revision: &str, batch: Value) -> u16 {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, revision).await;
    let answer = session.send(&batch).await;
    check_healthy(&session, &mut upstream).await;
    answer.status
}

#[tokio::test]
async fn batch_belongs_to_2025_03_26_alone() {
    let batch = json!([call(1, "echo", json!({}))]);
    assert_eq!(batch_status("2025-06-18", batch.clone()).await, 400);
    assert_eq!(batch_status("2025-11-25", batch).await, 400);
}

#[tokio::test]
async fn batch_that_breaks_the_rules_is_refused() {
    assert_eq!(batch_status("2025-03-26", json!([])).await, 400);
    assert_eq!(batch_status("2025-03-26", json!([7])).await, 400);
    let twice = json!([call(1, "echo", json!({})), call(1, "echo", json!({}))]);
    assert_eq!(batch_status("2025-03-26", twice).await, 400);
    let with_initialize = json!([initialize("2025-03-26"), call(1, "echo", json!({}))]);
    assert_eq!(batch_status("2025-03-26", with_initialize).await, 400);
}

#[tokio::test]
async fn batch_without_requests_is_accepted_with_202() {
    let changed = note("notifications/roots/list_changed", json!({}));
    assert_eq!(batch_status("2025-03-26", json!([changed, changed])).await, 202);
    let response = json!({ "jsonrpc": "2.0", "id": "1.1", "result": {} });
    assert_eq!(batch_status("2025-03-26", json!([response])).await, 202);
}

#[tokio::test]
async fn batch_is_answered_request_by_request() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-03-26").await;
    let changed = note("notifications/roots/list_changed", json!({}));
    let batch = json!([call(1, "a", json!({})), changed, call("two", "b", json!({}))]);
    let batching = session.start(&batch).await;
    let (first, second) = (upstream.next().await, upstream.next().await);
    // In the reverse of the order in which they were asked.
    for exchange in [second, first] {
        let name = exchange.message()["params"]["name"].as_str().unwrap_or("").to_owned();
        exchange.tool_text(&name).await;
    }
    let events = batching.begun().await.events().rest().await;
    let mut answers: Vec<_> = events.iter().map(|it| it.message()).collect();
    answers.sort_by_key(|it| it["id"].to_string());
    let said: Vec<_> =
        answers.iter().map(|it| (&it["id"], &it["result"]["content"][0]["text"])).collect();
    let expected = [(json!("two"), json!("b")), (json!(1), json!("a"))];
    assert_eq!(said, expected.iter().map(|it| (&it.0, &it.1)).collect::<Vec<_>>());
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn requests_of_one_connection_are_answered_in_their_order() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut connection = session.start(&call(1, "first", json!({}))).await;
    connection.ask(&session.post(&call(2, "second", json!({})))).await;
    let asking = async {
        for _ in 0..2 {
            upstream.next().await.tool_text("done").await;
        }
    };
    let reading = async { [connection.response().await, connection.response().await] };
    let ((), answers) = within("both answers", async { tokio::join!(asking, reading) }).await;
    assert_eq!(answers.map(|it| it.json()["id"].clone()), [json!(1), json!(2)]);
}
