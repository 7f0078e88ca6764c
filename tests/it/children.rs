//! Children of a proxy: how many it starts, for whom, and which call a child's word belongs to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot::{Affinity, Command, EraMode, Limits, ProxyConfig};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::rounds::{accept, again, asked, call, elicit};
use crate::support::{
    Ask, Connection, Proxy, Puppet, Response, Session, Stage, agreed, initialize, modern_ask,
    modern_request, note, patient_limits, send, tool_text, within,
};

/// The children that a proxy has started, each of which does the same.
struct Staff {
    command: Command,
    started: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Staff {
    async fn open<F>(serve: impl Fn(Puppet) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stage = Stage::open().await;
        let (command, started) = (stage.command(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&started);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut children = JoinSet::new();
            loop {
                let puppet = stage.enter_some_day().await;
                count.fetch_add(1, Ordering::SeqCst);
                children.spawn(serve(puppet));
            }
        });
        Self { command, started, _serving: serving }
    }

    /// A proxy that is told that its upstream is legacy.
    async fn proxy(&self, limits: Limits, adjust: impl FnOnce(&mut ProxyConfig)) -> Proxy {
        let pinned = |config: &mut ProxyConfig| {
            config.era = EraMode::Legacy;
            adjust(config);
        };
        Proxy::before_child(self.command.clone(), limits, pinned).await
    }

    fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }
}

/// The next request of a child's client.
async fn request(puppet: &mut Puppet) -> Option<Value> {
    loop {
        let message: Value = serde_json::from_str(&puppet.some_line().await?).unwrap();
        if message.get("method").is_some() && message.get("id").is_some() {
            return Some(message);
        }
    }
}

/// Counts its calls, and lists nothing.
async fn count_calls(mut puppet: Puppet) {
    let mut calls = 0;
    while let Some(request) = request(&mut puppet).await {
        let result = match request["method"].as_str().unwrap() {
            "initialize" => agreed(&request),
            "tools/call" => {
                calls += 1;
                tool_text(&calls.to_string())
            }
            "tools/list" => json!({ "tools": [] }),
            "resources/list" => json!({ "resources": [] }),
            "resources/templates/list" => json!({ "resourceTemplates": [] }),
            _ => json!({}),
        };
        puppet.result(&request, result).await;
    }
}

/// Says three log messages with the name of each tool that it runs, and knows both eras.
async fn log_calls(mut puppet: Puppet) {
    while let Some(request) = request(&mut puppet).await {
        let result = match request["method"].as_str().unwrap() {
            "initialize" => agreed(&request),
            "server/discover" => json!({ "resultType": "complete",
                "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {}, "logging": {} },
                "serverInfo": { "name": "s", "version": "1" } }),
            "tools/call" => {
                for part in 0..3 {
                    let data = json!({ "tool": request["params"]["name"], "part": part });
                    let said = json!({ "level": "info", "data": data });
                    puppet.say_json(&note("notifications/message", said)).await;
                }
                let mut result = tool_text("done");
                result["resultType"] = json!("complete");
                result
            }
            _ => json!({}),
        };
        puppet.result(&request, result).await;
    }
}

fn plain_call(id: u64, name: &str) -> Value {
    modern_request(id, "tools/call", json!({ "name": name, "arguments": {} }))
}

async fn ask(proxy: &Proxy, request: &Value) -> Response {
    send(proxy.address, &modern_ask(request)).await
}

#[track_caller]
fn text(answer: &Response) -> String {
    let text = answer.json()["result"]["content"][0]["text"].as_str().map(str::to_owned);
    text.unwrap_or_else(|| panic!("{}", answer.text()))
}

#[tokio::test]
async fn modern_clients_of_one_user_share_one_child_per_capability_class() {
    let staff = Staff::open(count_calls).await;
    let proxy = staff.proxy(patient_limits(), |_| {}).await;
    let client = async || {
        let mut counts = Vec::new();
        for id in 0..5 {
            counts.push(text(&ask(&proxy, &plain_call(id, "count")).await));
        }
        counts
    };
    let counts = join_all((0..8).map(|_| client())).await.concat();
    let mut counts: Vec<usize> = counts.iter().map(|it| it.parse().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, Vec::from_iter(1..=40), "the child keeps what it knows");
    assert_eq!(staff.started(), 1);
    let asked = join_all((0..8).map(|id| async move { call(id, "count") })).await;
    let answers = join_all(asked.iter().map(|it| ask(&proxy, it))).await;
    let mut counts: Vec<usize> = answers.iter().map(|it| text(it).parse().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, Vec::from_iter(1..=8), "other capabilities need another child");
    assert_eq!(staff.started(), 2);
}

#[tokio::test]
async fn clients_that_may_be_several_people_share_no_child() {
    let staff = Staff::open(count_calls).await;
    let foreign = |config: &mut ProxyConfig| {
        config.endpoint.hosts = config.endpoint.hosts.clone().allow_host("mcp.example");
    };
    let proxy = staff.proxy(patient_limits(), foreign).await;
    for id in 0..4 {
        assert_eq!(text(&ask(&proxy, &plain_call(id, "count")).await), "1");
    }
    let started = staff.started();
    let expected = 4..=6;
    assert!(expected.contains(&started), "{started}: for each call, to know the tool, to spare");
}

/// Eight calls at once, each of which hears what the server says to it, all of that, and no more.
async fn check_logs(proxy: &Proxy) {
    let client = async |id: u64| {
        let name = format!("tool {id}");
        let mut request = plain_call(1, &name);
        request["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = json!("debug");
        for _ in 0..5 {
            let mut connection = Connection::open(proxy.address).await;
            connection.ask(&modern_ask(&request)).await;
            let (messages, _) = connection.messages().await;
            let heard = messages.iter().filter(|it| it["method"] == "notifications/message");
            let heard: Vec<Value> = heard.map(|it| it["params"]["data"].clone()).collect();
            let parts = (0..3).map(|part| json!({ "tool": name, "part": part }));
            assert_eq!(heard, Vec::from_iter(parts), "{messages:?}");
        }
    };
    join_all((0..8).map(client)).await;
}

#[tokio::test]
async fn log_messages_of_calls_that_overlap_reach_those_who_asked() {
    let staff = Staff::open(log_calls).await;
    let proxy = staff.proxy(patient_limits(), |_| {}).await;
    check_logs(&proxy).await;
    assert_eq!(staff.started(), 1);
}

#[tokio::test]
async fn log_messages_of_a_modern_child_reach_those_who_asked() {
    let staff = Staff::open(log_calls).await;
    let adjust = |config: &mut ProxyConfig| config.era = EraMode::Modern;
    let proxy = staff.proxy(patient_limits(), adjust).await;
    check_logs(&proxy).await;
    assert!(staff.started() <= 8, "{} children", staff.started());
}

#[tokio::test]
async fn a_child_beyond_the_bound_waits_for_another_one_to_end() {
    let staff = Staff::open(count_calls).await;
    let mut limits = patient_limits();
    limits.upstream.children_max = 1;
    limits.upstream.children_wait_timeout = Duration::from_millis(200);
    let proxy = staff.proxy(limits, |_| {}).await;
    let opening = Ask::post(&initialize("2025-11-25"));
    let session = Session::open(proxy.address, "2025-11-25").await;
    for refused in [send(proxy.address, &opening).await, ask(&proxy, &plain_call(1, "count")).await]
    {
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert_eq!(refused.head.header("retry-after"), Some("5"));
    }
    assert_eq!(staff.started(), 1);
    send(proxy.address, &session.delete()).await;
    assert_eq!(text(&ask(&proxy, &plain_call(1, "count")).await), "1");
    // The child of the modern client is not in use: it makes room.
    let again = send(proxy.address, &opening).await;
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(staff.started(), 3);
}

#[tokio::test]
async fn lists_that_are_known_start_nothing() {
    let staff = Staff::open(count_calls).await;
    let alone = |config: &mut ProxyConfig| config.affinity = Affinity::PerRequest;
    let proxy = staff.proxy(patient_limits(), alone).await;
    let methods = ["tools/list", "resources/list", "resources/templates/list", "server/discover"];
    for _ in 0..3 {
        for method in methods {
            let answer = ask(&proxy, &modern_request(1, method, json!({}))).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.json()["result"]["resultType"], "complete", "{}", answer.text());
        }
    }
    let started = staff.started();
    assert!(started <= 4, "one for each list and one to spare, not {started}");
    assert_eq!(text(&ask(&proxy, &plain_call(1, "count")).await), "1");
}

#[tokio::test]
async fn a_child_that_cannot_live_is_not_started_for_each_call() {
    let staff = Staff::open(async |mut puppet: Puppet| puppet.exit(3, "no config").await).await;
    let proxy = staff.proxy(patient_limits(), |_| {}).await;
    let mut last = None;
    for id in 0..20 {
        last = Some(ask(&proxy, &plain_call(id, "count")).await);
    }
    let told = last.unwrap().text();
    assert!(told.contains("exit code 3") && !told.contains("no config"), "{told}");
    assert!(staff.started() < 15, "{} children for 20 calls", staff.started());
}

/// Asks in each call of `ask`, and answers every other at once.
async fn ask_some(mut puppet: Puppet) {
    let mut asking = None;
    loop {
        let Some(line) = puppet.some_line().await else { return };
        let message: Value = serde_json::from_str(&line).unwrap();
        match message["method"].as_str() {
            Some("initialize") => puppet.result(&message, agreed(&message)).await,
            Some("tools/call") if message["params"]["name"] == "ask" => {
                puppet.say_json(&elicit(9, "Your name?")).await;
                asking = Some(message);
            }
            Some("tools/call") => puppet.tool_text(&message, "at once").await,
            None => {
                let name = message["result"]["content"]["name"].as_str().unwrap().to_owned();
                puppet.tool_text(&asking.take().unwrap(), &name).await;
            }
            Some("tools/list") => puppet.result(&message, json!({ "tools": [] })).await,
            Some(_) => {}
        }
    }
}

#[tokio::test]
async fn a_call_that_waits_for_a_person_holds_up_no_other_client() {
    let staff = Staff::open(ask_some).await;
    let proxy = staff.proxy(patient_limits(), |_| {}).await;
    let slow = call(1, "ask");
    let question = ask(&proxy, &slow).await.json();
    let (key, _) = asked(&question);
    let other = within("another client's answer", ask(&proxy, &call(2, "quick"))).await;
    assert_eq!(text(&other), "at once");
    let started = staff.started();
    assert!((2..=3).contains(&started), "one for each call and one to spare, not {started}");
    let retry = again(slow, 3, &question, json!({ key: accept("Ada") }));
    assert_eq!(text(&ask(&proxy, &retry).await), "Ada");
    assert_eq!(text(&ask(&proxy, &call(4, "quick")).await), "at once");
}
