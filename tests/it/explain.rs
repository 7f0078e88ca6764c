//! `eyot explain`, run by a shell.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::commands::{Ran, eyot};
use crate::peers::{Peers, Server, script};
use crate::support::program::program;
use crate::support::{Exchange, Habits, Program, Upstream};

async fn explain(args: &[&str]) -> Ran {
    eyot(&[&["--json", "explain"], args].concat()).await
}

/// The explanation of `eyot everything` on a pipe, for clients of both eras.
async fn explain_everything(era: &str) -> Value {
    let program = program().to_str().unwrap();
    let ran = explain(&["--", program, "everything", "--stdio", "--era", era]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.json()
}

/// The names under `list`.
fn features(client: &Value, list: &str) -> Vec<String> {
    let entries = client[list].as_array().expect("it is a list").iter();
    entries.map(|it| it["feature"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn check_own(explanation: &Value, era: &str, revision: &str) {
    let own = &explanation["clients"][era];
    assert_eq!((&own["bridged"], &own["revision"]), (&json!(false), &json!(revision)));
    assert_eq!((&own["lost"], &own["inCalls"]), (&json!([]), &json!([])), "{era}");
}

#[tokio::test]
async fn a_legacy_server_is_found_by_its_refusal_and_by_its_handshake() {
    let said = explain_everything("legacy").await;
    assert_eq!((&said["eras"], &said["revisions"]), (&json!(["legacy"]), &json!(["2025-11-25"])));
    let found = said["found"].as_array().unwrap();
    let asked: Vec<_> = found.iter().map(|it| it["asked"].as_str().unwrap()).collect();
    assert_eq!(asked, ["server/discover", "initialize"]);
    assert_eq!((&found[0]["code"], &found[0]["takenFor"]), (&json!(-32600), &json!("legacy")));
    assert_eq!(found[1]["answer"], "was accepted (2025-11-25)");
    assert_eq!(
        (&said["server"]["name"], &said["instructions"]),
        (&json!("eyot-everything"), &json!(true))
    );
    check_own(&said, "legacy", "2025-11-25");
    let modern = &said["clients"]["modern"];
    assert_eq!((&modern["bridged"], &modern["tasks"]), (&json!(true), &json!("none")));
    assert_eq!(modern["capabilities"], said["capabilities"], "the server declares no tasks");
    assert_eq!(modern["declaredToServer"]["extensions"], Value::Null);
    assert_eq!(features(modern, "lost"), [""; 0]);
    let in_calls = ["elicitation_id", "resource_not_found_code", "sdk_codes"];
    assert_eq!(features(modern, "inCalls"), in_calls);
}

#[tokio::test]
async fn legacy_clients_are_told_of_the_tasks_of_a_modern_server_as_they_know_them() {
    let said = explain_everything("modern").await;
    assert_eq!((&said["eras"], &said["revisions"]), (&json!(["modern"]), &json!(["2026-07-28"])));
    assert_eq!(said["found"][1]["code"], -32022);
    check_own(&said, "modern", "2026-07-28");
    let legacy = &said["clients"]["legacy"];
    assert_eq!(legacy["capabilities"]["extensions"], Value::Null);
    assert!(legacy["capabilities"]["tasks"]["requests"]["tools"]["call"].is_object(), "{legacy}");
    assert_eq!(features(legacy, "lost"), [""; 0]);
    assert_eq!((&legacy["tasks"], &legacy["taskTools"]), (&json!("carried"), &json!([])));
    let in_calls = ["any_structured_content", "cache_hints", "task_result", "modern_codes"];
    assert_eq!(features(legacy, "inCalls"), in_calls);
}

#[tokio::test]
async fn a_server_of_both_eras_needs_no_bridge() {
    let said = explain_everything("both").await;
    assert_eq!(said["eras"], json!(["modern", "legacy"]));
    check_own(&said, "legacy", "2025-11-25");
    check_own(&said, "modern", "2026-07-28");
}

#[tokio::test]
async fn an_era_that_is_given_is_the_only_one_that_is_asked() {
    let program = program().to_str().unwrap();
    let server = ["--", program, "everything", "--stdio"];
    let args = [&["--era", "legacy", "--client", "modern"][..], &server].concat();
    let said = explain(&args).await.json();
    assert_eq!(said["found"].as_array().unwrap().len(), 1, "{said}");
    assert_eq!(said["clients"].as_object().unwrap().keys().collect::<Vec<_>>(), ["modern"]);
}

#[tokio::test]
async fn a_server_of_another_era_than_the_given_one_is_an_error_that_says_so() {
    let program = program().to_str().unwrap();
    for (era, other) in [("legacy", "modern"), ("modern", "legacy")] {
        let ran =
            explain(&["--era", other, "--", program, "everything", "--stdio", "--era", era]).await;
        let error = ran.error();
        let told = format!("the server is {era}, which is not what --era says");
        assert!(error["message"].as_str().unwrap().ends_with(&told), "{error}");
        assert_eq!((ran.code, &error["found"][0]["takenFor"]), (1, &json!(era)));
    }
}

/// A legacy server that has one of everything that gets lost.
async fn lossy() -> Upstream {
    let habits = Habits::new();
    Upstream::handled(Arc::new(move |exchange| {
        let habits = habits.clone();
        Box::pin(async move {
            if let Some(exchange) = habits.answer(exchange).await {
                list(exchange).await;
            }
        })
    }))
    .await
}

async fn list(exchange: Exchange) {
    let tool = |name: &str, more: Value| {
        let mut tool = json!({ "name": name, "inputSchema": { "type": "object" } });
        tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        tool
    };
    let bad = json!({ "a": { "type": "number", "x-mcp-header": "A" } });
    let cursor = exchange.message()["params"]["cursor"].clone();
    match (exchange.method().as_str(), cursor.as_str()) {
        ("tools/list", None) => {
            let task = json!({ "execution": { "taskSupport": "required" } });
            let tools = [tool("slow", task.clone()), tool("slower", task), tool("echo", json!({}))];
            exchange.result(json!({ "tools": tools, "nextCursor": "two" })).await;
        }
        ("tools/list", Some("two")) => {
            let schema = json!({ "inputSchema": { "type": "object", "properties": bad } });
            exchange.result(json!({ "tools": [tool("bad", schema)] })).await;
        }
        ("resources/list", None) => exchange.result(json!({ "resources": [] })).await,
        _ => {
            let error = json!({ "code": -32601, "message": "no" });
            let id = exchange.id();
            exchange.json(&json!({ "jsonrpc": "2.0", "id": id, "error": error })).await;
        }
    }
}

#[tokio::test]
async fn losses_name_what_they_are_found_at() {
    let upstream = lossy().await;
    let said = explain(&[&upstream.url()]).await.json();
    let modern = &said["clients"]["modern"];
    assert_eq!(features(modern, "lost"), ["tool_execution"], "{said}");
    let lost = &modern["lost"][0];
    assert_eq!(lost["where"], json!(["tool slow", "tool slower"]));
    assert_eq!(lost["effect"], "dropped");
    assert_eq!(modern["leftOut"][0]["tool"], "bad");
    let text = eyot(&["explain", "--client", "modern", &upstream.url()]).await;
    let lost = text.text().lines().find(|it| it.contains("tool_execution")).expect("it is told");
    assert!(lost.ends_with("tool slow, tool slower"), "{}", text.text());
    assert!(text.text().contains("server/discover failed: "), "{}", text.text());
    assert!(text.text().contains(", then initialize was accepted (2025-11-25)"));
    assert!(!text.text().contains("Legacy clients"));
}

/// The explanation of a server that answers every request in one way.
async fn failed(status: u16, headers: &'static str, body: &'static str) -> (i32, Value) {
    let upstream = Upstream::handled(Arc::new(move |exchange| {
        Box::pin(async move { exchange.respond(status, headers, body.as_bytes()).await })
    }))
    .await;
    let ran = explain(&[&upstream.url()]).await;
    assert_eq!(ran.text(), "");
    (ran.code, ran.error())
}

#[tokio::test]
async fn what_is_about_something_else_is_no_evidence_of_an_era() {
    let json = "content-type: application/json\r\n";
    let error = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32603,"message":"no"}}"#;
    for (status, headers, body, code) in [
        (401, "", "", 3),
        (401, json, error, 3),
        (403, "", "", 3),
        (429, json, error, 1),
        (500, "", "", 4),
        (503, json, error, 1),
    ] {
        let (exit, error) = failed(status, headers, body).await;
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with("; this is no evidence of an era"), "{status}: {message}");
        assert!(message.contains(&status.to_string()), "{status}: {message}");
        let found = error["found"].as_array().unwrap();
        assert_eq!(found.len(), 1, "nothing else is asked: {error}");
        assert_eq!((&found[0]["takenFor"], exit), (&Value::Null, code), "{status}: {message}");
    }
}

#[tokio::test]
async fn silence_and_a_server_that_is_not_there_are_no_evidence_of_an_era() {
    let upstream =
        Upstream::handled(Arc::new(|exchange| Box::pin(async move { exchange.closed().await })))
            .await;
    for url in [upstream.url().as_str(), "http://127.0.0.1:1/mcp"] {
        let ran = explain(&["--timeout", "300ms", url]).await;
        let error = ran.error();
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with("; this is no evidence of an era"), "{url}: {message}");
        assert_eq!((ran.code, &error["url"]), (4, &json!(url)));
    }
    for child in ["/no/such/program", "false"] {
        let ran = explain(&["--", child]).await;
        let error = ran.error();
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with("; this is no evidence of an era"), "{child}: {message}");
        assert_eq!(ran.code, 4, "{child}");
    }
}

#[tokio::test]
async fn nothing_remains_of_a_child_that_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("pids");
    for era in ["legacy", "modern"] {
        let script = format!(
            "echo $$ >> {}; exec {} everything --stdio --era {era}",
            list.display(),
            program().display()
        );
        let ran = explain(&["--", "sh", "-c", &script]).await;
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let pids = std::fs::read_to_string(&list).unwrap();
    assert_eq!(pids.lines().count(), 4, "one to ask and one to speak with, in each era");
    for pid in pids.lines() {
        let is_there = std::path::Path::new("/proc").join(pid).exists();
        assert!(!is_there, "{pid} remains");
    }
}

#[tokio::test]
async fn what_eyot_serves_is_of_both_eras() {
    let folder = tempfile::tempdir().unwrap();
    let everything =
        ["--", program().to_str().unwrap(), "everything", "--stdio", "--era", "legacy"];
    let everything = everything.map(str::to_owned);
    let store = folder.path().join("sessions.db");
    let server = Program::serve("127.0.0.1:0", &store, &everything).await;
    let said = explain(&[&server.url()]).await.json();
    assert_eq!(said["eras"], json!(["modern", "legacy"]));
}

#[tokio::test]
async fn modern_clients_are_told_of_the_tasks_of_a_foreign_legacy_server() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let command = peers.everything();
    let command: Vec<_> = command.iter().map(String::as_str).collect();
    let said = explain(&[&["--"], &command[..]].concat()).await.json();
    assert_eq!((&said["eras"], &said["found"][0]["code"]), (&json!(["legacy"]), &json!(-32601)));
    let modern = &said["clients"]["modern"];
    assert_eq!(features(modern, "lost"), ["tool_execution"], "{said}");
    assert_eq!((&modern["tasks"], &modern["taskTools"]), (&json!("carried"), &json!([])));
    assert_eq!(modern["capabilities"]["tasks"], Value::Null);
    let extensions = &modern["capabilities"]["extensions"];
    assert_eq!(extensions, &json!({ "io.modelcontextprotocol/tasks": {} }));
}

#[tokio::test]
async fn a_foreign_modern_server_is_found_by_its_answer() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let command = [peers.node(), script("server_modern.mjs"), "http".to_owned(), "0".to_owned()];
    let server = Server::start(&command).await;
    let said = explain(&[&server.url]).await.json();
    assert_eq!((&said["eras"], &said["found"][1]["code"]), (&json!(["modern"]), &json!(-32022)));
    let legacy = &said["clients"]["legacy"];
    assert_eq!(legacy["tasks"], "none");
    assert_eq!(features(legacy, "lost"), ["any_output_schema", "cache_hints"], "{said}");
}
