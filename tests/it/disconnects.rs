//! Clients that go away, at every possible point.

use serde_json::json;

use crate::support::{
    Ask, Connection, Habits, Proxy, Session, Upstream, call, check_healthy, initialize,
};

async fn open() -> (Upstream, Proxy, Session) {
    // The upstream shows notifications: a cancellation would come before the healthy call.
    let upstream = Upstream::with(&Habits::new().with_notes()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    (upstream, proxy, session)
}

#[tokio::test]
async fn disconnect_anywhere_in_a_head_or_body_leaves_nothing_behind() {
    let (mut upstream, proxy, session) = open().await;
    let (head, body) = session.post(&call(1, "echo", json!({}))).parts();
    let whole = [head, body].concat();
    for cut in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
        let mut connection = Connection::open(proxy.address).await;
        connection.send(&whole[..cut]).await;
        drop(connection);
    }
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn disconnect_during_initialize_leaves_no_session() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&Ask::post(&initialize("2025-11-25"))).await;
    let asked = upstream.expect("initialize").await;
    drop(connection);
    // The proxy drops the upstream session, which no client would ever use.
    asked.closed().await;
}

#[tokio::test]
async fn disconnect_while_waiting_does_not_cancel_the_call() {
    let (mut upstream, _proxy, session) = open().await;
    let connection = session.start(&call(1, "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    drop(connection);
    check_healthy(&session, &mut upstream).await;
    // The id is in use until the answer has come.
    let refused = session.send(&call(1, "slow", json!({}))).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    running.tool_text("to nobody").await;
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn disconnect_in_the_middle_of_events_does_not_cancel_the_call() {
    let (mut upstream, _proxy, session) = open().await;
    let connection = session.start(&call(1, "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let answer = running.result_message(json!({ "late": true }));
    let mut events = running.events().await;
    let log = json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": {} });
    events.message(&log).await;
    let mut stream = connection.begun().await.events();
    let seen = stream.next_message().await;
    drop(stream);
    check_healthy(&session, &mut upstream).await;
    events.message(&answer).await;
    events.end().await;
    let rest = session.begin(&session.get_after(seen.id())).await.events().rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0].message()["result"]["late"], true);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn many_disconnects_at_once_leave_the_session_as_it_was() {
    let (mut upstream, _proxy, session) = open().await;
    let mut running = Vec::new();
    for id in 0..50 {
        let connection = session.start(&call(id, "slow", json!({}))).await;
        running.push(upstream.expect("tools/call").await);
        drop(connection);
    }
    check_healthy(&session, &mut upstream).await;
    for exchange in running {
        exchange.tool_text("to nobody").await;
    }
    check_healthy(&session, &mut upstream).await;
}
