//! A tool that is denied cannot be used, however it is spelt or reached.

use std::path::Path;

use eyot::{Client, EraMode};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::program::program;
use crate::support::{Ask, Program, Session};

const RULES: &str = "\
version: 1
default: allow
rules:
  - {name: no-adding, match: {tool: add}, deny: nothing is added}
";

/// The program before its demo server, alone or with another one behind a gateway, with these rules at a
/// boundary.
async fn serve(folder: &Path, boundary: &str, servers: usize) -> Program {
    std::fs::write(folder.join("rules.yaml"), RULES).unwrap();
    let program = program().to_str().unwrap();
    let server = json!({ "command": program, "args": ["demo-server"] });
    let names = (0..servers).map(|it| (format!("s{it}"), server.clone()));
    let file = json!({
        "servers": names.collect::<serde_json::Map<_, _>>(),
        "interceptors": { "boundary": boundary, "rules": ["rules.yaml"] },
    });
    std::fs::write(folder.join("eyot.json"), file.to_string()).unwrap();
    let mut command = Command::new(program);
    command.current_dir(folder);
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--store", "memory:"]);
    command.args(["--config", "eyot.json"]).env_remove("EYOT_INTERCEPTORS");
    Program::start(&mut command).await
}

fn adding(id: u32, name: &str) -> String {
    let arguments = r#"{"a":1,"b":2}"#;
    let params = format!(r#"{{"name":{name},"arguments":{arguments}}}"#);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{params}}}"#)
}

/// What is answered to this text.
async fn posted(session: &Session, text: &str) -> String {
    session.ask(&session.with_headers(Ask::post_text(text))).await.text()
}

/// That no answer in a text is the sum.
#[track_caller]
fn check_denied(answer: &str, told: &str) {
    assert!(!answer.contains(r#""text":"3""#), "{told}: {answer}");
    assert!(answer.contains("nothing is added") || answer.contains("error"), "{told}: {answer}");
}

#[tokio::test]
async fn no_spelling_and_no_batch_reaches_a_denied_tool() {
    let folder = TempDir::new().unwrap();
    let program = serve(folder.path(), "upstream", 1).await;
    let session = Session::open(program.address, "2025-03-26").await;
    let spellings = [r#""add""#, r#""\u0061dd""#, r#""\u0061\u0064\u0064""#, r#""a\u0064d""#];
    for (id, name) in (10..).zip(spellings) {
        check_denied(&posted(&session, &adding(id, name)).await, name);
    }
    // What is not the name of the tool is no way to it either.
    for (id, name) in (20..).zip([r#""add ""#, r#""ADD""#, r#""add\u0000""#, r#"["add"]"#]) {
        check_denied(&posted(&session, &adding(id, name)).await, name);
    }
    let twice = r#"{"jsonrpc":"2.0","id":30,"method":"tools/call","params":{"name":"echo","name":"add","arguments":{"a":1,"b":2}}}"#;
    check_denied(&posted(&session, twice).await, "a name that is there twice");
    let batch = format!("[{},{}]", adding(41, r#""add""#), adding(42, r#""\u0061dd""#));
    check_denied(&posted(&session, &batch).await, "a batch");
}

#[tokio::test]
async fn no_alias_of_a_gateway_reaches_a_tool_that_is_denied_at_its_server() {
    let folder = TempDir::new().unwrap();
    let program = serve(folder.path(), "upstream", 2).await;
    for era in [EraMode::Legacy, EraMode::Modern] {
        let client =
            Client::builder("tester", "1.0").era(era).connect(program.url()).await.unwrap();
        let tools = client.all_tools().await.unwrap();
        let names: Vec<_> = tools.iter().map(|it| it.name.as_str()).collect();
        assert!(names.contains(&"s0_echo") && names.contains(&"s1_echo"), "{names:?}");
        assert!(!names.iter().any(|it| it.contains("add")), "{names:?}");
        for name in ["add", "s0_add", "s1_add"] {
            let called = client.call_tool(name, json!({ "a": 1, "b": 2 })).await;
            assert!(called.is_err(), "{era:?} {name}");
        }
    }
}
