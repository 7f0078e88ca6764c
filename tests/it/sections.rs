//! The program with what its file says of interceptors: for all servers, and for single ones.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use eyot::{Client, ClientError, EraMode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::commands::eyot;
use crate::support::offering::Offering;
use crate::support::program::program;
use crate::support::{Program, Upstream};

/// The program with these flags, in a folder. What it logs is in a file there.
async fn serve(folder: &Path, flags: &[&str]) -> Program {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new(program());
    command.current_dir(folder).stderr(Stdio::from(log)).env("NO_COLOR", "1");
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--store", "memory:"]);
    Program::start(command.args(flags)).await
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap()
}

async fn client(url: String, era: EraMode) -> Client {
    Client::builder("tester", "1.0").era(era).connect(url).await.unwrap()
}

/// What a call says: its text, or the error.
async fn said(client: &Client, tool: &str, mark: &str) -> String {
    match client.call_tool(tool, json!({ "mark": mark })).await {
        Ok(answer) => answer.text(),
        Err(ClientError::Rpc(error)) => error.message,
        Err(error) => panic!("{error}"),
    }
}

/// Waits until a call says this.
async fn says(client: &Client, (tool, mark): (&str, &str), expected: &str) {
    let changed = async {
        while said(client, tool, mark).await != expected {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), changed).await;
    assert!(waited.is_ok(), "{tool} {mark}: {}", said(client, tool, mark).await);
}

fn hang_up(program: &Program) {
    let pid = program.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
}

/// Rules in place that deny calls with this mark.
fn denying(mark: &str, why: &str) -> Value {
    let rule = json!({ "name": "no", "match": { "tool": "*", "arguments": { "mark": mark } },
        "deny": why });
    json!({ "version": 1, "default": "allow", "rules": [rule] })
}

/// A file of servers in our own form, which JSON is as well; written whole.
fn write(folder: &Path, document: &Value) {
    std::fs::write(folder.join("draft"), document.to_string()).unwrap();
    std::fs::rename(folder.join("draft"), folder.join("eyot.yaml")).unwrap();
}

#[tokio::test]
async fn hidden_characters_are_told_without_a_file_and_lists_stay_as_they_are() {
    let server = Offering::new("a", &["odd\u{200B}", "plain"]);
    let upstream = server.open().await;
    let url = upstream.url();
    let folder = TempDir::new().unwrap();
    for era in [EraMode::Legacy, EraMode::Modern] {
        let program = serve(folder.path(), &["--upstream", &url]).await;
        let tools = client(program.url(), era).await.list_tools().await.unwrap().tools;
        let names: Vec<_> = tools.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["odd\u{200B}", "plain"]);
        let log = log(folder.path());
        let warning = log.lines().find(|it| it.contains("guard/hidden")).expect(&log);
        assert!(warning.contains("WARN"), "{warning}");
        assert!(warning.contains("tool `odd<U+200B>`: hidden character U+200B"), "{warning}");
        assert!(!warning.contains("plain"), "{warning}");
    }
    std::fs::write(folder.path().join("off.yaml"), "guard: {hidden: off}").unwrap();
    let flags = ["--upstream", &url, "--interceptors", "off.yaml"];
    let program = serve(folder.path(), &flags).await;
    client(program.url(), EraMode::Modern).await.list_tools().await.unwrap();
    assert!(!log(folder.path()).contains("guard/hidden"));
}

/// A file with two servers, one of which has rules of its own.
fn two(urls: [String; 2], why: &str) -> Value {
    let [one, two] = urls;
    json!({
        "servers": {
            "one": { "url": one, "rules": [denying("bad", why)] },
            "two": { "url": two },
        },
        "rules": [denying("worst", "nowhere")],
    })
}

async fn upstreams() -> ([std::sync::Arc<Offering>; 2], [Upstream; 2]) {
    let servers = [Offering::new("a", &["echo"]), Offering::new("b", &["echo"])];
    let upstreams = [servers[0].open().await, servers[1].open().await];
    (servers, upstreams)
}

#[tokio::test]
async fn a_server_has_rules_of_its_own_that_follow_the_file_while_its_sessions_stay() {
    let (servers, upstreams) = upstreams().await;
    let urls = || upstreams.each_ref().map(Upstream::url);
    let folder = TempDir::new().unwrap();
    write(folder.path(), &two(urls(), "not at one"));
    let program = serve(folder.path(), &["--config", "eyot.yaml"]).await;
    let all = client(program.url(), EraMode::Legacy).await;
    for (tool, mark, expected) in [
        ("one_echo", "good", "a echo good"),
        ("one_echo", "bad", "not at one"),
        ("two_echo", "bad", "b echo bad"),
        ("one_echo", "worst", "nowhere"),
        ("two_echo", "worst", "nowhere"),
    ] {
        assert_eq!(said(&all, tool, mark).await, expected, "{tool} {mark}");
    }
    let alone = client(format!("{}/one", program.url()), EraMode::Modern).await;
    assert_eq!(said(&alone, "echo", "bad").await, "not at one");
    let opened = servers[0].habits.initializes().len();

    write(folder.path(), &two(urls(), "not any more"));
    hang_up(&program);
    says(&all, ("one_echo", "bad"), "not any more").await;
    let mut broken = two(urls(), "broken");
    broken["servers"]["one"]["rules"][0]["rules"][0]["dney"] = json!("x");
    broken["rules"] = json!([denying("worst", "broken")]);
    write(folder.path(), &broken);
    hang_up(&program);
    let told = async {
        while !log(folder.path()).contains("`dney`") {
            tokio::task::yield_now().await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await;
    assert!(told.is_ok(), "{}", log(folder.path()));
    assert_eq!(said(&all, "one_echo", "bad").await, "not any more");
    assert_eq!(said(&all, "one_echo", "worst").await, "nowhere");
    assert_eq!(servers[0].habits.initializes().len(), opened);

    // A server that gets its first rules has them from its first call on.
    let mut both = two(urls(), "not any more");
    both["servers"]["two"]["guard"] = json!({ "response_bytes_max": 3 });
    write(folder.path(), &both);
    hang_up(&program);
    let limited = async {
        while said(&all, "two_echo", "bad").await == "b echo bad" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), limited).await.unwrap();
    assert_eq!(said(&all, "two_echo", "bad").await, "Interceptor validation failed");
    assert_eq!(said(&all, "one_echo", "good").await, "a echo good");
}

#[tokio::test]
async fn one_server_of_a_file_has_its_own_rules_behind_those_for_all() {
    let (_servers, upstreams) = upstreams().await;
    let folder = TempDir::new().unwrap();
    let mut config = two(upstreams.each_ref().map(Upstream::url), "not at one");
    config["guard"] = json!({ "injection": true });
    config["servers"]["one"]["guard"] = json!({ "response_bytes_max": 100_000 });
    write(folder.path(), &config);
    let program = serve(folder.path(), &["--config", "eyot.yaml", "--server", "one"]).await;
    let client = client(program.url(), EraMode::Modern).await;
    assert_eq!(said(&client, "echo", "bad").await, "not at one");
    assert_eq!(said(&client, "echo", "worst").await, "nowhere");
    let file = folder.path().join("eyot.yaml");
    let plan = ["--json", "interceptors", "plan", "--event", "tools/call", "--config"];
    let plans = eyot(&[&plan[..], &[file.to_str().unwrap()]].concat()).await.json();
    let names = |steps: &Value| {
        let steps = steps["steps"].as_array().unwrap().iter();
        steps.map(|it| it["isOwn"] == true).collect::<Vec<_>>()
    };
    let [request, response] = [0, 1].map(|it| names(&plans["servers"]["one"][it]));
    assert_eq!((request, response), (vec![false, true], vec![true, false]), "{plans}");
    assert_eq!(plans["servers"].as_object().unwrap().len(), 1, "{plans}");
}

#[tokio::test]
async fn what_is_wrong_with_a_section_is_told_with_its_file_line_and_column() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("eyot.yaml");
    let text = "\
servers:
  a:
    command: a
    guard: {taint: perhaps}
  b:
    command: b
    policy: {methods: [POST]}
  c:
    command: c
    rules:
      version: 1
      default: allow
      rules:
        - name: no
          match: {tool: x}
          deny: no
          dney: no
policy: {methods: 3}
";
    std::fs::write(&file, text).unwrap();
    let checked = eyot(&["--json", "config", "check", file.to_str().unwrap()]).await;
    assert_eq!(checked.code, 2);
    let problems = checked.json()["problems"].clone();
    let has = |line: u64, column: u64, text: &str| {
        let mut all = problems.as_array().unwrap().iter();
        let found = all.any(|it| {
            it["line"] == line
                && it["column"] == column
                && it["message"].as_str().unwrap().contains(text)
        });
        assert!(found, "{line}:{column} {text}: {problems}");
    };
    has(4, 13, "guard.taint");
    has(7, 5, "a server has no `policy` of its own");
    has(18, 10, "methods");
    let text = text.replace("perhaps", "true");
    std::fs::write(&file, &text).unwrap();
    let checked = eyot(&["config", "check", file.to_str().unwrap()]).await;
    assert!(checked.text().contains("eyot.yaml:17:11: error: "), "{}", checked.text());
}
