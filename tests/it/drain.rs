//! The orderly end: running work finishes, new work is refused, nothing is lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyot::{Drained, Eras, Server, SqliteOptions, SqliteStore, Target};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{
    Connection, Habits, Proxy, Session, Stage, Upstream, call, check_healthy, modern_ask,
    modern_request, patient_limits, within,
};

/// New work finds no listener, or is turned away.
async fn check_refused(address: SocketAddr, session: &Session) {
    let Ok(mut stream) = TcpStream::connect(address).await else { return };
    let (head, body) = session.post(&call("new", "echo", json!({}))).parts();
    if stream.write_all(&[head, body].concat()).await.is_err() {
        return;
    }
    let mut answer = Vec::new();
    let read = within("the refusal", stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(read.is_err() || answer.is_empty() || answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn drain_ends_listening_streams_and_lets_running_calls_finish() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let idle = Connection::open(proxy.address).await;
    let listening = session.begin(&session.get()).await.events().opened().await;
    let mut calling = session.start(&call(1, "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    proxy.shutdown.drain();
    listening.rest().await;
    assert_eq!(idle.rest().await, "");
    check_refused(proxy.address, &session).await;
    running.tool_text("in peace").await;
    let answer = calling.response().await;
    assert_eq!(answer.json()["result"]["content"][0]["text"], "in peace");
    assert_eq!(proxy.drained().await, Drained::Complete);
}

#[tokio::test]
async fn drain_ends_the_subscriptions_of_modern_clients_with_their_result() {
    let server = Server::builder("steady", "1.0").eras(Eras::Modern).build().unwrap();
    let target = Target::in_process(server);
    let proxy = Proxy::start(target, patient_limits(), |_| {}).await;
    let mut connection = Connection::open(proxy.address).await;
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let listen = modern_request("all", "subscriptions/listen", wanted);
    connection.ask(&modern_ask(&listen)).await;
    let mut listening = connection.begun().await.events();
    let acknowledged = listening.next_message().await.message();
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    proxy.shutdown.drain();
    let ended = listening.next_message().await.message();
    assert_eq!(ended["id"], "all");
    assert_eq!(ended["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "all");
    assert_eq!(proxy.drained().await, Drained::Complete);
}

#[tokio::test]
async fn drain_lets_a_stream_of_events_come_to_its_answer() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let calling = session.start(&call(1, "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let answer = running.result_message(json!({ "done": true }));
    let mut events = running.events().await;
    let log = json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": {} });
    events.message(&log).await;
    let mut stream = calling.begun().await.events();
    stream.next_message().await;
    proxy.shutdown.drain();
    events.message(&log).await;
    events.message(&answer).await;
    events.end().await;
    let rest = stream.rest().await;
    assert_eq!(rest.last().map(|it| it.message()["result"]["done"].clone()), Some(json!(true)));
    assert_eq!(proxy.drained().await, Drained::Complete);
}

#[tokio::test]
async fn drain_that_takes_too_long_says_how_much_it_ended() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let mut limits = patient_limits();
    limits.drain_timeout = Duration::from_millis(200);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let calling = session.start(&call(1, "slow", json!({}))).await;
    let _running = upstream.expect("tools/call").await;
    proxy.shutdown.drain();
    assert!(matches!(proxy.drained().await, Drained::TimedOut { tasks: 1.. }));
    calling.rest().await;
}

#[tokio::test]
async fn drain_ends_the_children_in_order() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (_session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    proxy.shutdown.drain();
    assert_eq!(puppet.line().await, None);
    assert_eq!(proxy.drained().await, Drained::Complete);
}

#[tokio::test]
async fn sessions_and_events_outlive_the_drain() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let mut upstream = Upstream::with(&Habits::new()).await;
    let start = async |upstream: &Upstream| {
        let store = SqliteStore::open(&file, SqliteOptions::default()).unwrap();
        Proxy::before_url(upstream, patient_limits(), |it| it.endpoint.store = Arc::new(store))
            .await
    };
    let first = start(&upstream).await;
    let mut session = Session::open(first.address, "2025-11-25").await;
    let calling = session.start(&call(1, "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let answer = running.result_message(json!({ "kept": true }));
    let mut events = running.events().await;
    events.message(&json!({ "jsonrpc": "2.0", "method": "notifications/message" })).await;
    let mut stream = calling.begun().await.events();
    let seen = stream.next_message().await;
    drop(stream);
    events.message(&answer).await;
    events.end().await;
    let rest = session.begin(&session.get_after(seen.id())).await.events().rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    first.shutdown.drain();
    assert_eq!(first.drained().await, Drained::Complete);
    let second = start(&upstream).await;
    session.address = second.address;
    let again = session.begin(&session.get_after(seen.id())).await.events().rest().await;
    assert_eq!(again, rest);
    assert_eq!(again[0].message()["result"]["kept"], true);
    check_healthy(&session, &mut upstream).await;
}
