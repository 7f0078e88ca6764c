//! The program with the interceptors of a file: guards and rules before a server, for clients of both eras.

use std::path::Path;
use std::time::Duration;

use eyot::{Client, ClientError, EraMode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::offering::{Gateway, Offering, at_urls, write_servers};
use crate::support::program::{free_port, program};
use crate::support::{Ask, Program, Upstream, send, within};

const RULES: &str = r"
version: 1
default: allow
rules:
  - name: no-adding
    match: {tool: add}
    deny: nothing is added here
  - name: loud
    match: {tool: echo, arguments: {text: quiet}}
    set: {arguments.text: LOUD}
";

const SETTINGS: &str = r"
guard: {secrets: {}, arguments: true}
rules: [rules.yaml]
";

/// The program before its own demo server, with these files in its folder.
async fn serve(folder: &Path, boundary: &str) -> Program {
    serve_with(folder, boundary, &[]).await
}

/// The same with these flags as well.
async fn serve_with(folder: &Path, boundary: &str, flags: &[&str]) -> Program {
    std::fs::write(folder.join("rules.yaml"), RULES).unwrap();
    std::fs::write(folder.join("i.yaml"), format!("boundary: {boundary}\n{SETTINGS}")).unwrap();
    let mut command = Command::new(program());
    command.current_dir(folder);
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--store", "memory:"]);
    command.args(flags);
    command.args(["--interceptors", "i.yaml", "--"]).arg(program()).arg("demo-server");
    Program::start(&mut command).await
}

async fn client(program: &Program, era: EraMode) -> Client {
    Client::builder("tester", "1.0").era(era).connect(program.url()).await.unwrap()
}

/// What a call says: its text, or the error.
async fn said(client: &Client, tool: &str, arguments: Value) -> String {
    match client.call_tool(tool, arguments).await {
        Ok(answer) => answer.text(),
        Err(ClientError::Rpc(error)) => error.message,
        Err(error) => panic!("{error}"),
    }
}

/// A made-up key in two parts, so that scanners of secrets do not take this file for a leak.
fn key() -> String {
    ["ghp_", "1a2B3c4D5e6F7g8H9i0J1"].concat()
}

#[tokio::test]
async fn interceptors_and_rules_are_counted_from_the_first_message_on() {
    let folder = TempDir::new().unwrap();
    let admin = format!("127.0.0.1:{}", free_port());
    let program = serve_with(folder.path(), "upstream", &["--admin", &admin]).await;
    let client = client(&program, EraMode::Modern).await;
    client.list_tools().await.unwrap();
    said(&client, "add", json!({ "a": 1, "b": 2 })).await;
    said(&client, "echo", json!({ "text": "quiet" })).await;
    let answer = send(admin.parse().unwrap(), &Ask::get().path("/metrics")).await;
    let metrics = answer.text();
    for line in [
        "eyot_rule_decisions_total{rule=\"no-adding\",decision=\"deny\"} 1",
        "eyot_rule_decisions_total{rule=\"loud\",decision=\"applied\"} 1",
        "eyot_interceptor_tool_decisions_total{interceptor=\"rules/rules.yaml\",\
         decision=\"blocked\",tool=\"add\"} 1",
        "eyot_interceptor_seconds_bucket{interceptor=\"rules/rules.yaml\",le=\"+Inf\"}",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn guards_and_rules_of_a_file_hold_for_clients_of_both_eras_at_both_boundaries() {
    for boundary in ["upstream", "downstream"] {
        let folder = TempDir::new().unwrap();
        let program = serve(folder.path(), boundary).await;
        for era in [EraMode::Legacy, EraMode::Modern] {
            let client = client(&program, era).await;
            let tools = client.list_tools().await.unwrap().tools;
            let names: Vec<_> = tools.iter().map(|it| it.name.as_str()).collect();
            assert!(!names.contains(&"add") && names.contains(&"echo"), "{boundary} {era:?}");
            let added = said(&client, "add", json!({ "a": 1, "b": 2 })).await;
            assert_eq!(added, "nothing is added here", "{boundary} {era:?}");
            assert_eq!(said(&client, "echo", json!({ "text": "quiet" })).await, "LOUD");
            let echoed = said(&client, "echo", json!({ "text": key() })).await;
            assert_eq!(echoed, "[redacted:github_token]");
            let unfit = said(&client, "echo", json!({ "text": 7 })).await;
            assert!(unfit.starts_with("invalid arguments: /text"), "{boundary} {era:?}: {unfit}");
        }
    }
}

#[tokio::test]
async fn a_file_that_changes_is_read_again_and_one_that_cannot_be_used_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let program = serve(folder.path(), "upstream").await;
    let client = client(&program, EraMode::Modern).await;
    let rules = folder.path().join("rules.yaml");
    std::fs::write(&rules, "version: 2").unwrap();
    hang_up(&program);
    let adding = json!({ "a": 1, "b": 2 });
    assert_eq!(said(&client, "add", adding.clone()).await, "nothing is added here");
    std::fs::write(&rules, RULES.replace("nothing is added", "NOTHING IS ADDED")).unwrap();
    hang_up(&program);
    let changed = async {
        while said(&client, "add", adding.clone()).await != "NOTHING IS ADDED here" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), changed).await.unwrap();
}

fn hang_up(program: &Program) {
    let kill =
        std::process::Command::new("kill").args(["-HUP", &program.pid().to_string()]).status();
    assert!(kill.unwrap().success());
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_told_with_its_place_and_nothing_is_served() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("i.yaml"), "guard:\n  secrets:\n    forms: {mine: '('}\n")
        .unwrap();
    let mut command = Command::new(program());
    command.current_dir(folder.path());
    command.args(["serve", "--store", "memory:", "--interceptors", "i.yaml", "--", "true"]);
    let output = command.output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("i.yaml:3:5: error: the form of `mine` cannot be used"), "{told}");
}

#[tokio::test]
async fn a_rule_sends_calls_to_another_server_of_a_gateway_for_clients_of_both_eras() {
    let folder = TempDir::new().unwrap();
    let (rules, settings) = (folder.path().join("rules.yaml"), folder.path().join("i.yaml"));
    let text = "version: 1\ndefault: allow\nrules:
  - {name: trial, match: {tool: a_echo, arguments: {mark: trial}}, route: b}
  - {name: lost, match: {tool: b_echo}, route: c}";
    std::fs::write(&rules, text).unwrap();
    let text = format!("boundary: downstream\nrules: [{rules:?}]");
    std::fs::write(&settings, text).unwrap();
    let servers = ["a", "b", "c"].map(|it| Offering::new(it, &["echo"]));
    let upstreams = [servers[0].open().await, servers[1].open().await, servers[2].open().await];
    let [at_a, at_b, at_c] = upstreams.each_ref().map(Upstream::url);
    let flags = ["--interceptors", settings.to_str().unwrap()];
    let all = at_urls(&[("a", at_a.clone()), ("b", at_b.clone()), ("c", at_c)]);
    let gateway = Gateway::with(&all, &flags).await;
    let url = format!("http://{}/mcp", gateway.address());
    for era in [EraMode::Legacy, EraMode::Modern] {
        let client = Client::builder("tester", "1.0").era(era).connect(url.as_str()).await.unwrap();
        for (tool, mark, expected) in [
            ("a_echo", "plain", "a echo plain"),
            ("a_echo", "trial", "b echo trial"),
            ("b_echo", "plain", "c echo plain"),
        ] {
            let answer = said(&client, tool, json!({ "mark": mark })).await;
            assert_eq!(answer, expected, "{era:?}");
        }
    }
    // Servers go while rules stay.
    write_servers(&gateway.file(), &at_urls(&[("a", at_a), ("b", at_b)]));
    let client = Client::builder("tester", "1.0").connect(url.as_str()).await.unwrap();
    let gone = async {
        let missing = "this is sent to the server `c`, which is not there";
        while said(&client, "b_echo", json!({ "mark": "plain" })).await != missing {
            tokio::task::yield_now().await;
        }
    };
    within("the server has gone", gone).await;
}

/// A route is one step: what a rule has sent to a server meets no rule on its way there.
#[tokio::test]
async fn calls_of_two_servers_that_rules_send_to_each_other_end_at_one_server_each() {
    let folder = TempDir::new().unwrap();
    let (rules, settings) = (folder.path().join("rules.yaml"), folder.path().join("i.yaml"));
    let text = "version: 1\ndefault: allow\nrules:
  - {name: ab, match: {tool: a_echo}, route: b}
  - {name: ba, match: {tool: b_echo}, route: a}";
    std::fs::write(&rules, text).unwrap();
    std::fs::write(&settings, format!("boundary: downstream\nrules: [{rules:?}]")).unwrap();
    let servers = ["a", "b", "c"].map(|it| Offering::new(it, &["echo"]));
    let upstreams = [servers[0].open().await, servers[1].open().await, servers[2].open().await];
    let [at_a, at_b, at_c] = upstreams.each_ref().map(Upstream::url);
    let flags = ["--interceptors", settings.to_str().unwrap()];
    let gateway = Gateway::with(&at_urls(&[("a", at_a), ("b", at_b), ("c", at_c)]), &flags).await;
    let url = format!("http://{}/mcp", gateway.address());
    for (before, era) in [EraMode::Legacy, EraMode::Modern].into_iter().enumerate() {
        let client = Client::builder("tester", "1.0").era(era).connect(url.as_str()).await.unwrap();
        for (tool, expected) in [("a_echo", "b echo x"), ("b_echo", "a echo x")] {
            assert_eq!(said(&client, tool, json!({ "mark": "x" })).await, expected, "{era:?}");
        }
        let times = servers.each_ref().map(|it| it.times("tools/call echo"));
        assert_eq!(times, [before + 1, before + 1, 0], "{era:?}");
    }
    // What one would have sent on is refused before anything is served.
    let text = "version: 1\ndefault: allow\nrules:
  - {name: ab, match: {server: a, tool: echo}, route: b}
  - {name: ba, match: {server: b, tool: echo}, route: a}";
    std::fs::write(&rules, text).unwrap();
    let mut command = Command::new(program());
    command.args(["serve", "--store", "memory:", "--interceptors", flags[1], "--", "true"]);
    let output = command.output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("routes lead in a circle: `ab`, then `ba` and back"), "{told}");
}
