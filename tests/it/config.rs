//! Servers that are named in configuration files, run by a shell.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::Folder;
use crate::support::program::{Program, program};

/// The built-in server, started by its file.
fn everything(more: &Value) -> Value {
    let mut server = json!({ "command": program(), "args": ["everything", "--stdio"] });
    server.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server
}

#[tokio::test]
async fn check_says_all_that_is_wrong_and_where() {
    let text = "{\n  \"mcpServers\": {\n    \"a\": { \"command\": \"x\", \"env\": { \"K\": \"${EYOT_NO}\" },\n\
                \"odd\": 1 },\n    \"b\": {},\n  }\n}\n";
    let folder = Folder::new(".mcp.json", text);
    let ran = folder.eyot(&["config", "check", ".mcp.json"], &[], "").await;
    let expected = ".mcp.json:3:42: error: `env.K`: ${EYOT_NO} has no value: set the variable EYOT_NO\n\
                    .mcp.json:4:1: warning: `odd` has no meaning to eyot, and is not applied\n\
                    .mcp.json:5:10: error: a server needs a `command` or a `url`\n\
                    .mcp.json: 2 servers (claude-code)\n";
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), expected));
    assert_eq!(ran.err, "eyot: there are 2 errors\n");
    let ran = folder.eyot(&["--json", "config", "check", ".mcp.json"], &[], "").await;
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["problems"][0]["line"], 3);
    assert_eq!(document["files"][0]["servers"], json!(["a", "b"]));
    assert_eq!(ran.code, Some(2));
}

#[tokio::test]
async fn check_of_a_file_that_is_right_succeeds() {
    let folder = Folder::with(&json!({ "a": everything(&json!({})) }));
    let ran = folder.eyot(&["config", "check", ".mcp.json"], &[], "").await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ".mcp.json: 1 server (claude-code)\n"));
    let ran = folder.eyot(&["config", "check", "none.json"], &[], "").await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.starts_with("eyot: cannot read none.json: "), "{}", ran.err);
}

#[tokio::test]
async fn print_has_places_and_no_secrets() {
    let server = json!({ "type": "http", "url": "https://h/mcp?key=top-secret",
        "headers": { "Authorization": "Bearer ${EYOT_TOKEN}" } });
    let folder = Folder::with(&json!({ "a": server }));
    for args in [
        &["config", "print", "--origin", ".mcp.json"][..],
        &["--json", "config", "print", "--origin", ".mcp.json"],
    ] {
        let ran = folder.eyot(args, &[("EYOT_TOKEN", "top-secret")], "").await;
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.out.contains("https://h/mcp?…") && ran.out.contains(".mcp.json:1:"));
        assert!(!format!("{}{}", ran.out, ran.err).contains("top-secret"), "{}", ran.out);
    }
    // What is printed is a file of our own.
    let printed = folder.eyot(&["config", "print", ".mcp.json"], &[("EYOT_TOKEN", "x")], "").await;
    std::fs::write(folder.folder.path().join("eyot.yaml"), printed.out).unwrap();
    let ran = folder.eyot(&["config", "check", "eyot.yaml"], &[], "").await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "eyot.yaml: 1 server (eyot)\n"));
}

#[tokio::test]
async fn schema_takes_what_the_program_takes() {
    let folder = Folder::with(&json!({}));
    let ran = folder.eyot(&["config", "schema"], &[], "").await;
    let schema: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema["properties"]["servers"]["type"], "object");
}

#[tokio::test]
async fn list_takes_the_only_server_of_a_file() {
    let folder = Folder::with(&json!({ "a": everything(&json!({})) }));
    let ran = folder.eyot(&["list", "--config", folder.file()], &[], "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("test_simple_text"));
}

#[tokio::test]
async fn several_servers_need_a_name() {
    let off = everything(&json!({ "disabled": true }));
    let broken = json!({ "command": "${EYOT_NO}" });
    let folder = Folder::with(&json!({ "a": everything(&json!({})), "b": broken, "c": off }));
    let ran = folder.eyot(&["list", "--config", ".mcp.json"], &[], "").await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`a`, `b`; name one with --server NAME"), "{}", ran.err);
    for name in ["a", "c"] {
        let args = ["call", "--config", ".mcp.json", "--server", name, "test_simple_text"];
        let ran = folder.eyot(&args, &[], "").await;
        let text = "This is a simple text response for testing.\n";
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), text), "{}", ran.err);
    }
    let args = ["list", "--config", ".mcp.json", "--server", "b"];
    let ran = folder.eyot(&args, &[], "").await;
    assert!(ran.code == Some(2) && ran.err.contains("set the variable EYOT_NO"), "{}", ran.err);
    let ran = folder.eyot(&["list", "--config", ".mcp.json", "--server", "z"], &[], "").await;
    assert!(ran.code == Some(2) && ran.err.contains("no server `z`"), "{}", ran.err);
}

#[tokio::test]
async fn flags_are_stronger_than_the_environment_and_that_than_the_file() {
    let args = "[everything, --stdio, --era, legacy]";
    let program = program().display();
    let text =
        format!("servers:\n  a:\n    command: {program}\n    args: {args}\n    era: modern\n");
    let folder = Folder::new("eyot.yaml", &text);
    let list = ["list", "--config", "eyot.yaml"];
    // The file asks for an era that the server does not have.
    assert_ne!(folder.eyot(&list, &[], "").await.code, Some(0));
    let ran = folder.eyot(&list, &[("EYOT_ERA", "legacy")], "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let flag = [&list[..], &["--era", "auto"]].concat();
    let ran = folder.eyot(&flag, &[("EYOT_ERA", "modern")], "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[tokio::test]
async fn run_speaks_for_a_server_of_either_kind() {
    let upstream = Program::everything(&[]).await;
    let url = format!("http://{}/mcp", upstream.address);
    let folder = Folder::with(&json!({ "a": everything(&json!({})), "b": { "url": url } }));
    let opened = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "t", "version": "1" } } });
    for name in ["a", "b"] {
        let args = ["run", "--config", ".mcp.json", "--server", name];
        let ran = folder.eyot(&args, &[], &format!("{opened}\n")).await;
        let answer: Value = serde_json::from_str(ran.out.lines().next().unwrap()).unwrap();
        assert_eq!(answer["result"]["protocolVersion"], "2025-06-18", "{}", ran.err);
    }
}

#[tokio::test]
async fn serve_stands_before_a_server_of_a_file() {
    let folder = Folder::with(&json!({ "a": everything(&json!({})) }));
    let store = folder.folder.path().join("s.db");
    let words = ["--config".to_owned(), folder.file().to_owned()];
    let served = Program::serve("127.0.0.1:0", Path::new(&store), &words).await;
    let url = format!("http://{}/mcp", served.address);
    let ran = folder.eyot(&["call", &url, "test_simple_text"], &[], "").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}
