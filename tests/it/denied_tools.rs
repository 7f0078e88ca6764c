//! What is denied cannot be used, however it is spelt or reached.

use std::path::Path;

use eyot::{Client, EraMode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::offering::{Offering, names_in};
use crate::support::program::program;
use crate::support::{Ask, Program, Session, call, modern_ask, modern_request, send};

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

const MORE_RULES: &str = "
  - {name: no-prompt, match: {prompt: write}, deny: nothing is written}
  - {name: no-resource, match: {resource: 'a:own'}, deny: nothing is read}
";

/// The program before a server with tasks, with all rules at a boundary.
async fn serve_tasks(folder: &Path, boundary: &str, server: &str) -> Program {
    std::fs::write(folder.join("rules.yaml"), [RULES.trim_end(), MORE_RULES].concat()).unwrap();
    let settings = format!("boundary: {boundary}\nrules: [rules.yaml]\n");
    std::fs::write(folder.join("i.yaml"), settings).unwrap();
    let mut command = Command::new(program());
    command.current_dir(folder);
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--store", "memory:"]);
    Program::start(command.args(["--interceptors", "i.yaml", "--upstream", server])).await
}

fn complete(kind: &str, key: &str, name: &str) -> Value {
    let reference = json!({ "type": kind, key: name });
    json!({ "ref": reference, "argument": { "name": "x", "value": "" } })
}

#[tokio::test]
async fn no_task_no_list_and_no_completion_leads_to_what_is_denied() {
    for boundary in ["upstream", "downstream"] {
        let folder = TempDir::new().unwrap();
        let server = Offering::new("a", &["echo", "add"]);
        drop(server.habits.clone().with_tasks());
        let upstream = server.open().await;
        let program = serve_tasks(folder.path(), boundary, &upstream.url()).await;
        let session = Session::open(program.address, "2025-11-25").await;
        let legacy = async |method: &str, params: Value| {
            let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
            session.send(&request).await.json()
        };
        let modern = async |method: &str, params: Value| {
            let mut request = modern_request(7, method, params);
            request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
                json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
            send(program.address, &modern_ask(&request)).await.json()
        };
        let mut task = call(7, "add", json!({}));
        task["params"]["task"] = json!({ "ttl": 60_000 });
        let answers = [
            session.send(&task).await.json(),
            modern("tools/call", json!({ "name": "add" })).await,
        ];
        for answer in answers {
            assert_eq!(answer["error"]["message"], "nothing is added", "{boundary}: {answer}");
        }
        for (method, list, key, hidden) in [
            ("tools/list", "tools", "name", "add"),
            ("prompts/list", "prompts", "name", "write"),
            ("resources/list", "resources", "uri", "a:own"),
        ] {
            for answer in [legacy(method, json!({})).await, modern(method, json!({})).await] {
                let names = names_in(&answer["result"], list, key);
                assert!(!names.is_empty() && !names.contains(hidden), "{boundary}: {answer}");
            }
        }
        for params in
            [complete("ref/prompt", "name", "write"), complete("ref/resource", "uri", "a:own")]
        {
            let method = "completion/complete";
            for answer in [legacy(method, params.clone()).await, modern(method, params).await] {
                assert!(answer["error"].is_object(), "{boundary}: {answer}");
            }
        }
        assert_eq!(server.times("tools/call add"), 0, "{boundary}");
        assert_eq!(server.times("completion/complete"), 0, "{boundary}");
        let other = complete("ref/prompt", "name", "only-a");
        let answer = legacy("completion/complete", other).await;
        assert_eq!(answer["result"]["completion"]["values"][0], "a", "{boundary}: {answer}");
    }
}
