//! The operator's settings for an upstream: its era, which clients share its sessions, how many
//! calls wait.

use std::sync::Arc;

use eyot::EraMode;
use eyot::session::LogLimits;
use eyot::{MemoryStore, ProxyConfig};
use serde_json::{Value, json};

use crate::legacy_to_modern::{discovered, request};
use crate::support::program::program;
use crate::support::{
    Ask, Exchange, Habits, Program, Proxy, Response, Session, Upstream, initialize, modern_ask,
    modern_request, patient_limits, send,
};

const META: &str = "io.modelcontextprotocol/";

fn pin(era: EraMode) -> impl FnOnce(&mut ProxyConfig) {
    move |config| config.era = era
}

async fn before(upstream: &Upstream, era: EraMode) -> Proxy {
    Proxy::before_url(upstream, patient_limits(), pin(era)).await
}

/// Refuses as a modern server does.
async fn refuse_legacy(exchange: Exchange) {
    let data = json!({ "supported": ["2026-07-28"], "requested": "2025-11-25" });
    let error = json!({ "code": -32022, "message": "Unsupported protocol version", "data": data });
    let body = json!({ "jsonrpc": "2.0", "id": exchange.id(), "error": error }).to_string();
    exchange.respond(400, "content-type: application/json\r\n", body.as_bytes()).await;
}

#[track_caller]
fn check_named(answer: &Response, flag: &str) {
    let error = &answer.json()["error"];
    let message = error["message"].as_str().unwrap_or_default();
    let reason = error["data"]["reason"].as_str().unwrap_or_default();
    assert!(message.contains(flag) || reason.contains(flag), "{error}");
}

#[tokio::test]
async fn an_upstream_that_is_pinned_to_the_legacy_era_is_not_probed() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = before(&upstream, EraMode::Legacy).await;
    let ask = modern_ask(&modern_request(1, "tools/list", json!({})));
    let answering = async {
        let list = upstream.expect("tools/list").await;
        list.result(json!({ "tools": [] })).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["result"]["tools"], json!([]));
    assert_eq!(habits.initializes().len(), 1);
    Session::open(proxy.address, "2025-11-25").await;
}

#[tokio::test]
async fn an_upstream_that_is_pinned_to_the_modern_era_is_asked_nothing_but_what_clients_ask() {
    let mut upstream = Upstream::bare().await;
    let proxy = before(&upstream, EraMode::Modern).await;
    let ask = modern_ask(&modern_request(1, "tools/list", json!({})));
    let answering = async {
        let list = upstream.expect("tools/list").await;
        list.result(json!({ "resultType": "complete", "tools": [], "ttlMs": 0 })).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["result"]["tools"], json!([]));
    // A legacy client gets the server's description of itself.
    let answering = async { upstream.expect("server/discover").await.result(discovered()).await };
    tokio::join!(Session::open(proxy.address, "2025-11-25"), answering);
}

#[tokio::test]
async fn a_modern_upstream_that_is_pinned_to_the_legacy_era_is_an_error_that_says_so() {
    let mut upstream = Upstream::bare().await;
    let proxy = before(&upstream, EraMode::Legacy).await;
    let modern = modern_ask(&modern_request(1, "tools/list", json!({})));
    for ask in [Ask::post(&initialize("2025-11-25")), modern] {
        let refusing = async { refuse_legacy(upstream.expect("initialize").await).await };
        let (answer, ()) = tokio::join!(send(proxy.address, &ask), refusing);
        check_named(&answer, "--era legacy");
    }
}

#[tokio::test]
async fn a_legacy_upstream_that_is_pinned_to_the_modern_era_is_an_error_that_says_so() {
    // A request without a session is refused with 404, by habit.
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = before(&upstream, EraMode::Modern).await;
    for method in ["server/discover", "tools/list"] {
        let ask = modern_ask(&modern_request(1, method, json!({})));
        check_named(&send(proxy.address, &ask).await, "--era modern");
    }
    let answer = send(proxy.address, &Ask::post(&initialize("2025-11-25"))).await;
    check_named(&answer, "--era modern");
}

#[tokio::test]
async fn a_session_from_before_the_pin_is_gone() {
    let store = Arc::new(MemoryStore::new(LogLimits::default()));
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let shared = Arc::clone(&store);
    let first =
        Proxy::before_url(&upstream, patient_limits(), |it| it.endpoint.store = shared).await;
    let mut session = Session::open(first.address, "2025-11-25").await;
    drop(first);
    for (era, status) in [(EraMode::Modern, 404), (EraMode::Legacy, 200)] {
        let shared = Arc::clone(&store);
        let adjust = |config: &mut ProxyConfig| {
            config.endpoint.store = shared;
            pin(era)(config);
        };
        let proxy = Proxy::before_url(&upstream, patient_limits(), adjust).await;
        session.address = proxy.address;
        let ask = request(1, "tools/list", json!({}));
        let answering = async {
            if status == 200 {
                upstream.expect("tools/list").await.result(json!({ "tools": [] })).await;
            }
        };
        let (answer, ()) = tokio::join!(session.send(&ask), answering);
        assert_eq!(answer.status, status, "{era:?}: {}", answer.text());
    }
}

/// Asks for the tools, and answers for a modern upstream that has not been asked before.
async fn check_found_modern(upstream: &mut Upstream, proxy: &Proxy) {
    let ask = modern_ask(&modern_request(1, "tools/list", json!({})));
    let answering = async {
        upstream.expect("server/discover").await.result(discovered()).await;
        let list = upstream.expect("tools/list").await;
        list.result(json!({ "resultType": "complete", "tools": [], "ttlMs": 0 })).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["result"]["tools"], json!([]));
}

#[tokio::test]
async fn an_outage_and_an_authorization_make_no_verdict() {
    for status in [401, 403, 429, 503] {
        let mut upstream = Upstream::bare().await;
        let proxy = Proxy::before(&upstream).await;
        let ask = modern_ask(&modern_request(1, "tools/list", json!({})));
        let refusing = async {
            let exchange = upstream.expect("server/discover").await;
            let error = json!({ "code": -32603, "message": "not now" });
            let body = json!({ "jsonrpc": "2.0", "id": exchange.id(), "error": error }).to_string();
            let json = "content-type: application/json\r\n";
            exchange.respond(status, json, body.as_bytes()).await;
        };
        let (answer, ()) = tokio::join!(send(proxy.address, &ask), refusing);
        assert_eq!(answer.code(), -32603, "{}", answer.text());
        check_found_modern(&mut upstream, &proxy).await;
    }
}

#[tokio::test]
async fn a_legacy_verdict_ends_when_the_upstream_refuses_initialize() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let ask = modern_ask(&modern_request(1, "tools/list", json!({})));
    let refusing = async {
        upstream.expect("server/discover").await.status(404).await;
        refuse_legacy(upstream.expect("initialize").await).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), refusing);
    assert_eq!(answer.json()["error"]["data"]["outcome"], "not_sent");
    check_found_modern(&mut upstream, &proxy).await;
}

/// The program with some flags before an upstream.
struct Served {
    program: Program,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("sessions.db");
        let flags: Vec<_> = flags.iter().map(|it| (*it).to_owned()).collect();
        let program = Program::serve("127.0.0.1:0", &store, &flags).await;
        Self { program, _folder: folder }
    }

    async fn before_everything(flags: &[&str], era: &str) -> Self {
        let program = program().to_str().unwrap();
        let upstream = ["--", program, "everything", "--stdio", "--era", era];
        Self::start(&[flags, &upstream].concat()).await
    }

    async fn ask(&self, request: &Value) -> Response {
        send(self.program.address, &modern_ask(request)).await
    }
}

#[tokio::test]
async fn the_flag_pins_a_child_and_is_named_when_the_child_is_of_the_other_era() {
    let served = Served::before_everything(&["--era", "modern"], "legacy").await;
    let answer = served.ask(&modern_request(1, "server/discover", json!({}))).await;
    check_named(&answer, "--era modern");
    let opening = Ask::post(&initialize("2025-11-25"));
    check_named(&send(served.program.address, &opening).await, "--era modern");
    let served = Served::before_everything(&["--era", "legacy"], "modern").await;
    let answer = served.ask(&modern_request(1, "server/discover", json!({}))).await;
    check_named(&answer, "--era legacy");
    check_named(&send(served.program.address, &opening).await, "--era legacy");
}

#[tokio::test]
async fn the_flag_lets_calls_with_one_handle_share_a_session() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let url = upstream.url();
    let flags = ["--era", "legacy", "--affinity", "handle", "--upstream", &url];
    let served = Served::start(&flags).await;
    for (handle, sessions) in [
        (Some("one-for-all-of-my-calls"), 1),
        (Some("one-for-all-of-my-calls"), 1),
        (Some("another-for-the-others"), 2),
        (Some("too short"), 3),
        (None, 4),
    ] {
        let mut list = modern_request(1, "tools/list", json!({}));
        if let Some(handle) = handle {
            list["params"]["_meta"]["io.eyot/session"] = json!(handle);
        }
        let answering = async {
            upstream.expect("tools/list").await.result(json!({ "tools": [] })).await;
        };
        let (answer, ()) = tokio::join!(served.ask(&list), answering);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(habits.initializes().len(), sessions, "{handle:?}");
    }
}

#[tokio::test]
async fn the_flags_bound_the_calls_that_wait_for_their_next_round() {
    // Without keys there is one principal, who may have them all.
    for (parts, parked_calls_max) in [("1", 1_usize), ("4", 2)] {
        let count = parked_calls_max.to_string();
        let flags = ["--parked-calls-max", &count, "--principal-parts", parts];
        let served = Served::before_everything(&flags, "legacy").await;
        let arguments = json!({ "name": "test_elicitation", "arguments": { "message": "Who?" } });
        let mut call = modern_request(1, "tools/call", arguments);
        call["params"]["_meta"][format!("{META}clientCapabilities")] = json!({ "elicitation": {} });
        for _ in 0..parked_calls_max {
            let asked = served.ask(&call).await.json();
            assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
        }
        let more = served.ask(&call).await;
        assert_eq!((more.status, more.code()), (200, 1503), "{}", more.text());
    }
}
