//! Answers never cross: many clients that use the same ids and tokens at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{
    Ask, Connection, Exchange, Habits, Handler, Proxy, Puppet, Session, Stage, Upstream, call,
    modern_ask, modern_request, no_tools, note, patient_limits, tool_text,
};

/// How many connections call at the same time.
const CONNECTIONS: usize = 100;
/// How many sessions each connection serves in turn.
const SESSIONS_PER_CONNECTION: usize = 10;

/// How many answers a test waits for: `EYOT_ANSWERS`, or the number that a build of this kind does
/// in a few seconds.
fn answers() -> usize {
    let default = if cfg!(debug_assertions) { 20_000 } else { 100_000 };
    let asked = std::env::var("EYOT_ANSWERS").ok().and_then(|it| it.parse().ok());
    asked.unwrap_or(default)
}

/// A call whose answer differs from all others.
fn marked(mark: &str) -> Value {
    let mut request = call(1, "echo", json!({ "mark": mark }));
    request["params"]["_meta"] = json!({ "progressToken": "same" });
    request
}

fn mark_of(request: &Value) -> String {
    request["params"]["arguments"]["mark"].as_str().expect("every call is marked").to_owned()
}

/// Sends a call; every message of its answer must be its own.
async fn check_call(mut connection: Connection, ask: &Ask, mark: &str) -> Connection {
    connection.ask(ask).await;
    let (messages, connection) = connection.messages().await;
    let (answer, progress) = messages.split_last().expect("an answer comes");
    assert_eq!(answer["id"], 1, "{answer}");
    assert_eq!(answer["result"]["content"][0]["text"], mark, "{answer}");
    for message in progress {
        assert_eq!(message["params"]["progressToken"], "same", "{message}");
        assert_eq!(message["params"]["message"], mark, "{message}");
    }
    connection
}

/// Runs all connections to their end.
async fn join<F: Future<Output = ()> + Send + 'static>(work: impl Fn(usize) -> F) {
    let mut running: JoinSet<()> = (0..CONNECTIONS).map(work).collect();
    while let Some(ended) = running.join_next().await {
        ended.expect("no connection fails");
    }
}

/// Answers with the mark, sometimes after progress, never in order.
async fn echo(exchange: Exchange, owners: Arc<Mutex<BTreeMap<String, String>>>) {
    let request = exchange.message();
    let mark = mark_of(&request);
    let session = exchange.header("mcp-session-id").unwrap_or_default().to_owned();
    let client = mark.split(' ').next().unwrap_or_default().to_owned();
    let owner = owners.lock().unwrap().entry(session).or_insert_with(|| client.clone()).clone();
    assert_eq!(owner, client, "an upstream session serves one client");
    let number = mark.len() + mark.bytes().map(usize::from).sum::<usize>();
    for _ in 0..number % 13 {
        tokio::task::yield_now().await;
    }
    if !number.is_multiple_of(3) {
        return exchange.tool_text(&mark).await;
    }
    let answer = exchange.result_message(tool_text(&mark));
    let token = &request["params"]["_meta"]["progressToken"];
    let progress = json!({ "progressToken": token, "progress": 1, "message": mark });
    let mut events = exchange.events().await;
    events.message(&note("notifications/progress", progress)).await;
    events.message(&answer).await;
    events.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousand_sessions_with_the_same_ids_get_their_own_answers() {
    let (habits, owners) = (Habits::new(), Arc::new(Mutex::new(BTreeMap::new())));
    let handler: Handler = Arc::new(move |exchange| {
        let (habits, owners) = (habits.clone(), Arc::clone(&owners));
        Box::pin(async move {
            if let Some(rest) = habits.answer(exchange).await {
                echo(rest, owners).await;
            }
        })
    });
    let upstream = Upstream::handled(handler).await;
    let proxy = Proxy::before(&upstream).await;
    let address = proxy.address;
    let calls = answers() / CONNECTIONS / SESSIONS_PER_CONNECTION;
    join(move |worker| async move {
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS_PER_CONNECTION {
            sessions.push(Session::open(address, "2025-06-18").await);
        }
        let mut connection = Connection::open(address).await;
        for number in 0..calls {
            for (at, session) in sessions.iter().enumerate() {
                let mark = format!("{worker}-{at} {number}");
                let ask = session.post(&marked(&mark));
                connection = check_call(connection, &ask, &mark).await;
            }
        }
    })
    .await;
}

/// Serves all clients from one child: the requests that have arrived are answered in reverse order.
async fn echo_in_reverse(mut puppet: Puppet) {
    let mut waiting = Vec::new();
    while let Some(line) = puppet.some_line().await {
        let request: Value = serde_json::from_str(&line).expect("what the proxy sends is JSON");
        if request["method"] == "server/discover" {
            puppet.result(&request, discovered()).await;
            continue;
        }
        if request["method"] == "tools/list" {
            puppet.result(&request, no_tools()).await;
            continue;
        }
        waiting.push(request);
        if puppet.has_more() && waiting.len() < 50 {
            continue;
        }
        for request in &waiting {
            let token = &request["params"]["_meta"]["progressToken"];
            let mark = mark_of(request);
            let progress = json!({ "progressToken": token, "progress": 1, "message": mark });
            puppet.say_json(&note("notifications/progress", progress)).await;
        }
        for request in waiting.drain(..).rev() {
            puppet.result(&request, echoed(&request)).await;
        }
    }
}

/// The result of `server/discover`.
fn discovered() -> Value {
    json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"],
        "capabilities": { "tools": {} }, "serverInfo": { "name": "s", "version": "1" } })
}

fn echoed(request: &Value) -> Value {
    let mut result = tool_text(&mark_of(request));
    result["resultType"] = json!("complete");
    result
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_share_one_child_get_their_own_answers() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let mut upstream = JoinSet::new();
    upstream.spawn(async move {
        // The one child is asked for the era, and then serves all clients.
        echo_in_reverse(stage.enter().await).await;
    });
    let address = proxy.address;
    let calls = answers() / CONNECTIONS / 2;
    join(move |worker| async move {
        let mut connection = Connection::open(address).await;
        for number in 0..calls {
            let mark = format!("{worker} {number}");
            let params = marked(&mark)["params"].clone();
            let ask = modern_ask(&modern_request(1, "tools/call", params));
            connection = check_call(connection, &ask, &mark).await;
        }
    })
    .await;
}
