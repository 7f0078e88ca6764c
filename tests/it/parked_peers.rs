//! Calls of a foreign server that are parked when the program is killed.
//!
//! Skipped, visibly, without the peers that `cargo xtask peers` fetches.

use serde_json::json;

use crate::peers::{Peers, Server, at, script};
use crate::support::rounds::{accept, again, asked, call};
use crate::support::{Program, modern_ask, send};

/// Asks, is killed, and answers to the next process, for each kind of stream on which a server of
/// the npm SDK asks.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_an_npm_server_go_on_in_the_next_process_for_each_kind_of_stream() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let server = ["server_asking.mjs", "resumable", "0"];
    let server = [peers.node(), script(server[0]), server[1].to_owned(), server[2].to_owned()];
    let server = Server::start(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("calls.db");
    let mut program = Program::serve("127.0.0.1:0", &store, &at(&server.url)).await;
    for tool in ["elicit_on_call", "elicit_on_session"] {
        let mut request = call(1, tool);
        request["params"]["arguments"] = json!({ "mark": "there" });
        let answer = send(program.address, &modern_ask(&request)).await.json();
        let (key, message) = asked(&answer);
        assert_eq!(message, "Who is there?");
        program.kill().await;
        program = Program::serve("127.0.0.1:0", &store, &at(&server.url)).await;
        let retry = again(request, 2, &answer, json!({ key: accept("Ada") }));
        let done = send(program.address, &modern_ask(&retry)).await;
        assert!(done.text().contains("Hello, Ada!"), "{tool}: {}", done.text());
        let repeated = send(program.address, &modern_ask(&retry)).await;
        assert_eq!(repeated.json()["result"], last_message(&done.text())["result"]);
    }
    program.kill().await;
}

/// The message of a JSON answer, or of the last event of a stream.
fn last_message(text: &str) -> serde_json::Value {
    let line = text.lines().rev().find(|it| it.contains("jsonrpc")).unwrap_or_default();
    serde_json::from_str(line.trim_start_matches("data: ")).unwrap()
}
