//! Foreign servers of either era behind one endpoint, for foreign clients of either era.
//!
//! The peers are fetched by `cargo xtask`, which names their folder in `EYOT_PEERS`; if a peer is
//! missing, its tests say so and pass.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::gateway::ask;
use crate::peers::{CLIENT_PATIENCE, Peers, Server, check_suite_of, python, script};
use crate::support::offering::{Gateway, at_urls};
use crate::support::program::free_port;
use crate::support::{Connection, Session, call, modern_ask, modern_request};

/// A server of a file that is started by this command.
fn command(words: &[String]) -> Value {
    let (program, args) = words.split_first().unwrap();
    json!({ "command": program, "args": args })
}

/// A server whose script takes its transport and a port.
async fn over_http(command: &[String]) -> Server {
    Server::start(&[command, &["http".to_owned(), "0".to_owned()]].concat()).await
}

/// What a client that knows one server does not find behind a gateway: the server's own name and
/// manual, its own pages, its own answer to a call of a tool that it does not have, how long lists hold,
/// and what the bridge notes of a list.
const OWN: [&str; 6] =
    ["cache_hints", "handshake", "instructions", "pagination", "tool_execution", "unknown_tool"];

/// Tries every feature of the server `name` behind a gateway, beside a server that is not there.
async fn check_features(peers: &Peers, client: &[String], name: &str, server: Value) {
    let mut servers = at_urls(&[("absent", "http://127.0.0.1:9/mcp".to_owned())]);
    servers["subject"] = server;
    let gateway = Gateway::with(&servers, &[]).await;
    let (program, args) = client.split_first().unwrap();
    let mut running = Command::new(program);
    running.args(args).args([name, &gateway.program.url()]).env("EYOT_PEERS", peers.folder());
    let output = tokio::time::timeout(CLIENT_PATIENCE, running.kill_on_drop(true).output()).await;
    let output = output.expect("the client ends").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let lines = |word| said.lines().filter_map(move |it| it.strip_prefix(word));
    let failed: BTreeSet<_> = lines("FAIL ").filter_map(|it| it.split_once(':')).collect();
    let odd: Vec<_> = failed.iter().filter(|(feature, _)| !OWN.contains(feature)).collect();
    assert!(odd.is_empty(), "{odd:?}\n{said}");
    assert!(lines("ok ").count() >= 15, "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_client_has_every_feature_of_servers_of_both_eras_behind_a_gateway() {
    let Some(peers) = Peers::find(&["py1", "node24", "js"]) else { return };
    let client = python(&peers, "py1", "client_py1.py");
    check_features(&peers, &client, "server-everything", command(&peers.everything())).await;
    for (name, file) in
        [("server-legacy", "server_legacy.mjs"), ("server-modern", "server_modern.mjs")]
    {
        let server = [peers.node(), script(file), "stdio".to_owned()];
        check_features(&peers, &client, name, command(&server)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn modern_client_has_every_feature_of_servers_of_both_eras_behind_a_gateway() {
    let Some(peers) = Peers::find(&["py2", "node24", "js"]) else { return };
    let client = python(&peers, "py2", "client_py2.py");
    check_features(&peers, &client, "server-everything", command(&peers.everything())).await;
    for (name, file) in
        [("server-legacy", "server_legacy.mjs"), ("server-modern", "server_modern.mjs")]
    {
        let server = over_http(&[peers.node(), script(file)]).await;
        let server = json!({ "type": "http", "url": server.url });
        check_features(&peers, &client, name, server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn official_suite_of_2025_11_25_loses_no_scenario_behind_a_gateway() {
    check_suite("2025-11-25").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn official_suite_of_2026_07_28_loses_no_scenario_behind_a_gateway() {
    check_suite("2026-07-28").await;
}

async fn check_suite(leg: &str) {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let fixture = [peers.node(), script("everything_dual.mjs"), "0".to_owned()];
    let server = Server::start(&fixture).await;
    let gateway = Gateway::before(&[("subject", server.url.clone())]).await;
    check_suite_of(&peers, gateway.address().port(), leg).await;
}

/// Clients, half of them of each era.
const CLIENTS: u64 = 20;
/// Calls of each client.
const CALLS: u64 = 250;

/// A tool: its name, its arguments for a number, and what it says then.
type Tool = (&'static str, fn(u64) -> Value, fn(u64) -> String);

/// The tools that are called in turns.
const TOOLS: [Tool; 3] = [
    ("everything_echo", |it| json!({ "message": it.to_string() }), |it| format!("Echo: {it}")),
    ("modern_echo", |it| json!({ "message": it.to_string() }), |it| format!("Echo: {it}")),
    ("python_add", |it| json!({ "a": it, "b": 1 }), |it| (it + 1).to_string()),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_three_foreign_servers_reach_the_clients_that_asked_under_one_id() {
    let Some(peers) = Peers::find(&["py1", "node24", "js"]) else { return };
    let modern = over_http(&[peers.node(), script("server_modern.mjs")]).await;
    let port = free_port().to_string();
    let python = [python(&peers, "py1", "server_py1.py"), vec!["http".to_owned(), port]].concat();
    let python = Server::start(&python).await;
    let mut servers = at_urls(&[("modern", modern.url.clone()), ("python", python.url.clone())]);
    servers["everything"] = command(&peers.everything());
    let gateway = Gateway::with(&servers, &[]).await;
    let address = gateway.address();
    let session = Session::open(address, "2025-11-25").await;
    ask(&session, "tools/list", json!({})).await;
    let client = |number: u64| async move {
        let session = Session::open(address, "2025-11-25").await;
        let mut connection = Connection::open(address).await;
        for round in 0..CALLS {
            let mark = number * CALLS + round;
            let turn = usize::try_from(round + number).unwrap() % TOOLS.len();
            let (name, arguments, expected) = TOOLS[turn];
            let request = call(1, name, arguments(mark));
            let ask = match number % 2 {
                0 => session.post(&request),
                _ => modern_ask(&modern_request(1, "tools/call", request["params"].clone())),
            };
            connection.ask(&ask).await;
            let (messages, next) = connection.messages().await;
            connection = next;
            let answer = messages.last().expect("an answer comes");
            assert_eq!(answer["id"], 1, "{answer}");
            assert_eq!(answer["result"]["content"][0]["text"], expected(mark), "{name}: {answer}");
        }
    };
    let mut clients: JoinSet<()> = (0..CLIENTS).map(client).collect();
    while let Some(ended) = clients.join_next().await {
        ended.expect("no client fails");
    }
}
