//! A counting interceptor sees each message once where a call outlives its request or its process, and where
//! it can go to several servers.
//!
//! What counts is the message that crosses a boundary. A call that waits for its client crosses the boundary
//! to clients once more with each round; a server gets its request once, whichever process reads the answer.

use std::path::Path;
use std::sync::Arc;

use eyot::{
    Client, EraMode, Eras, GatewayConfig, GatewayServer, Intercept as _, Interceptor, Interceptors,
    NoArguments, Phase, Plan, PlanOptions, ProxyConfig, Server, SqliteOptions, SqliteStore, Target,
    TaskPolicy, View, tool,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::rounds::{accept, again, call as asking_call, elicit};
use crate::support::{
    Connection, Counter, Habits, Handler, Proxy, Session, Upstream, call, modern_ask,
    modern_request, patient_limits, send, tool_text,
};

/// Counts at both boundaries of a proxy.
#[derive(Clone, Debug, Default)]
struct Counts {
    from_clients: Counter,
    to_servers: Counter,
}

impl Counts {
    fn stand(&self, config: &mut ProxyConfig) {
        config.downstream_interceptors = Some(self.from_clients.interceptors());
        config.upstream_interceptors.push(self.to_servers.interceptors());
    }

    /// How often this has passed the boundary to clients, and that to servers.
    fn of(&self, key: &str) -> [usize; 2] {
        [self.from_clients.of(key), self.to_servers.of(key)]
    }

    /// Requests and answers of calls at the boundary to clients, and at that to servers.
    fn calls(&self) -> [(usize, usize); 2] {
        [self.from_clients.calls(), self.to_servers.calls()]
    }
}

/// One of several processes that count together and share a store.
async fn process(upstream: &Upstream, store: &Path, counts: &Counts) -> Proxy {
    let store = Arc::new(SqliteStore::open(store, SqliteOptions::default()).unwrap());
    let stand = |config: &mut ProxyConfig| {
        config.endpoint.store = store;
        counts.stand(config);
    };
    Proxy::before_url(upstream, patient_limits(), stand).await
}

#[tokio::test]
async fn a_call_that_is_parked_over_a_restart_is_counted_once_by_both_processes() {
    let folder = tempfile::tempdir().unwrap();
    let (path, counts) = (folder.path().join("calls.db"), Counts::default());
    let mut upstream = Upstream::with(&Habits::new().with_notes().with_stream()).await;
    let first = process(&upstream, &path, &counts).await;
    let request = asking_call(1, "greet");
    let asking = modern_ask(&request);
    let serving = async {
        let exchange = upstream.next_call().await;
        let id = exchange.id();
        let mut events = exchange.events().await;
        events.event("e1", &elicit(70, "Your name?")).await;
        (events, id)
    };
    let (asked, (events, id)) = tokio::join!(send(first.address, &asking), serving);
    assert_eq!(counts.calls(), [(1, 0), (1, 0)]);
    assert_eq!(counts.of("elicitation/create request"), [1, 1]);
    drop((first, events));

    let second = process(&upstream, &path, &counts).await;
    let next = modern_ask(&again(request, 2, &asked.json(), json!({ "1.1": accept("Ada") })));
    let serving = async {
        let (mut has_answer, mut rest) = (false, None);
        while !has_answer || rest.is_none() {
            let exchange = upstream.next().await;
            match (exchange.http_method(), exchange.header("last-event-id")) {
                ("GET", None) => exchange.status(405).await,
                ("GET", Some(_)) => rest = Some(exchange.events().await),
                _ => {
                    has_answer |= exchange.message()["id"] == 70;
                    exchange.accept().await;
                }
            }
        }
        let mut events = rest.expect("the stream is taken up again");
        let result = json!({ "jsonrpc": "2.0", "id": id, "result": tool_text("Hi Ada") });
        events.event("e2", &result).await;
        events.end().await;
    };
    let (done, ()) = tokio::join!(send(second.address, &next), serving);
    assert_eq!(done.json()["result"]["content"][0]["text"], "Hi Ada", "{}", done.text());
    // The client has sent two requests, one for each round. The server has got one.
    assert_eq!(counts.calls(), [(2, 1), (1, 1)]);
    for key in ["elicitation/create request", "elicitation/create response"] {
        assert_eq!(counts.of(key), [1, 1], "{key}");
    }
}

/// Whether the tasks of a test may go on.
type GoOn = watch::Sender<bool>;

const TASKS: &str = "io.modelcontextprotocol/tasks";

/// A request of a modern client that knows tasks.
fn with_tasks(method: &str, params: Value) -> Value {
    let mut request = modern_request(7, method, params);
    request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({ "extensions": { TASKS: {} } });
    request
}

/// The result of such a request.
async fn ask(proxy: &Proxy, method: &str, params: Value) -> Value {
    let answer = send(proxy.address, &modern_ask(&with_tasks(method, params))).await.json();
    assert!(answer["result"].is_object(), "{answer}");
    answer["result"].clone()
}

/// Begins a task as a modern client, lets it go on, and asks until it is over.
async fn task_of_modern_client(proxy: &Proxy, go_on: &GoOn) {
    let begun = ask(proxy, "tools/call", json!({ "name": "row", "arguments": {} })).await;
    assert_eq!(begun["resultType"], "task", "{begun}");
    let about = json!({ "taskId": begun["taskId"] });
    assert_eq!(ask(proxy, "tasks/get", about.clone()).await["status"], "working");
    go_on.send_replace(true);
    loop {
        let state = ask(proxy, "tasks/get", about.clone()).await;
        match state["status"].as_str().unwrap() {
            "working" => tokio::task::yield_now().await,
            _ => return assert_eq!(state["result"]["content"][0]["text"], "across", "{state}"),
        }
    }
}

/// Begins a task as a client of 2025-11-25, lets it go on, and waits for its result.
async fn task_of_legacy_client(proxy: &Proxy, go_on: &GoOn) {
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut request = call(1, "row", json!({}));
    request["params"]["task"] = json!({ "ttl": 60_000 });
    let begun = session.send(&request).await.json();
    let about = json!({ "taskId": begun["result"]["task"]["taskId"] });
    let request = |id: u64, method: &str| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": about });
    let state = session.send(&request(2, "tasks/get")).await.json();
    assert_eq!(state["result"]["status"], "working", "{begun} {state}");
    go_on.send_replace(true);
    let (mut messages, _) = session.start(&request(3, "tasks/result")).await.messages().await;
    let result = messages.pop().expect("an answer comes");
    assert_eq!(result["result"]["content"][0]["text"], "across", "{result}");
}

/// A modern server with a task that waits until it may go on, and what counts in it.
fn modern_server(go_on: &GoOn, counter: &Counter) -> Target {
    let go_on = go_on.clone();
    let row = tool("row", move |_: NoArguments, _| {
        let mut told = go_on.subscribe();
        async move {
            told.wait_for(|it| *it).await.unwrap();
            "across"
        }
    });
    let server = Server::builder("rowing", "1.0").eras(Eras::Modern);
    let server = server.tool(row.task(TaskPolicy::Optional)).intercept(&counter.interceptors());
    Target::in_process(server.build().unwrap())
}

/// A server with the tasks of 2025-11-25, whose task waits until it may go on.
async fn legacy_server(go_on: &GoOn) -> Upstream {
    let (habits, go_on) = (Habits::new().with_tasks(), go_on.clone());
    let handler: Handler = Arc::new(move |exchange| {
        let (habits, mut told) = (habits.clone(), go_on.subscribe());
        Box::pin(async move {
            let Some(exchange) = habits.answer(exchange).await else { return };
            let status = if *told.borrow() { "completed" } else { "working" };
            let state = json!({ "taskId": "u-1", "status": status, "ttl": 60_000,
                "pollInterval": 5, "createdAt": "2025-11-25T10:30:00Z",
                "lastUpdatedAt": "2025-11-25T10:30:00Z" });
            match exchange.method().as_str() {
                "tools/list" => {
                    let tool = json!({ "name": "row", "inputSchema": { "type": "object" },
                        "execution": { "taskSupport": "optional" } });
                    exchange.result(json!({ "tools": [tool] })).await;
                }
                "tools/call" => exchange.result(json!({ "task": state })).await,
                "tasks/get" => exchange.result(state).await,
                "tasks/result" => {
                    told.wait_for(|it| *it).await.unwrap();
                    let mut result = tool_text("across");
                    result["_meta"] = json!({
                        "io.modelcontextprotocol/related-task": { "taskId": "u-1" } });
                    exchange.result(result).await;
                }
                _ => exchange.result(json!({})).await,
            }
        })
    });
    Upstream::handled(handler).await
}

#[tokio::test]
async fn a_task_of_a_modern_server_is_one_request_and_one_result_at_every_place() {
    for era in [EraMode::Modern, EraMode::Legacy] {
        let (go_on, counts, in_server) = <(GoOn, Counts, Counter)>::default();
        let target = modern_server(&go_on, &in_server);
        let proxy = Proxy::start(target, patient_limits(), |it| counts.stand(it)).await;
        match era {
            EraMode::Modern => task_of_modern_client(&proxy, &go_on).await,
            _ => task_of_legacy_client(&proxy, &go_on).await,
        }
        assert_eq!(counts.calls(), [(1, 1), (1, 1)], "{era:?} {counts:?}");
        assert_eq!(in_server.calls(), (1, 1), "{era:?} {in_server:?}");
    }
}

#[tokio::test]
async fn a_task_of_a_legacy_server_is_one_request_and_one_result_at_both_boundaries() {
    for era in [EraMode::Modern, EraMode::Legacy] {
        let (go_on, counts) = <(GoOn, Counts)>::default();
        let upstream = legacy_server(&go_on).await;
        let stand = |config: &mut ProxyConfig| counts.stand(config);
        let proxy = Proxy::before_url(&upstream, patient_limits(), stand).await;
        match era {
            EraMode::Modern => task_of_modern_client(&proxy, &go_on).await,
            _ => task_of_legacy_client(&proxy, &go_on).await,
        }
        assert_eq!(counts.calls(), [(1, 1), (1, 1)], "{era:?} {counts:?}");
    }
}

/// Writes the text of results in capitals.
fn shout() -> Interceptors {
    let shout = Interceptor::mutator("shout", |view: &View<'_>| {
        let loud = eyot::jsonrpc::Json::of(&"ACROSS").unwrap();
        view.set("/content/0/text", &loud)
    });
    let steps = [shout.on(Phase::Response, ["tools/call"])];
    Interceptors::new(Plan::compile(steps, PlanOptions::default()).unwrap())
}

/// Begins a task as a modern client that listens to it, and returns the last that it is told of it.
async fn last_told(proxy: &Proxy, go_on: &GoOn) -> Value {
    let begun = ask(proxy, "tools/call", json!({ "name": "row", "arguments": {} })).await;
    let filter = json!({ "notifications": { "taskIds": [begun["taskId"]] } });
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&with_tasks("subscriptions/listen", filter))).await;
    let mut events = connection.begun().await.events();
    go_on.send_replace(true);
    loop {
        let told = events.next_message().await.message();
        if told["method"] == "notifications/tasks" && told["params"]["status"] != "working" {
            return told["params"].clone();
        }
    }
}

#[tokio::test]
async fn the_result_that_a_client_is_told_of_without_asking_is_changed_like_any_other() {
    for is_downstream in [true, false] {
        let stand = |config: &mut ProxyConfig| match is_downstream {
            true => config.downstream_interceptors = Some(shout()),
            false => config.upstream_interceptors.push(shout()),
        };
        let (go_on, in_server) = <(GoOn, Counter)>::default();
        let target = modern_server(&go_on, &in_server);
        let before_modern = Proxy::start(target, patient_limits(), stand).await;
        let told = last_told(&before_modern, &go_on).await;
        assert_eq!(told["result"]["content"][0]["text"], "ACROSS", "{is_downstream}: {told}");

        let go_on = GoOn::default();
        let upstream = legacy_server(&go_on).await;
        let before_legacy = Proxy::before_url(&upstream, patient_limits(), stand).await;
        let told = last_told(&before_legacy, &go_on).await;
        assert_eq!(told["result"]["content"][0]["text"], "ACROSS", "{is_downstream}: {told}");
    }
}

/// Three servers of handlers behind one endpoint, and what counts in them.
async fn gateway(counts: &Counts, eras: Eras, in_servers: &[Counter; 3]) -> Proxy {
    let member = |(name, counter): (&str, &Counter)| {
        let who = name.to_owned();
        let say = tool("say", move |_: NoArguments, _| {
            let who = who.clone();
            async move { who }
        });
        let server = Server::builder(name, "1.0").eras(eras).tool(say);
        let server = server.intercept(&counter.interceptors()).build().unwrap();
        GatewayServer::new(name, Target::in_process(server))
    };
    let servers = ["a", "b", "c"].into_iter().zip(in_servers).map(member);
    let config = GatewayConfig::new(servers.collect());
    Proxy::of_many(config, patient_limits(), |it| counts.stand(it)).await
}

#[tokio::test]
async fn a_call_passes_one_of_three_servers_once_and_a_list_each_of_them_once() {
    for (eras, era) in [
        (Eras::Legacy, EraMode::Legacy),
        (Eras::Modern, EraMode::Modern),
        (Eras::Legacy, EraMode::Modern),
        (Eras::Modern, EraMode::Legacy),
    ] {
        let (counts, in_servers) = <(Counts, [Counter; 3])>::default();
        let proxy = gateway(&counts, eras, &in_servers).await;
        let url = format!("http://{}/mcp", proxy.address);
        let client = Client::builder("counting", "1.0").era(era).connect(url).await.unwrap();
        let tools = client.all_tools().await.unwrap();
        let names: Vec<_> = tools.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["a_say", "b_say", "c_say"], "{eras:?} {era:?}");
        for key in ["tools/list request", "tools/list response"] {
            assert_eq!(counts.of(key), [1, 3], "{eras:?} {era:?} {key}");
            for (name, in_server) in ["a", "b", "c"].into_iter().zip(&in_servers) {
                let at_boundary = counts.to_servers.of(&format!("{name}: {key}"));
                assert_eq!((at_boundary, in_server.of(key)), (1, 1), "{eras:?} {era:?} {key}");
            }
        }
        assert_eq!(client.call_tool("b_say", json!({})).await.unwrap().text(), "b");
        assert_eq!(counts.calls(), [(1, 1), (1, 1)], "{eras:?} {era:?}");
        for (name, in_server) in ["a", "b", "c"].into_iter().zip(&in_servers) {
            let expected = usize::from(name == "b");
            assert_eq!(in_server.calls(), (expected, expected), "{eras:?} {era:?} {name}");
            for key in ["tools/call request", "tools/call response"] {
                let at_boundary = counts.to_servers.of(&format!("{name}: {key}"));
                assert_eq!(at_boundary, expected, "{eras:?} {era:?} {name} {key}");
            }
        }
    }
}
