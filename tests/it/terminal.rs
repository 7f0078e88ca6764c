//! Every way of a server's words to the terminal, and to programs that read the output: nothing
//! that steers gets there, and no line is forged.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::commands::eyot;
use crate::support::terminal::{Typed, at_terminal};
use crate::support::{Ask, Exchange, Handler, Program, Upstream, note, send};

/// A title, an erased screen, C1 controls, marks of direction, characters that are not seen, and
/// lines that look like those of the program.
const EVIL: &str =
    "E\nFORGED\r\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{200b}\u{2028}E";

/// A server all of whose words are hostile.
async fn hostile() -> Upstream {
    let answered = Arc::new(Notify::new());
    let handler: Handler = Arc::new(move |exchange| {
        let answered = Arc::clone(&answered);
        Box::pin(answer(exchange, answered))
    });
    Upstream::handled(handler).await
}

async fn answer(exchange: Exchange, answered: Arc<Notify>) {
    match exchange.http_method() {
        "GET" => return changes(exchange).await,
        "DELETE" => return exchange.status(200).await,
        _ => {}
    }
    let message = exchange.message();
    let params = &message["params"];
    match exchange.method().as_str() {
        "initialize" => exchange.result(opened(&params["protocolVersion"])).await,
        "tools/call" => call(exchange, &answered).await,
        "server/discover" => refuse(exchange, -32601).await,
        "" => {
            answered.notify_one();
            exchange.accept().await;
        }
        method if message["id"].is_null() => {
            assert!(method.starts_with("notifications/"), "{method}");
            exchange.accept().await;
        }
        method => {
            let result = result(method);
            exchange.result(result).await;
        }
    }
}

fn opened(revision: &Value) -> Value {
    json!({
        "protocolVersion": revision,
        "capabilities": {
            "tools": { "listChanged": true }, "prompts": {}, "logging": {}, "completions": {},
            "resources": { "subscribe": true, "listChanged": true },
            "experimental": { EVIL: { EVIL: EVIL } },
        },
        "serverInfo": { "name": EVIL, "title": EVIL, "version": EVIL },
        "instructions": EVIL,
    })
}

fn result(method: &str) -> Value {
    let tool = |name: &str| {
        json!({ "name": name, "description": EVIL, "outputSchema": { "type": "object" },
            "inputSchema": { "type": "object", "properties": { EVIL: {}, "n": { "type": EVIL } } } })
    };
    match method {
        "tools/list" => json!({ "tools": [tool(EVIL), tool("text"), tool("fails")] }),
        "prompts/list" => json!({ "prompts": [{ "name": EVIL, "description": EVIL,
            "arguments": [{ "name": EVIL }] }] }),
        "resources/list" => json!({ "resources": [{ "uri": EVIL, "name": EVIL, "mimeType": EVIL,
            "description": EVIL }] }),
        "resources/templates/list" => json!({ "resourceTemplates": [{ "uriTemplate": EVIL,
            "name": EVIL, "mimeType": EVIL, "description": EVIL }] }),
        "resources/read" => json!({ "contents": [{ "uri": EVIL, "text": EVIL },
            { "uri": EVIL, "mimeType": EVIL, "blob": "AAAA" }] }),
        "prompts/get" => json!({ "description": EVIL, "messages": [
            { "role": "user", "content": { "type": "text", "text": EVIL } }] }),
        "completion/complete" => json!({ "completion": { "values": [EVIL, EVIL] } }),
        _ => json!({}),
    }
}

/// Each tool answers in another way.
async fn call(exchange: Exchange, answered: &Notify) {
    let message = exchange.message();
    let text = json!([{ "type": "text", "text": EVIL }, { "type": "image", "data": "AAAA",
        "mimeType": EVIL }, { "type": "resource_link", "uri": EVIL, "name": EVIL }]);
    match message["params"]["name"].as_str().unwrap() {
        "text" => exchange.result(json!({ "content": text })).await,
        "structured" => {
            exchange.result(json!({ "content": [], "structuredContent": { EVIL: [EVIL] } })).await;
        }
        "fails" => exchange.result(json!({ "content": text, "isError": true })).await,
        "talks" => {
            let token = &message["params"]["_meta"]["progressToken"];
            let done = exchange.result_message(json!({ "content": text }));
            let mut out = exchange.events().await;
            for level in ["error", EVIL] {
                let log = json!({ "level": level, "logger": EVIL, "data": EVIL });
                out.message(&note("notifications/message", log)).await;
            }
            let progress = json!({ "progressToken": token, "progress": 1, "message": EVIL });
            out.message(&note("notifications/progress", progress)).await;
            out.message(&done).await;
            out.end().await;
        }
        name @ ("asks" | "shows") => {
            let question = question(name);
            let done = exchange.result_message(json!({ "content": [] }));
            let mut out = exchange.events().await;
            out.message(&question).await;
            answered.notified().await;
            out.message(&done).await;
            out.end().await;
        }
        _ => refuse(exchange, -32000).await,
    }
}

fn question(tool: &str) -> Value {
    let params = match tool {
        "asks" => json!({ "message": EVIL, "requestedSchema": { "type": "object",
            "properties": { EVIL: { "type": "string", "title": EVIL, "description": EVIL,
                "default": EVIL } } } }),
        _ => json!({ "mode": "url", "message": EVIL, "elicitationId": "1",
            "url": "https://bank.example@evil.example/\u{202e}" }),
    };
    json!({ "jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": params })
}

async fn refuse(exchange: Exchange, code: i64) {
    let error = json!({ "code": code, "message": EVIL, "data": { EVIL: EVIL } });
    let body = json!({ "jsonrpc": "2.0", "id": exchange.id(), "error": error });
    exchange.json(&body).await;
}

async fn changes(exchange: Exchange) {
    let mut out = exchange.events().await;
    let changed = json!({ "x": EVIL, "end": "CHANGED" });
    out.message(&note("notifications/tools/list_changed", changed)).await;
    out.closed().await;
}

/// A server that refuses everything.
async fn refusing(status: u16) -> Upstream {
    let handler: Handler = Arc::new(move |exchange| {
        Box::pin(async move {
            match status {
                200 => refuse(exchange, -32602).await,
                _ => {
                    let challenge = "www-authenticate: Bearer error=\"\u{9b}31m\u{202e}\"\r\n";
                    exchange.respond(status, challenge, EVIL.as_bytes()).await;
                }
            }
        })
    });
    Upstream::handled(handler).await
}

/// Nothing steers, and no line begins with a word of the server.
#[track_caller]
fn check_plain(args: &[&str], shown: &str) {
    let steers = |it: char| {
        it != '\n' && (it.is_control() || matches!(it, '\u{200b}' | '\u{2028}' | '\u{202e}'))
    };
    assert!(!shown.contains(steers), "{args:?} shows {shown:?}");
    assert!(!shown.lines().any(|it| it.starts_with("FORGED")), "{args:?} shows {shown}");
}

/// The terminal folds no line: what it puts at its left edge would look like a line of its own.
#[track_caller]
fn check_fits(args: &[&str], shown: &str) {
    let is_long = |it: &&str| it.chars().count() > 80;
    let long = shown.lines().find(is_long).filter(|_| !args.contains(&"--json"));
    assert_eq!(long, None, "{args:?}");
}

/// Commands, with what the user types.
const COMMANDS: [(&[&str], &[Typed<'_>]); 16] = [
    (&["list"], &[]),
    (&["list", "--json"], &[]),
    (&["explain"], &[]),
    (&["explain", "--json"], &[]),
    (&["call", "text"], &[]),
    (&["call", "--json", "text"], &[]),
    (&["call", "structured"], &[]),
    (&["call", "fails"], &[]),
    (&["call", "talks"], &[]),
    (&["call", "refused"], &[]),
    (&["call", "--json", "refused"], &[]),
    (&["call", "text", "n=1"], &[]),
    (&["read", "x:y"], &[]),
    (&["read", "--json", "x:y"], &[]),
    (&["prompt", "x"], &[]),
    (&["complete", "x", "y=z"], &[]),
];

/// The command line with the server in its place, behind the command and its flags.
fn with_server<'a>(args: &[&'a str], url: &'a str) -> Vec<&'a str> {
    let place = args.iter().skip(1).position(|it| !it.starts_with("--")).map(|it| it + 1);
    let (before, after) = args.split_at(place.unwrap_or(args.len()));
    [before, &[url], after].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_server_steers_the_terminal() {
    let server = hostile().await;
    let url = server.url();
    for (args, typed) in COMMANDS {
        let args = with_server(args, &url);
        let shown = at_terminal(&args, typed, None).await;
        check_plain(&args, &shown);
        check_fits(&args, &shown);
        // The words were shown: the test sees what it is about.
        assert!(shown.contains("pwned") || args.contains(&"n=1"), "{args:?} shows {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_refusal_of_a_server_steers_the_terminal() {
    for status in [200, 401, 500] {
        let server = refusing(status).await;
        let url = server.url();
        for args in [&["list"][..], &["list", "--json"], &["explain"], &["explain", "--json"]] {
            let args = with_server(args, &url);
            let shown = at_terminal(&args, &[], None).await;
            check_plain(&args, &shown);
            check_fits(&args, &shown);
            assert!(!shown.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_question_of_a_server_steers_the_terminal() {
    let server = hostile().await;
    let url = server.url();
    let asked = ["call", &url, "asks"];
    let typed = [("[Y/n] ", "y\na\n")];
    let shown = at_terminal(&asked, &typed, None).await;
    check_plain(&asked, &shown);
    assert!(shown.contains(&format!("the server `{url}`, which calls itself `E\\n")), "{shown}");
    assert!(shown.contains("\n│ E\n│ FORGED"), "{shown}");
    let shows = ["call", &url, "shows"];
    let shown = at_terminal(&shows, &[("Done? [Y/n] ", "n\n")], None).await;
    check_plain(&shows, &shown);
    assert!(shown.contains("\n  at the host evil.example\n"), "{shown}");
    assert!(shown.contains("\n  with the user info bank.example, which is no host\n"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_of_a_server_steers_the_terminal() {
    let server = hostile().await;
    let url = server.url();
    let args = ["listen", "--era", "legacy", &url];
    let shown = at_terminal(&args, &[], Some("CHANGED")).await;
    check_plain(&args, &shown);
    let line = shown.lines().find(|it| it.contains("CHANGED")).unwrap();
    let message: Value = serde_json::from_str(line).unwrap();
    assert_eq!(message["params"]["x"], EVIL);
}

#[tokio::test]
async fn programs_read_json_that_means_what_the_server_said() {
    let server = hostile().await;
    let ran = eyot(&["call", "--json", &server.url(), "text"]).await;
    assert_eq!(ran.json()["content"][0]["text"], EVIL);
    assert!(!ran.text().contains(['\u{7f}', '\u{9b}', '\u{202e}', '\u{200b}']), "{}", ran.text());
    let ran = eyot(&["list", "--json", &server.url()]).await;
    assert_eq!(ran.json()["tools"][0]["name"], EVIL);
    // Without --json a program gets a text as it is, and of a table the lines that there are.
    let ran = eyot(&["read", &server.url(), "x:y"]).await;
    assert!(ran.text().starts_with(EVIL), "{}", ran.text());
    let ran = eyot(&["list", &server.url()]).await;
    check_plain(&["list"], ran.text());
    let ran = eyot(&["call", &server.url(), "talks"]).await;
    check_plain(&["call"], &ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_client_steers_the_terminal_of_an_operator() {
    let server = hostile().await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let program =
        Program::serve("127.0.0.1:0", &store, &["--upstream".to_owned(), server.url()]).await;
    let initialize = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": { "experimental": { EVIL: {} } },
        "clientInfo": { "name": EVIL, "version": EVIL } } });
    let opened = send(program.address, &Ask::post(&initialize)).await;
    let id = opened.head.header("mcp-session-id").expect("a session id").to_owned();
    program.kill().await;
    let store = format!("sqlite:{}", store.display());
    for args in [
        &["sessions", "ls", "--store", &store][..],
        &["sessions", "ls", "--json", "--store", &store],
        &["sessions", "show", &id, "--store", &store],
        &["sessions", "show", EVIL, "--store", &store],
    ] {
        let shown = at_terminal(args, &[], None).await;
        check_plain(args, &shown);
        assert!(shown.contains(&id) || args.contains(&EVIL), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_wants_to_know_is_asked_once_and_a_password_is_not_shown() {
    let upstream = hostile().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcp.json");
    let inputs = json!([
        { "type": "promptString", "id": "key", "description": "The key\u{1b}[2J of it", "password": true },
        { "type": "promptString", "id": "team" },
    ]);
    let headers =
        json!({ "X-Key": "${input:key}", "X-Team": "${input:team}", "X-Again": "${input:key}" });
    let server = json!({ "type": "http", "url": upstream.url(), "headers": headers });
    let text = json!({ "inputs": inputs, "servers": { "a": server } }).to_string();
    std::fs::write(&file, text).unwrap();
    let args = ["list", "--config", file.to_str().unwrap(), "--era", "legacy"];
    let typed: [Typed<'_>; 2] = [("(it is not shown):", "hush-hush\n"), ("team:", "islands\n")];
    let shown = at_terminal(&args, &typed, None).await;
    assert!(shown.contains("Tools"), "{shown:?}");
    assert!(!shown.contains("hush"), "{shown:?}");
    assert!(shown.contains("islands"), "{shown:?}");
    assert_eq!(shown.matches("it is not shown").count(), 1, "{shown:?}");
    assert!(!shown.contains("\u{1b}[2J of it"), "{shown:?}");
}
