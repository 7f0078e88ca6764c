//! Each bound that a client can reach, with room for little: what is beyond it is refused, and the
//! refusal names the bound.

use std::sync::Arc;

use eyot::{ApiKey, Command, Keys, Limits, ProxyConfig};
use eyot_stdx::Secret;
use serde_json::{Value, json};

use crate::support::{
    Ask, Connection, Proxy, Response, Session, call, initialize, modern_ask, modern_request,
    patient_limits, send,
};

/// A legacy server that asks twice in each call, and answers with what it was told to the second.
const CHILD: &str = r#"while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"resources":{"subscribe":true},"logging":{}},"serverInfo":{"name":"t","version":"1"}}}\n' "$id";;
    *tools/call*)
      for q in 1 2; do printf '{"jsonrpc":"2.0","id":"q%s","method":"elicitation/create","params":{"message":"?","requestedSchema":{"type":"object","properties":{}}}}\n' "$q"; done
      read -r told
      printf '{"jsonrpc":"2.0","id":%s,"result":{"content":[],"told":%s}}\n' "$id" "$told";;
    *server/discover*) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"Method not found"}}\n' "$id";;
    *'"id"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{}}\n' "$id";;
  esac
done"#;

async fn proxy(limits: Limits, adjust: impl FnOnce(&mut ProxyConfig)) -> Proxy {
    let args = vec!["-c".to_owned(), CHILD.to_owned()];
    let command = Command { program: "sh".to_owned(), args, env: Vec::new(), cwd: None };
    Proxy::before_child(command, limits, adjust).await
}

/// A proxy whose limits are the patient ones with a change.
async fn within_limits(change: impl FnOnce(&mut Limits)) -> Proxy {
    let mut limits = patient_limits();
    change(&mut limits);
    proxy(limits, |_| {}).await
}

#[track_caller]
fn assert_names(limit: &str, refused: &Response, status: u16) {
    let error = &refused.json()["error"];
    assert_eq!((refused.status, error["data"]["limit"].as_str()), (status, Some(limit)), "{error}");
}

async fn open(proxy: &Proxy) -> Session {
    Session::open(proxy.address, "2025-11-25").await
}

async fn initialize_again(proxy: &Proxy) -> Response {
    send(proxy.address, &Ask::post(&initialize("2025-11-25"))).await
}

fn subscribe(id: u64, uri: &str) -> Value {
    let params = json!({ "uri": uri });
    json!({ "jsonrpc": "2.0", "id": id, "method": "resources/subscribe", "params": params })
}

#[tokio::test]
async fn what_a_session_keeps_is_bounded_one_by_one_and_in_all() {
    let small = within_limits(|it| it.sessions.initialize_bytes_max = 100).await;
    assert_names("initialize", &initialize_again(&small).await, 413);

    let few = within_limits(|it| it.sessions.in_all_max = 1).await;
    let _session = open(&few).await;
    assert_names("sessions", &initialize_again(&few).await, 503);

    let bytes = initialize("2025-11-25")["params"].to_string().len();
    let full = within_limits(|it| it.sessions.state_bytes_max = bytes + 20).await;
    let session = open(&full).await;
    assert_names("sessions", &initialize_again(&full).await, 503);
    let taken = session.send(&subscribe(1, "file:///a")).await;
    assert_eq!(taken.json()["result"], json!({}), "nine bytes of twenty");
    let refused = session.send(&subscribe(2, "file:///b/and/more")).await;
    assert_names("sessions", &refused, 400);
}

#[tokio::test]
async fn subscriptions_of_a_session_are_bounded() {
    let proxy = within_limits(|it| {
        it.sessions.subscriptions_max = 1;
        it.sessions.uri_bytes_max = 20;
    })
    .await;
    let session = open(&proxy).await;
    let long = session.send(&subscribe(1, "file:///too/long/for/this")).await;
    assert_names("uri", &long, 400);
    assert_eq!(session.send(&subscribe(2, "file:///a")).await.json()["result"], json!({}));
    assert_eq!(session.send(&subscribe(3, "file:///a")).await.json()["result"], json!({}));
    let refused = session.send(&subscribe(4, "file:///b")).await;
    assert_names("subscriptions of one session", &refused, 400);
    let params = json!({ "uri": "file:///a" });
    let end =
        json!({ "jsonrpc": "2.0", "id": 5, "method": "resources/unsubscribe", "params": params });
    session.send(&end).await;
    assert_eq!(session.send(&subscribe(6, "file:///b")).await.json()["result"], json!({}));
}

#[tokio::test]
async fn a_log_level_is_one_of_the_protocol() {
    let proxy = within_limits(|_| {}).await;
    let session = open(&proxy).await;
    for (level, code) in [("x".repeat(100_000).as_str(), Some(-32602)), ("debug", None)] {
        let params = json!({ "level": level });
        let set =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": params });
        assert_eq!(session.send(&set).await.json()["error"]["code"].as_i64(), code);
    }
}

#[tokio::test]
async fn the_upstream_is_told_that_it_asks_too_much() {
    for (limit, change) in [
        ("open questions of one session", (|it| it.sessions.questions_max = 1) as fn(&mut Limits)),
        ("open questions of one call", |it| it.calls.questions_max = 1),
    ] {
        let proxy = within_limits(change).await;
        let session = open(&proxy).await;
        let answer = session.send(&call(1, "ask", json!({}))).await.text();
        assert_eq!(answer.matches("elicitation/create").count(), 1, "{answer}");
        assert!(answer.contains(&format!("\"limit\":\"{limit}\"")), "{answer}");
    }
}

#[tokio::test]
async fn capabilities_of_a_modern_client_are_bounded() {
    let proxy = within_limits(|it| it.upstream.capabilities_bytes_max = 50).await;
    let mut request = modern_request(1, "tools/list", json!({}));
    let capabilities = json!({ "elicitation": { "form": {}, "pad": "x".repeat(100) } });
    request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    let refused = send(proxy.address, &modern_ask(&request)).await;
    assert_names("clientCapabilities", &refused, 400);
}

#[tokio::test]
async fn one_principal_leaves_room_for_others() {
    let key = |name: &str| ApiKey { name: name.into(), key: Secret::new(format!("key-{name}")) };
    let mut limits = patient_limits();
    limits.http.connections_max = 4;
    limits.principal_parts = 2;
    let proxy = proxy(limits, |config| {
        config.endpoint.auth = Arc::new(Keys::new(vec![key("ada"), key("bob")]).unwrap());
    })
    .await;
    let ask = |name: &str| {
        Ask::post(&initialize("2025-11-25")).header("authorization", &format!("Bearer key-{name}"))
    };
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut connection = Connection::open(proxy.address).await;
        connection.ask(&ask("ada")).await;
        assert_eq!(connection.response().await.status, 200);
        held.push(connection);
    }
    assert_names("connections", &send(proxy.address, &ask("ada")).await, 503);
    assert_eq!(send(proxy.address, &ask("bob")).await.status, 200);
    drop(held);
}
