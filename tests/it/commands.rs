//! The commands that are clients, run by a shell against `eyot everything`.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::program::{Program, program};
use crate::support::within;

/// The output and the exit code of a command.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The one line of stderr with the error.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let line = self.err.lines().last().expect("an error is told");
        let error: Value = serde_json::from_str(line).expect(line);
        error["error"].clone()
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(args).env_remove("RUST_LOG").stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn eyot(args: &[&str]) -> Ran {
    let output = within("the end of the command", command(args).output()).await.unwrap();
    ran(output)
}

fn ran(output: Output) -> Ran {
    let err = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{:?}: {err}", output.status));
    Ran { code, out: output.stdout, err }
}

/// Runs a command against a child.
async fn on_a_pipe(args: &[&str]) -> Ran {
    let program = program().to_str().unwrap();
    eyot(&[args, &["--", program, "everything", "--stdio"]].concat()).await
}

#[track_caller]
fn check(ran: &Ran, code: i32, out: &str) {
    assert_eq!((ran.code, ran.text()), (code, out), "{}", ran.err);
}

#[tokio::test]
async fn list_shows_what_a_server_offers() {
    let ran = on_a_pipe(&["list"]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = ran.text();
    for section in ["Tools (", "Prompts (", "Resources (3)", "Resource templates (1)"] {
        assert!(text.contains(section), "{section} is not in {text}");
    }
    let row = |name: &str| {
        let line = text.lines().find(|it| it.trim_start().starts_with(name)).expect(name);
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("slow_compute"), "slow_compute seconds label? Takes its time.");
    assert_eq!(
        row("test://static-binary"),
        "test://static-binary image/png A picture that stays as it is."
    );
}

#[tokio::test]
async fn list_is_one_document_in_either_era() {
    let server = Program::everything(&[]).await;
    for (era, revision) in
        [("legacy", "2025-11-25"), ("modern", "2026-07-28"), ("auto", "2026-07-28")]
    {
        let ran = eyot(&["list", "--json", "--era", era, &server.url()]).await;
        assert_eq!(ran.code, 0, "{}", ran.err);
        let offer = ran.json();
        assert_eq!(offer["revision"], revision);
        assert_eq!(offer["server"]["name"], "eyot-everything");
        for list in ["tools", "prompts", "resources", "resourceTemplates"] {
            assert!(!offer[list].as_array().unwrap().is_empty(), "{list}: {offer}");
        }
    }
}

#[tokio::test]
async fn call_prints_what_the_tool_says() {
    let server = Program::everything(&[]).await;
    let simple = "This is a simple text response for testing.\n";
    check(&eyot(&["call", &server.url(), "test_simple_text"]).await, 0, simple);
    check(&on_a_pipe(&["call", "test_simple_text"]).await, 0, simple);
    check(&on_a_pipe(&["call", "--era", "legacy", "test_simple_text"]).await, 0, simple);
    let mixed = "Multiple content types test:\n[image: image/png, 70 bytes]\n{\"test\":\"data\",\"value\":123}\n";
    check(&on_a_pipe(&["call", "test_multiple_content_types"]).await, 0, mixed);
    let ran = on_a_pipe(&["call", "--json", "test_image_content"]).await;
    assert_eq!(ran.json()["content"][0]["mimeType"], "image/png");
}

#[tokio::test]
async fn arguments_are_typed_by_the_schema_of_the_tool() {
    let ran = on_a_pipe(&["call", "slow_compute", "seconds=0", "label=5"]).await;
    check(&ran, 0, "5 took 0 seconds\n");
    let ran = on_a_pipe(&["call", "greet", "--args", r#"{"name":"Ada"}"#]).await;
    check(&ran, 0, "Hello, Ada!\n");
    let ran = on_a_pipe(&["call", "greet", "name:=\"Bo\"", "--args", r#"{"name":"Ada"}"#]).await;
    check(&ran, 0, "Hello, Bo!\n");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("arguments.json");
    std::fs::write(&file, r#"{ "name": "Cy" }"#).unwrap();
    let ran = on_a_pipe(&["call", "greet", "--args", &format!("@{}", file.display())]).await;
    check(&ran, 0, "Hello, Cy!\n");
}

#[tokio::test]
async fn arguments_that_a_modern_server_wants_in_headers_are_sent_there() {
    let server = Program::everything(&["--era", "modern"]).await;
    let ran = eyot(&["call", &server.url(), "test_x_mcp_header", "region=eu-north"]).await;
    check(&ran, 0, "Region: eu-north\n");
}

#[tokio::test]
async fn a_tool_that_fails_is_printed_and_told_by_its_code() {
    let ran = on_a_pipe(&["call", "--json", "test_error_handling"]).await;
    assert_eq!((ran.code, &ran.json()["isError"]), (5, &json!(true)));
    assert_eq!(ran.error()["code"], 5);
    let ran = on_a_pipe(&["call", "no-such-tool"]).await;
    check(&ran, 5, "");
    assert_eq!(ran.err, "eyot: Unknown tool: no-such-tool\n");
}

#[tokio::test]
async fn progress_and_logs_go_to_stderr() {
    for era in ["legacy", "modern"] {
        let ran = on_a_pipe(&["call", "--era", era, "test_tool_with_progress"]).await;
        check(&ran, 0, "Tool with progress executed successfully\n");
        assert_eq!(ran.err, "progress 0 of 100\nprogress 50 of 100\nprogress 100 of 100\n");
        let ran = on_a_pipe(&["call", "--era", era, "test_tool_with_logging"]).await;
        assert_eq!(ran.err.lines().next(), Some("info: Tool execution started"), "{}", ran.err);
        let ran =
            on_a_pipe(&["call", "--era", era, "--log-level", "error", "test_tool_with_logging"])
                .await;
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    }
}

#[tokio::test]
async fn questions_are_declined_without_a_terminal_and_answered_by_flags() {
    let account = r#"{"username":"ada","email":"ada@example.org"}"#;
    for era in ["legacy", "modern"] {
        let ask = ["call", "--era", era, "test_elicitation", "message=Who?"];
        let ran = on_a_pipe(&ask).await;
        check(&ran, 0, "User response: action=decline, content={}\n");
        let asked = "the server `eyot`, which calls itself `Everything`, asks (declined; --answer \
                     answers it):\n│ Who?\n";
        assert_eq!(ran.err, asked);
        let ran = on_a_pipe(&[&ask[..], &["--answer", "cancel"]].concat()).await;
        check(&ran, 0, "User response: action=cancel, content={}\n");
        let ran = on_a_pipe(&[&ask[..], &["--answer", account]].concat()).await;
        assert!(ran.text().contains("action=accept") && ran.text().contains("ada@example.org"));
        let tool = "test_input_required_result_multi_round";
        let answers = ["--answer", r#"{"name":"Ada"}"#, "--answer", r#"{"color":"red"}"#];
        let ran = on_a_pipe(&[&["call", "--era", era, tool], &answers[..]].concat()).await;
        check(&ran, 0, "Ada likes red.\n");
    }
}

#[tokio::test]
async fn read_prints_texts_and_bytes_as_they_are() {
    let ran = on_a_pipe(&["read", "test://static-text"]).await;
    check(&ran, 0, "This is the content of the static text resource.\n");
    let ran = on_a_pipe(&["read", "test://static-binary"]).await;
    assert_eq!((ran.code, ran.out.len(), &ran.out[..8]), (0, 70, b"\x89PNG\r\n\x1a\n".as_slice()));
    let ran = on_a_pipe(&["read", "--json", "test://template/7/data"]).await;
    assert_eq!(ran.json()["contents"][0]["mimeType"], "application/json");
    let ran = on_a_pipe(&["read", "--json", "test://nothing"]).await;
    let error = ran.error();
    assert_eq!((ran.code, &error["rpc"]["code"]), (1, &json!(-32602)), "{error}");
}

#[tokio::test]
async fn prompt_fills_in_and_complete_goes_on() {
    let ran = on_a_pipe(&["prompt", "test_prompt_with_arguments", "arg1=a", "arg2=7"]).await;
    check(&ran, 0, "user: Prompt with arguments: arg1='a', arg2='7'\n");
    let ran = on_a_pipe(&["prompt", "--json", "test_simple_prompt"]).await;
    assert_eq!(ran.json()["messages"][0]["role"], "user");
    let ran = on_a_pipe(&["complete", "test_prompt_with_arguments", "arg1=par"]).await;
    check(&ran, 0, "paris\npark\nparty\n");
    let ran = on_a_pipe(&["complete", "--json", "test://template/{id}/data", "id=12"]).await;
    assert_eq!(ran.json()["completion"]["values"], json!(["123", "124"]));
}

/// Runs `eyot listen` and waits until it listens.
async fn listen(args: &[&str]) -> (Child, BufReader<tokio::process::ChildStdout>) {
    let mut command = command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = within("the line that says that it listens", err.next_line()).await;
    assert!(line.unwrap().unwrap().starts_with("listening: {"));
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    let sent = std::process::Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test]
async fn listen_prints_one_line_for_each_change_until_it_is_interrupted() {
    let server = Program::everything(&[]).await;
    let url = server.url();
    for era in ["legacy", "modern"] {
        let watched = "test://watched-resource";
        let (mut child, out) = listen(&["listen", "--era", era, "--resource", watched, &url]).await;
        let mut lines = out.lines();
        for (tool, method) in [
            ("test_trigger_tool_change", "notifications/tools/list_changed"),
            ("test_update_resource", "notifications/resources/updated"),
        ] {
            check(&eyot(&["call", &url, tool]).await, 0, said(tool));
            let line = within("the line of a change", lines.next_line()).await.unwrap().unwrap();
            let message: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(message["method"], method, "{line}");
        }
        signal(&child, "-INT");
        let status = within("the end of the command", child.wait()).await.unwrap();
        assert_eq!(status.code(), Some(0));
    }
}

fn said(tool: &str) -> &'static str {
    if tool == "test_update_resource" { "Changed\n" } else { "Said\n" }
}

#[tokio::test]
async fn an_interrupted_call_ends_with_the_code_of_its_signal() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let program = program().to_str().unwrap();
        let args = ["call", "test_tool_with_logging", "--", program, "everything", "--stdio"];
        let mut command = command(&args);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
        within("the first log message", err.next_line()).await.unwrap().unwrap();
        signal(&child, name);
        let status = within("the end of the command", child.wait()).await.unwrap();
        assert_eq!(status.code(), Some(code));
    }
}

#[tokio::test]
async fn a_command_that_is_called_wrongly_ends_with_2() {
    for args in [
        &["call"][..],
        &["call", "test_simple_text"],
        &["call", "http://127.0.0.1:1/mcp"],
        &["list", "http://127.0.0.1:1/mcp", "more"],
        &["list", "--env", "A=1", "http://127.0.0.1:1/mcp"],
        &["list", "--header", "no-colon", "http://127.0.0.1:1/mcp"],
        &["list", "--token", "plain-text", "http://127.0.0.1:1/mcp"],
        &["list", "ftp://127.0.0.1/mcp"],
        &["call", "http://127.0.0.1:1/mcp", "tool", "no-pair"],
        &["call", "http://127.0.0.1:1/mcp", "tool", "--args", "[]"],
        &["complete", "http://127.0.0.1:1/mcp", "prompt"],
        &["no-such-command"],
    ] {
        let ran = eyot(args).await;
        assert_eq!((ran.code, ran.text()), (2, ""), "{args:?}: {}", ran.err);
    }
    let ran = on_a_pipe(&["call", "--json", "slow_compute", "seconds=soon"]).await;
    assert_eq!(ran.code, 2);
    assert_eq!(ran.error()["message"], "`seconds` must be integer, not `soon`");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_by_4() {
    let ran = eyot(&["list", "--json", "http://127.0.0.1:1/mcp"]).await;
    let error = ran.error();
    assert_eq!((ran.code, &error["code"]), (4, &json!(4)), "{error}");
    assert_eq!(error["url"], "http://127.0.0.1:1/mcp");
    for child in ["/no/such/program", "false"] {
        assert_eq!(eyot(&["list", "--", child]).await.code, 4, "{child}");
    }
}

#[tokio::test]
async fn a_server_that_wants_authorization_is_told_by_3() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let everything = ["--", program().to_str().unwrap(), "everything", "--stdio"];
    let upstream = [&["--api-key", "ada=sesame"][..], &everything].concat();
    let upstream: Vec<_> = upstream.into_iter().map(str::to_owned).collect();
    let server = Program::serve("127.0.0.1:0", &store, &upstream).await;
    let url = server.url();
    let ran = eyot(&["list", "--json", &url]).await;
    let error = ran.error();
    assert_eq!(
        (ran.code, &error["code"], &error["status"]),
        (3, &json!(3), &json!(401)),
        "{error}"
    );
    let header = "Authorization: Bearer sesame";
    assert_eq!(eyot(&["list", "--header", header, &url]).await.code, 0);
    assert_eq!(eyot(&["list", "--header", "authorization:Bearer wrong", &url]).await.code, 3);
    let key = folder.path().join("key");
    std::fs::write(&key, "sesame\n").unwrap();
    let ran = eyot(&["list", "--token", &source(&key), &url]).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
}

fn source(file: &Path) -> String {
    format!("@{}", file.display())
}

#[tokio::test]
async fn an_era_that_the_server_does_not_speak_is_refused() {
    let server = Program::everything(&["--era", "legacy"]).await;
    assert_eq!(eyot(&["list", "--era", "modern", &server.url()]).await.code, 1);
    assert_eq!(eyot(&["list", &server.url()]).await.code, 0);
    let server = Program::everything(&["--era", "modern"]).await;
    assert_eq!(eyot(&["list", "--era", "legacy", &server.url()]).await.code, 1);
}

#[tokio::test]
async fn keys_that_do_not_tell_clients_apart_are_refused_at_the_start() {
    let keys = ["--api-key", "alice=S3CRET", "--api-key", "bob=S3CRET"];
    let serve = ["serve", "--store", "memory:", "--listen", "127.0.0.1:0"];
    let ran = eyot(&[&serve[..], &keys, &["--", "true"]].concat()).await;
    assert_eq!(ran.code, 1, "{}", ran.err);
    let error = ran.err.lines().last().unwrap();
    assert_eq!(
        error,
        "eyot: --api-key: `alice` and `bob` have one key: give each a key of its own"
    );
    // A key that stands on the command line is warned about; no line shows it.
    assert!(ran.err.contains("the key stands on the command line") && !ran.err.contains("S3CRET"));
}
