//! Clients of the old transport, HTTP with SSE (2024-11-05).
//!
//! The parts with foreign clients are skipped, visibly, without the peers that `cargo xtask peers`
//! fetches.

use std::net::SocketAddr;
use std::sync::Arc;

use eyot::{ApiKey, Drained, Keys};
use serde_json::{Value, json};

use crate::peers::{CLIENT_PATIENCE, Peers, python, run};
use crate::support::program::Program;
use crate::support::{
    Ask, Connection, EventStream, Habits, Proxy, Response, Upstream, call, initialize,
    modern_request, note, patient_limits, send,
};

/// A client with its stream.
struct OldClient {
    address: SocketAddr,
    events: EventStream,
    /// Where it posts.
    place: String,
    key: Option<&'static str>,
}

impl OldClient {
    async fn connect(address: SocketAddr, key: Option<&'static str>) -> Self {
        let mut connection = Connection::open(address).await;
        connection.ask(&with_key(Ask::get().path("/sse"), key)).await;
        let answer = connection.begun().await;
        assert_eq!(answer.status, 200);
        let mut events = answer.events();
        let first = events.next().await;
        assert_eq!(first.kind.as_deref(), Some("endpoint"));
        Self { address, events, place: first.data.expect("a place"), key }
    }

    /// Opens a session as well.
    async fn open(address: SocketAddr) -> Self {
        let mut client = Self::connect(address, None).await;
        client.post(&initialize("2024-11-05")).await;
        let answer = client.message().await;
        assert!(answer["result"]["protocolVersion"].is_string(), "{answer}");
        client.post(&note("notifications/initialized", json!({}))).await;
        client
    }

    fn ask(&self, message: &Value) -> Ask {
        with_key(Ask::post(message).path(&*self.place).without("accept"), self.key)
    }

    async fn post(&self, message: &Value) {
        let taken = send(self.address, &self.ask(message)).await;
        assert_eq!(taken.status, 202, "{}", taken.text());
    }

    async fn message(&mut self) -> Value {
        let event = self.events.next().await;
        assert_eq!(event.kind.as_deref(), Some("message"));
        event.message()
    }
}

fn with_key(ask: Ask, key: Option<&str>) -> Ask {
    match key {
        Some(key) => ask.header("authorization", &format!("Bearer {key}")),
        None => ask,
    }
}

#[tokio::test]
async fn calls_are_answered_on_the_stream_of_their_client() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let (mut one, mut other) =
        (OldClient::open(proxy.address).await, OldClient::open(proxy.address).await);
    // Equal ids, answered in the other order.
    one.post(&call(7, "echo", json!({ "who": "one" }))).await;
    let first = upstream.expect("tools/call").await;
    other.post(&call(7, "echo", json!({ "who": "other" }))).await;
    let second = upstream.expect("tools/call").await;
    for asked in [second, first] {
        let who = asked.message()["params"]["arguments"]["who"].clone();
        let text = format!("{}\n\nevent: message\ndata: forged\n\n", who.as_str().unwrap());
        asked.result(json!({ "content": [{ "type": "text", "text": text }] })).await;
    }
    for (client, who) in [(&mut one, "one"), (&mut other, "other")] {
        let answer = client.message().await;
        assert_eq!(answer["id"], 7);
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.starts_with(who), "{answer}");
    }
}

#[tokio::test]
async fn modern_requests_are_answered_on_the_stream_as_well() {
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let mut client = OldClient::connect(proxy.address, None).await;
    client.post(&modern_request("m", "server/discover", json!({}))).await;
    let answer = client.message().await;
    assert_eq!(answer["id"], "m");
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
}

#[tokio::test]
async fn what_is_no_message_is_refused_in_words_and_disturbs_nothing() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let mut client = OldClient::open(proxy.address).await;
    let good = client.ask(&json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }));
    let unknown = "/messages/?sessionId=AAAAAAAAAAAAAAAAAAAAAA";
    let injected = format!("{}%0d%0aX-Injected:%20yes", client.place);
    for (ask, status) in [
        (good.clone().path(unknown), 404),
        (good.clone().path("/messages/"), 404),
        (good.clone().path(injected), 404),
        (good.clone().header("content-type", "text/plain"), 415),
        (good.clone().header("host", "evil.example"), 403),
        (good.clone().header("origin", "https://evil.example"), 403),
        (Ask::get().path(&*client.place), 405),
        (Ask::post(&json!({})).path("/sse"), 405),
        (Ask::get().path("/sse").header("origin", "https://evil.example"), 403),
        (Ask::get().path("/ssee"), 404),
    ] {
        let answer = send(proxy.address, &ask).await;
        assert_eq!(answer.status, status, "{ask:?}: {}", answer.text());
        assert_eq!(answer.head.header("x-injected"), None);
    }
    let broken = send(proxy.address, &good.clone().body(br#"{"jsonrpc":"#)).await;
    assert_eq!(broken.status, 202);
    assert_eq!(client.message().await["error"]["code"], -32700);
    assert_eq!(send(proxy.address, &good).await.status, 202);
    upstream.expect("ping").await.result(json!({})).await;
    assert_eq!(client.message().await["result"], json!({}));
}

#[tokio::test]
async fn stream_of_another_principal_is_unknown() {
    let upstream = Upstream::with(&Habits::new()).await;
    let key =
        |name: &str, key: &str| ApiKey { name: name.into(), key: eyot::Secret::new(key.into()) };
    let keys = Keys::new(vec![key("alice", "key-of-alice"), key("bob", "key-of-bob")]).unwrap();
    let keys = Arc::new(keys);
    let proxy =
        Proxy::before_url(&upstream, patient_limits(), |config| config.endpoint.auth = keys);
    let proxy = proxy.await;
    let alice = OldClient::connect(proxy.address, Some("key-of-alice")).await;
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let status = async |key| {
        let ask = with_key(Ask::post(&ping).path(&*alice.place), key);
        let Response { status, .. } = send(proxy.address, &ask).await;
        status
    };
    assert_eq!(status(Some("key-of-bob")).await, 404);
    assert_eq!(status(None).await, 401);
    assert_eq!(status(Some("key-of-alice")).await, 202);
}

#[tokio::test]
async fn client_that_leaves_ends_its_session_at_the_upstream() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before(&upstream).await;
    let client = OldClient::open(proxy.address).await;
    client.post(&call(1, "slow", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let place = client.place.clone();
    drop(client);
    habits.all_closed().await;
    running.closed().await;
    let ask = Ask::post(&json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" })).path(place);
    assert_eq!(send(proxy.address, &ask).await.status, 404);
}

#[tokio::test]
async fn drain_lets_running_calls_finish_and_ends_the_stream() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let mut client = OldClient::open(proxy.address).await;
    client.post(&call(1, "slow", json!({}))).await;
    let asked = upstream.expect("tools/call").await;
    proxy.shutdown.drain();
    asked.result(json!({ "content": [] })).await;
    assert_eq!(client.message().await["id"], 1);
    assert!(client.events.try_next().await.is_none(), "the stream ends");
    assert_eq!(proxy.drained().await, Drained::Complete);
}

#[tokio::test]
async fn old_transport_can_be_turned_off() {
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |it| it.endpoint.http_sse = false);
    let answer = send(proxy.await.address, &Ask::get().path("/sse")).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_client_uses_every_feature_over_the_old_transport() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    let client = python(&peers, "py1", "everything_py1.py");
    let server = Program::everything(&[]).await;
    let at = |program: &Program| [format!("http://{}/sse", program.address)];
    run(&peers, &client, &at(&server), CLIENT_PATIENCE).await;
    let folder = tempfile::tempdir().unwrap();
    let upstream = ["--upstream".to_owned(), server.url()];
    let proxy = Program::serve("127.0.0.1:0", &folder.path().join("store.db"), &upstream).await;
    run(&peers, &client, &at(&proxy), CLIENT_PATIENCE).await;
}
