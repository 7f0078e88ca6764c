//! What a modern server gives its clients to come back with, states and ids of tasks: with keys, each
//! is of use to the client that got it and to no other.

use std::net::SocketAddr;
use std::sync::Arc;

use eyot::session::LogLimits;
use eyot::{ApiKey, Keys, MemoryStore, ProxyConfig, Secret};
use serde_json::{Value, json};

use crate::support::program::program;
use crate::support::rounds::{self, again, asked};
use crate::support::{
    Ask, Exchange, Program, Proxy, Response, Upstream, modern_ask, modern_request, note,
    patient_limits, send, tool_text,
};

/// What the server wants to be brought back; not every JSON writer would write it so.
const STATE: &str = r#""round \u0031: \/ Grüße""#;

fn with_keys(config: &mut ProxyConfig) {
    let key = |name: &str| ApiKey { name: name.into(), key: Secret::new(format!("key-{name}")) };
    config.endpoint.auth = Arc::new(Keys::new(vec![key("alice"), key("bob")]).unwrap());
}

fn as_user(name: &str, request: &Value) -> Ask {
    modern_ask(request).header("authorization", &format!("Bearer key-{name}"))
}

fn discovered() -> Value {
    json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"],
        "capabilities": { "tools": {} }, "serverInfo": { "name": "s", "version": "1" } })
}

fn done(text: &str) -> Value {
    let mut result = tool_text(text);
    result["resultType"] = json!("complete");
    result
}

/// The answer of a server that asks, with its state.
fn question(asked: &Exchange) -> String {
    let id = asked.id();
    let result =
        r#"{"resultType":"input_required","inputRequests":{"who":{"method":"roots/list"}},"#;
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}"requestState":{STATE}}}}}"#)
}

const JSON: &str = "content-type: application/json\r\n";

/// Asks for the first round of `request` as alice.
async fn first_round(address: SocketAddr, upstream: &mut Upstream, request: &Value) -> Value {
    let answering = async {
        loop {
            let asked = upstream.next().await;
            if asked.method() == "server/discover" {
                asked.result(discovered()).await;
                continue;
            }
            let answer = question(&asked);
            break asked.respond(200, JSON, answer.as_bytes()).await;
        }
    };
    let ask = as_user("alice", request);
    let (answer, ()) = tokio::join!(send(address, &ask), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Brings a state back; the server sees what it gave.
async fn check_state(address: SocketAddr, upstream: &mut Upstream, next: &Value) {
    let answering = async {
        let asked = upstream.expect("tools/call").await;
        assert!(asked.text.contains(&format!(r#""requestState":{STATE}"#)), "{}", asked.text);
        assert_eq!(asked.message()["params"]["inputResponses"], next["params"]["inputResponses"]);
        asked.result(done("hello")).await;
    };
    let ask = as_user("alice", next);
    let (answer, ()) = tokio::join!(send(address, &ask), answering);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "hello", "{}", answer.text());
}

#[track_caller]
fn assert_refused(answer: &Response) {
    let answer = answer.json();
    let error = json!({ "code": -32602, "message": "Invalid or expired requestState" });
    assert_eq!(answer["error"], error, "{answer}");
}

#[tokio::test]
async fn state_is_of_use_to_its_principal_alone() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), with_keys).await;
    let call = rounds::call(1, "greet");
    let question = first_round(proxy.address, &mut upstream, &call).await;
    assert_eq!(question["result"]["inputRequests"], json!({ "who": { "method": "roots/list" } }));
    let state = &question["result"]["requestState"];
    assert!(state.is_string() && !state.as_str().unwrap().contains("round"), "{question}");

    let next = again(call.clone(), 2, &question, json!({ "who": { "roots": [] } }));
    assert_refused(&send(proxy.address, &as_user("bob", &next)).await);
    let mut elsewhere = next.clone();
    elsewhere["params"]["name"] = json!("delete");
    assert_refused(&send(proxy.address, &as_user("alice", &elsewhere)).await);
    let mut forged = next.clone();
    forged["params"]["requestState"] = serde_json::from_str(STATE).unwrap();
    assert_refused(&send(proxy.address, &as_user("alice", &forged)).await);
    // None of them has reached the server: the next that it hears is the round.
    check_state(proxy.address, &mut upstream, &next).await;
}

#[tokio::test]
async fn state_at_the_end_of_a_stream_is_of_use_to_its_principal_alone() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), with_keys).await;
    // The era is known from here on.
    let call = rounds::call(1, "greet");
    first_round(proxy.address, &mut upstream, &call).await;
    let answering = async {
        let asked = upstream.expect("tools/call").await;
        let answer = question(&asked);
        let mut events = asked.events().await;
        events.message(&note("notifications/message", json!({ "level": "info", "data": 1 }))).await;
        events.text(&format!("data: {answer}\n\n")).await;
        events.end().await;
    };
    let ask = as_user("alice", &call);
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    let text = answer.text();
    assert!(text.contains("notifications/message") && !text.contains("round"), "{text}");
    let messages: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| serde_json::from_str(data).ok())
        .collect();
    let question = messages.last().expect("there is an answer");

    let next = again(call, 2, question, json!({ "who": { "roots": [] } }));
    assert_refused(&send(proxy.address, &as_user("bob", &next)).await);
    check_state(proxy.address, &mut upstream, &next).await;
}

#[tokio::test]
async fn state_is_opened_by_another_process_with_the_same_store_before_the_same_server_alone() {
    let (mut upstream, mut other) = (Upstream::bare().await, Upstream::bare().await);
    let store = Arc::new(MemoryStore::new(LogLimits::default()));
    let setting_up = |config: &mut ProxyConfig| {
        config.endpoint.store = Arc::<MemoryStore>::clone(&store);
        with_keys(config);
    };
    let first = Proxy::before_url(&upstream, patient_limits(), setting_up).await;
    let second = Proxy::before_url(&upstream, patient_limits(), setting_up).await;
    let elsewhere = Proxy::before_url(&other, patient_limits(), setting_up).await;
    let call = rounds::call(1, "greet");
    // All of them know the era from here on.
    first_round(second.address, &mut upstream, &call).await;
    first_round(elsewhere.address, &mut other, &call).await;
    let question = first_round(first.address, &mut upstream, &call).await;

    let next = again(call, 2, &question, json!({ "who": { "roots": [] } }));
    assert_refused(&send(elsewhere.address, &as_user("alice", &next)).await);
    assert_refused(&send(second.address, &as_user("bob", &next)).await);
    check_state(second.address, &mut upstream, &next).await;
}

/// A task of a modern server, as `bob` and `alice` ask for it.
#[tokio::test]
async fn task_is_of_use_to_its_principal_alone() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), with_keys).await;
    let call = rounds::call(1, "greet");
    // The era is known from here on.
    first_round(proxy.address, &mut upstream, &call).await;
    let task = json!({ "resultType": "task", "taskId": "t1", "status": "working",
        "createdAt": "2026-07-28T00:00:00Z", "lastUpdatedAt": "2026-07-28T00:00:00Z", "ttlMs": null });
    let answering = async { upstream.expect("tools/call").await.result(task.clone()).await };
    let ask = as_user("alice", &call);
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    let id = answer.json()["result"]["taskId"].clone();
    assert!(id.as_str().is_some_and(|it| it != "t1"), "{}", answer.text());

    for (user, id) in [("bob", &id), ("bob", &json!("t1")), ("alice", &json!("t1"))] {
        for method in ["tasks/get", "tasks/cancel"] {
            let request = modern_request(2, method, json!({ "taskId": id }));
            let answer = send(proxy.address, &as_user(user, &request)).await.json();
            assert_eq!(answer["error"]["code"], -32602, "{answer}");
        }
    }
    let answering = async {
        // Nothing of theirs has come.
        let asked = upstream.expect("tasks/get").await;
        assert_eq!(asked.message()["params"]["taskId"], "t1");
        assert_eq!(asked.header("mcp-name"), Some("t1"));
        let mut state = task;
        state["resultType"] = json!("complete");
        asked.result(state).await;
    };
    let request = modern_request(3, "tasks/get", json!({ "taskId": id }));
    let ask = as_user("alice", &request);
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["result"]["taskId"], id, "{}", answer.text());
}

#[tokio::test]
async fn without_keys_a_state_passes_as_it_came() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let call = rounds::call(1, "greet");
    let question = first_round(proxy.address, &mut upstream, &call).await;
    let state: Value = serde_json::from_str(STATE).unwrap();
    assert_eq!(question["result"]["requestState"], state);
    let next = again(call, 2, &question, json!({ "who": { "roots": [] } }));
    let answering = async {
        let asked = upstream.expect("tools/call").await;
        assert_eq!(asked.message()["params"]["requestState"], state);
        asked.result(done("hello")).await;
    };
    let ask = modern_ask(&next);
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_the_program_are_asked_and_answer_each_for_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let server = ["--", program().to_str().unwrap(), "everything", "--stdio", "--era", "modern"];
    let keys = ["--api-key", "alice=key-alice", "--api-key", "bob=key-bob"];
    let flags = keys.into_iter().chain(server).map(str::to_owned).collect::<Vec<_>>();
    let eyot = Program::serve("127.0.0.1:0", &store, &flags).await;
    let call = rounds::call(1, "test_input_required_result_request_state");
    let question = send(eyot.address, &as_user("alice", &call)).await.json();
    let (key, _) = asked(&question);
    let confirmed = json!({ key: { "action": "accept", "content": { "ok": true } } });
    let next = again(call, 2, &question, confirmed);
    assert_refused(&send(eyot.address, &as_user("bob", &next)).await);
    let answer = send(eyot.address, &as_user("alice", &next)).await.json();
    assert_eq!(answer["result"]["content"][0]["text"], "state-ok", "{answer}");
}
