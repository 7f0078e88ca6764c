//! `eyot run` and `eyot connect`: the program beside one client, on its standard input and output.
//!
//! The parts with foreign clients are skipped, visibly, without the peers that `cargo xtask peers`
//! fetches.

use std::process::{Output, Stdio};

use eyot::types::Era;
use eyot::{Client, EraMode, Target};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::peers::{CLIENT_PATIENCE, Peers, python, run};
use crate::support::program::{Program, free_port, program};
use crate::support::within;

/// Runs the client's script, which does the checks, before the program in each of its ways.
async fn check(part: &str, name: &str, mode: Option<&str>) {
    let Some(peers) = Peers::find(&[part]) else { return };
    let mut client = python(&peers, part, name);
    client.extend(mode.map(str::to_owned));
    let program = program().display().to_string();
    let beside = |words: &[&str]| -> Vec<String> {
        ["--", &program].iter().chain(words).map(|it| (*it).to_owned()).collect()
    };
    let pipe = beside(&["run", "--", &program, "everything", "--stdio"]);
    run(&peers, &client, &pipe, CLIENT_PATIENCE).await;
    let server = Program::everything(&[]).await;
    run(&peers, &client, &beside(&["connect", &server.url()]), CLIENT_PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_python_client_of_its_time_uses_every_feature_through_the_program() {
    check("py1", "everything_py1.py", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_python_client_uses_every_feature_through_the_program_as_a_legacy_client() {
    check("py2", "everything_py2.py", Some("legacy")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_python_client_uses_every_feature_through_the_program_as_a_modern_client() {
    check("py2", "everything_py2.py", Some("2026-07-28")).await;
}

/// A client of this era, whose server is the program with these words.
async fn client(era: EraMode, words: &[&str]) -> Client {
    let target = Target::command(program().display().to_string(), words.iter().copied());
    let connecting = Client::builder("beside", "1.0").era(era).connect(target);
    within("the connection", connecting).await.unwrap()
}

async fn check_text(client: &Client) {
    let calling = client.call_tool("test_simple_text", json!({})).into_future();
    let answer = within("the answer", calling).await;
    assert!(answer.unwrap().text().contains("simple text"));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_of_either_era_reaches_a_server_of_the_other_on_pipes_and_over_http() {
    let program = program().display().to_string();
    for (client_era, spoken, server_era) in
        [(EraMode::Modern, Era::Modern, "legacy"), (EraMode::Legacy, Era::Legacy, "modern")]
    {
        let server = Program::everything(&["--era", server_era]).await;
        let url = server.url();
        for words in [
            &["run", "--", &*program, "everything", "--stdio", "--era", server_era][..],
            &["connect", &*url][..],
        ] {
            let client = client(client_era, words).await;
            assert_eq!(client.era(), spoken, "{words:?}");
            check_text(&client).await;
            client.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_of_a_server_that_restarts_goes_on() {
    for (era, server_era) in [
        (EraMode::Legacy, "legacy"),
        (EraMode::Modern, "modern"),
        (EraMode::Legacy, "modern"),
        (EraMode::Modern, "legacy"),
    ] {
        let listen = format!("127.0.0.1:{}", free_port());
        let start = || async {
            let mut command = Command::new(program());
            command.args(["--json", "everything", "--listen", &listen, "--era", server_era]);
            Program::start(&mut command).await
        };
        let mut server = start().await;
        let client = client(era, &["connect", &server.url()]).await;
        for _ in 0..3 {
            check_text(&client).await;
            server.kill().await;
            server = start().await;
        }
        check_text(&client).await;
        client.close().await;
    }
}

/// The program with these words, given all of its input at once.
async fn fed(words: &[&str], input: &str) -> Output {
    let mut command = Command::new(program());
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    within("its end", child.wait_with_output()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_comes_at_once_and_ends_is_answered_with_messages_and_nothing_else() {
    let input = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "script", "version": "1" },
        } }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }),
        json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {
            "name": "test_simple_text", "arguments": {},
        } }),
    ];
    let input: String = input.iter().map(|it| format!("{it}\n")).collect();
    let program = program().display().to_string();
    let output = fed(&["run", "--", &program, "everything", "--stdio"], &input).await;
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let messages: Vec<Value> =
        lines.lines().map(|it| serde_json::from_str(it).expect("a message")).collect();
    for id in 1..=3 {
        let answer = messages.iter().find(|it| it["id"] == id).expect("an answer");
        assert!(answer.get("result").is_some(), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_name_no_server_are_refused_as_usage() {
    for (words, reason) in [
        (&["connect", "not a url"][..], "URL"),
        (&["connect"][..], "URL"),
        (&["run"][..], "CMD"),
        (&["run", "http://127.0.0.1:1/mcp"][..], "--"),
    ] {
        let output = fed(words, "").await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(reason), "{words:?}: {said}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}
