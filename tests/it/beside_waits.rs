//! `eyot connect` before a server that cannot be reached now: calls wait for it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::program::{Program, free_port, program};
use crate::support::{Beside, modern_request, within};

/// An address where `eyot everything` can be started, more than once.
struct Place {
    listen: String,
    server_era: &'static str,
}

impl Place {
    fn new(server_era: &'static str) -> Self {
        Self { listen: format!("127.0.0.1:{}", free_port()), server_era }
    }

    fn url(&self) -> String {
        format!("http://{}/mcp", self.listen)
    }

    /// Waits until every client's side of the connections to it has heard that they are closed: what
    /// is written before that may have been read, for all that a client knows.
    async fn hung_up(&self) {
        let (_, port) = self.listen.rsplit_once(':').unwrap();
        let port = format!(":{:04X}", port.parse::<u16>().unwrap());
        let is_open = |line: &str| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            columns[1..3].iter().any(|it| it.ends_with(&port)) && columns[3] == ESTABLISHED
        };
        within("the end of the connections", async {
            while std::fs::read_to_string("/proc/net/tcp").unwrap().lines().skip(1).any(is_open) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    async fn start(&self) -> Program {
        let mut command = Command::new(program());
        command.args(["--json", "everything", "--listen", &self.listen]);
        command.args(["--era", self.server_era]);
        Program::start(&mut command).await
    }
}

/// As `/proc/net/tcp` has it.
const ESTABLISHED: &str = "01";

fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "beside", "version": "1" },
    } })
}

fn simple_text(is_modern: bool, id: u64) -> Value {
    let params = json!({ "name": "test_simple_text", "arguments": {} });
    match is_modern {
        true => modern_request(id, "tools/call", params),
        false => json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }),
    }
}

#[track_caller]
fn check_text(answer: &Value) {
    assert!(answer["result"]["content"][0]["text"].is_string(), "{answer}");
}

const EVERY_PAIR: [(bool, &str); 4] =
    [(false, "legacy"), (true, "modern"), (false, "modern"), (true, "legacy")];

#[tokio::test(flavor = "multi_thread")]
async fn server_that_is_started_after_the_first_call_answers_it() {
    for (is_modern, server_era) in EVERY_PAIR {
        let place = Place::new(server_era);
        let mut beside = Beside::start(&["connect", &place.url()]);
        let first = if is_modern { simple_text(true, 1) } else { initialize() };
        beside.write(&first).await;
        let said = beside.logged("calls wait").await;
        assert!(said.contains("refused"), "{said}");
        let _server = place.start().await;
        let answer = beside.answer(1).await;
        assert!(answer.get("result").is_some(), "{is_modern} {server_era}: {answer}");
        beside.logged("reached again").await;
        let (status, _, log) = beside.ended().await;
        assert!(status.success(), "{log:?}");
        assert!(!log.iter().any(|it| it.contains("WARN")), "{log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_carrier_waits_for_its_server() {
    let place = Place::new("both");
    let sse = place.url().replace("/mcp", "/sse");
    let ws = place.url().replace("http", "ws").replace("/mcp", "/ws");
    for words in [&["connect", "--transport", "sse", &*sse][..], &["connect", &*ws]] {
        let mut beside = Beside::start(words);
        beside.write(&initialize()).await;
        beside.logged("calls wait").await;
        let _server = place.start().await;
        let answer = beside.answer(1).await;
        assert!(answer.get("result").is_some(), "{words:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_the_middle_of_a_restart_are_answered_after_it() {
    for (is_modern, server_era) in EVERY_PAIR {
        let place = Place::new(server_era);
        let server = place.start().await;
        let mut beside = Beside::start(&["connect", &place.url()]);
        if !is_modern {
            beside.write(&initialize()).await;
            beside.answer(1).await;
            beside.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        }
        beside.write(&simple_text(is_modern, 2)).await;
        check_text(&beside.answer(2).await);
        server.kill().await;
        place.hung_up().await;
        beside.write(&simple_text(is_modern, 3)).await;
        beside.write(&simple_text(is_modern, 4)).await;
        beside.logged("calls wait").await;
        let _server = place.start().await;
        check_text(&beside.answer(3).await);
        beside.write(&simple_text(is_modern, 5)).await;
        check_text(&beside.answer(5).await);
        let (status, messages, log) = beside.ended().await;
        assert!(status.success(), "{messages:?} {log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_never_comes_is_an_error_that_names_the_cause() {
    let place = Place::new("legacy");
    let unix = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}#/mcp", unix.path().join("none").display());
    for (url, cause) in [
        (place.url(), "refused"),
        (place.url().replace("http", "ws"), "refused"),
        (socket, "No such file"),
        ("http://no-such-host.invalid/mcp".to_owned(), "lookup"),
    ] {
        let begun = Instant::now();
        let mut beside = Beside::start(&["connect", "--call-timeout", "1s", &url]);
        beside.write(&initialize()).await;
        let error = beside.answer(1).await["error"].clone();
        assert!(begun.elapsed() >= Duration::from_secs(1), "{url}: {error}");
        assert_eq!(error["data"]["outcome"], "not_sent", "{url}: {error}");
        assert!(error["data"]["reason"].as_str().unwrap().contains(cause), "{url}: {error}");
        let (_, _, log) = beside.ended().await;
        assert_eq!(log.len(), 2, "one line when the wait begins, one when it ends: {log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_call_waits_no_longer_and_is_never_sent() {
    let place = Place::new("modern");
    let mut beside = Beside::start(&["connect", &place.url()]);
    beside.write(&simple_text(true, 1)).await;
    beside.logged("calls wait").await;
    let cancelled = json!({ "requestId": 1, "_meta": simple_text(true, 1)["params"]["_meta"] });
    let cancelled =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled });
    beside.write(&cancelled).await;
    beside.logged("no call waits").await;
    let _server = place.start().await;
    beside.write(&simple_text(true, 2)).await;
    check_text(&beside.answer(2).await);
    let (status, messages, _) = beside.ended().await;
    assert!(status.success() && messages.is_empty(), "{messages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_the_input_ends_the_wait_at_once() {
    let place = Place::new("legacy");
    let mut beside = Beside::start(&["connect", &place.url()]);
    beside.write(&initialize()).await;
    beside.logged("calls wait").await;
    let begun = Instant::now();
    let (status, messages, _) = beside.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(status.success());
    assert_eq!(messages[0]["error"]["data"]["outcome"], "not_sent", "{messages:?}");
}
