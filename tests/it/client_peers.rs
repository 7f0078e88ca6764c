//! Our client against foreign servers of both eras, on pipes and over HTTP.
//!
//! Skipped, visibly, without the peers that `cargo xtask peers` fetches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot::EraMode;
use eyot::client::{Client, ClientBuilder, ClientError, ClientEvent, SubscriptionEvent};
use eyot::types::{
    CompleteArgument, CompleteParams, CompletionReference, ContentBlock, CreateMessageParams,
    CreateMessageResult, ElicitParams, ElicitResult, Era, ListRootsResult, LogLevel, Revision,
    Role, Root, SubscriptionFilter,
};
use eyot::{Command, ErrorObject, IntoTarget};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::peers::{Peers, Server, everything_over_http, python, script};
use crate::support::program;

/// Foreign servers may take a while to start.
const PATIENCE: Duration = Duration::from_secs(90);

/// A client that answers everything.
fn builder() -> ClientBuilder {
    Client::builder("eyot-tests", "1.0")
        .timeout(PATIENCE)
        .on_elicit(elicit)
        .on_sample(sample)
        .on_roots(|| async { Ok(ListRootsResult::new(vec![Root::new("file:///islands")])) })
}

async fn elicit(params: ElicitParams) -> Result<ElicitResult, ErrorObject> {
    let content = match params.message.contains("colour") {
        true => json!({ "colour": "green" }),
        false => json!({ "name": "Ada", "integer": 7 }),
    };
    Ok(ElicitResult::accept(content.as_object().unwrap().clone()))
}

async fn sample(params: CreateMessageParams) -> Result<CreateMessageResult, ErrorObject> {
    let question = serde_json::to_value(&params.messages).unwrap();
    let content = json!({ "type": "text", "text": format!("sampled {question}") });
    let result = json!({ "role": "assistant", "content": content, "model": "a-model" });
    Ok(serde_json::from_value(result).unwrap())
}

fn on_a_pipe(command: &[String], peers: &Peers) -> Command {
    let (program, args) = command.split_first().unwrap();
    let env = vec![("EYOT_PEERS".to_owned(), Some(peers.folder()))];
    Command { program: program.clone(), args: args.to_vec(), env, cwd: None }
}

async fn connect(builder: ClientBuilder, target: impl IntoTarget) -> Client {
    let connecting = tokio::time::timeout(PATIENCE, builder.connect(target));
    connecting.await.expect("the server answers").unwrap()
}

async fn text(client: &Client, tool: &str, arguments: Value) -> String {
    let answer = client.call_tool(tool, arguments).await.unwrap();
    assert!(!answer.is_error(), "{answer:?}");
    answer.text()
}

/// Every feature of `server-everything` that a client can use.
async fn check_everything(client: &Client) {
    assert_eq!((client.era(), client.revision()), (Era::Legacy, Revision::V2025_11_25));
    assert!(client.instructions().is_some());
    client.ping().await.unwrap();
    let tools = client.all_tools().await.unwrap();
    for wanted in ["echo", "get-sum", "get-roots-list", "trigger-elicitation-request"] {
        assert!(tools.iter().any(|it| it.name == wanted), "{wanted}");
    }
    assert_eq!(text(client, "echo", json!({ "message": "hello ✓" })).await, "Echo: hello ✓");
    let unknown = client.call_tool("no-such-tool", ()).await.unwrap();
    assert!(unknown.is_error());
    let weather = client.call_tool("get-structured-content", json!({ "location": "New York" }));
    let weather: Value = weather.await.unwrap().structured().unwrap();
    assert_eq!(weather["temperature"], 33);
    check_concurrent_calls(client).await;
    check_resources_and_prompts(client).await;
    check_progress(client, "trigger-long-running-operation").await;
    check_questions(client).await;
    check_subscription(client).await;
    check_cancelling(client).await;
}

async fn check_concurrent_calls(client: &Client) {
    let calls = (0..20).map(|number| async move {
        let said = text(client, "echo", json!({ "message": format!("call {number}") })).await;
        assert_eq!(said, format!("Echo: call {number}"));
    });
    futures_util::future::join_all(calls).await;
}

async fn check_resources_and_prompts(client: &Client) {
    let resources = client.list_resources().await.unwrap().resources;
    let read = client.read_resource(&resources[0].uri).await.unwrap();
    assert_eq!(read.contents[0].uri, resources[0].uri);
    let mut templates = client.resource_templates();
    let template = templates.next().await.unwrap().unwrap();
    assert!(template.uri_template.starts_with("demo://"), "{template:?}");
    let read = client.read_resource("demo://resource/dynamic/text/7").await.unwrap();
    assert!(read.contents[0].text.as_ref().unwrap().contains("Resource 7"));
    let prompts = client.list_prompts().await.unwrap().prompts;
    assert!(prompts.iter().any(|it| it.name == "args-prompt"));
    let prompt = client.get_prompt("args-prompt", json!({ "city": "Paris" })).await.unwrap();
    let ContentBlock::Text(said) = &prompt.messages[0].content else { panic!("{prompt:?}") };
    assert_eq!(
        (prompt.messages[0].role.clone(), said.text.as_str()),
        (Role::User, "What's weather in Paris?")
    );
    let reference = CompletionReference::prompt("completable-prompt");
    let argument = CompleteArgument::new("department", "S");
    let completed = client.complete(&CompleteParams::new(reference, argument)).await.unwrap();
    assert_eq!(completed.completion.values, ["Sales", "Support"]);
}

async fn check_progress(client: &Client, tool: &str) {
    let call = client.call_tool(tool, json!({ "duration": 0.5, "steps": 5 }));
    let (call, progress) = call.progress_stream();
    let steps = progress.map(|it| it.progress.to_string()).collect::<Vec<_>>();
    let (answer, steps) = tokio::join!(call.into_future(), steps);
    answer.unwrap();
    assert_eq!(steps, ["1", "2", "3", "4", "5"]);
}

async fn check_questions(client: &Client) {
    let said =
        text(client, "trigger-sampling-request", json!({ "prompt": "why?", "maxTokens": 10 }))
            .await;
    assert!(said.contains("why?"), "{said}");
    let said = text(client, "trigger-elicitation-request", json!({})).await;
    assert!(said.contains("- Name: Ada"), "{said}");
    let said = text(client, "get-roots-list", json!({})).await;
    assert!(said.contains("file:///islands"), "{said}");
    client.set_log_level(LogLevel::Debug).await.unwrap();
    let mut notifications = client.notifications();
    text(client, "toggle-simulated-logging", json!({})).await;
    let logged = async {
        while let Some(message) = notifications.next().await {
            if message.method().as_deref() == Some("notifications/message") {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, logged).await.expect("a log message");
    text(client, "toggle-simulated-logging", json!({})).await;
}

async fn check_subscription(client: &Client) {
    let uri = "demo://resource/dynamic/text/1";
    let filter = SubscriptionFilter::new().with_resource_subscriptions(vec![uri.to_owned()]);
    let mut subscription = client.listen(filter).await.unwrap();
    let first = subscription.next().await.unwrap().unwrap();
    assert!(matches!(first, SubscriptionEvent::Acknowledged(_)), "{first:?}");
    text(client, "toggle-subscriber-updates", json!({})).await;
    let heard = tokio::time::timeout(PATIENCE, subscription.next()).await;
    let heard = heard.expect("an update").unwrap().unwrap();
    let SubscriptionEvent::Notification(update) = heard else { panic!("{heard:?}") };
    assert_eq!(update.uri().as_deref(), Some(uri));
    text(client, "toggle-subscriber-updates", json!({})).await;
}

async fn check_cancelling(client: &Client) {
    let call = client.call_tool(
        "trigger-long-running-operation",
        json!({
        "duration": 60, "steps": 300 }),
    );
    let (call, mut progress) = call.progress_stream();
    let mut call = call.into_future();
    tokio::select! {
        answer = &mut call => panic!("{answer:?}"),
        _ = progress.next() => drop(call),
    }
    client.ping().await.unwrap();
}

/// Every feature of the modern fixture.
async fn check_modern(client: &Client) {
    assert_eq!((client.era(), client.revision()), (Era::Modern, Revision::MODERN));
    assert_eq!(client.server_info().unwrap().name, "server-modern");
    assert_eq!(client.instructions().as_deref(), Some("Ask for a name."));
    client.ping().await.unwrap();
    assert!(client.all_tools().await.unwrap().len() >= 5);
    assert_eq!(text(client, "echo", json!({ "message": "hello ✓" })).await, "Echo: hello ✓");
    let sum: Value =
        client.call_tool("add", json!({ "a": 1, "b": 2 })).await.unwrap().structured().unwrap();
    assert_eq!(sum, json!({ "sum": 3 }));
    let (call, progress) = client.call_tool("slow_progress", json!({})).progress_stream();
    let steps = progress.map(|it| it.progress.to_string()).collect::<Vec<_>>();
    let (answer, steps) = tokio::join!(call.into_future(), steps);
    assert_eq!(answer.unwrap().text(), "Counted to 3");
    assert_eq!(steps, ["1", "2", "3"]);
    // Two rounds, with a state between them.
    let said = text(client, "ask_name", json!({})).await;
    assert_eq!(said, "Hello, Ada, who likes green!");
    let read = client.read_resource("note://welcome").await.unwrap();
    assert_eq!(read.contents[0].text.as_deref(), Some("Welcome ashore."));
    let prompt = client.get_prompt("greeting", json!({ "name": "Ada" })).await.unwrap();
    assert_eq!(prompt.messages.len(), 1);
    check_modern_subscription(client).await;
    check_modern_cancelling(client).await;
}

async fn check_modern_subscription(client: &Client) {
    let filter = SubscriptionFilter::new()
        .with_tools_list_changed(true)
        .with_resource_subscriptions(vec!["note://welcome".to_owned()]);
    let mut subscription = client.listen(filter).await.unwrap();
    let mut next = async || {
        let event = tokio::time::timeout(PATIENCE, subscription.next()).await;
        event.expect("an event").unwrap().unwrap()
    };
    assert!(matches!(next().await, SubscriptionEvent::Acknowledged(_)));
    text(client, "change_tools", json!({})).await;
    let SubscriptionEvent::Notification(told) = next().await else { panic!("a notification") };
    assert_eq!(told.method().as_deref(), Some("notifications/tools/list_changed"));
    text(client, "change_note", json!({})).await;
    let SubscriptionEvent::Notification(told) = next().await else { panic!("a notification") };
    assert_eq!(told.uri().as_deref(), Some("note://welcome"));
}

/// The server itself reports that it was told of the cancellation.
async fn check_modern_cancelling(client: &Client) {
    let call = client.call_tool("slow_progress", json!({ "steps": 1000, "step_ms": 50 }));
    let (call, mut progress) = call.progress_stream();
    let mut call = call.into_future();
    tokio::select! {
        answer = &mut call => panic!("{answer:?}"),
        _ = progress.next() => drop(call),
    }
    assert_eq!(text(client, "await_cancelled", json!({})).await, "cancelled");
}

/// Every feature of the Python fixture.
async fn check_python(client: &Client, logged: &AtomicUsize) {
    assert_eq!((client.era(), client.revision()), (Era::Legacy, Revision::V2025_11_25));
    assert_eq!(client.instructions().as_deref(), Some("Add numbers."));
    let sum: Value =
        client.call_tool("add", json!({ "a": 1, "b": 2 })).await.unwrap().structured().unwrap();
    assert_eq!(sum, json!({ "result": 3 }));
    let (call, progress) = client.call_tool("count", json!({ "steps": 3 })).progress_stream();
    let steps = progress.map(|it| it.progress.as_f64().unwrap()).collect::<Vec<_>>();
    let (answer, steps) = tokio::join!(call.into_future(), steps);
    assert_eq!(answer.unwrap().text(), "counted to 3");
    assert_eq!(steps, [1.0, 2.0, 3.0]);
    assert_eq!(logged.load(Ordering::SeqCst), 3);
    assert_eq!(text(client, "greet", json!({})).await, "Hello, Ada!");
    let said = text(client, "think", json!({ "question": "why?" })).await;
    assert!(said.contains("why?"), "{said}");
    assert_eq!(text(client, "where", json!({})).await, "file:///islands");
    let read = client.read_resource("note://Ada/greeting").await.unwrap();
    assert_eq!(read.contents[0].text.as_deref(), Some("Welcome, Ada."));
    let prompt = client.get_prompt("greeting", json!({ "name": "Ada" })).await.unwrap();
    assert_eq!(prompt.messages.len(), 1);
    client.ping().await.unwrap();
}

fn logging() -> (ClientBuilder, Arc<AtomicUsize>) {
    let logged = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&logged);
    let builder = builder().on_log(move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
    });
    (builder, logged)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_on_a_pipe_is_found_to_be_legacy_and_used() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let client = connect(builder(), on_a_pipe(&peers.everything(), &peers)).await;
    check_everything(&client).await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_over_http_is_found_to_be_legacy_and_used() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let server = everything_over_http(&peers).await;
    let client = connect(builder(), &server.url).await;
    check_everything(&client).await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn modern_typescript_server_on_a_pipe_is_used() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let server = [peers.node(), script("server_modern.mjs"), "stdio".to_owned()];
    let client = connect(builder(), on_a_pipe(&server, &peers)).await;
    check_modern(&client).await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn modern_typescript_server_over_http_is_used() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let server = [peers.node(), script("server_modern.mjs"), "http".to_owned(), "0".to_owned()];
    let server = Server::start(&server).await;
    let client = connect(builder(), &server.url).await;
    check_modern(&client).await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_server_on_a_pipe_is_used() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    let mut server = python(&peers, "py1", "server_py1.py");
    server.push("stdio".to_owned());
    let (builder, logged) = logging();
    let client = connect(builder, on_a_pipe(&server, &peers)).await;
    check_python(&client, &logged).await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_server_over_http_is_used() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    let mut server = python(&peers, "py1", "server_py1.py");
    server.extend(["http".to_owned(), program::free_port().to_string()]);
    let server = Server::start(&server).await;
    let (builder, logged) = logging();
    let client = connect(builder, &server.url).await;
    check_python(&client, &logged).await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_does_not_have_our_era_is_refused() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let modern = [peers.node(), script("server_modern.mjs"), "stdio".to_owned()];
    let refused = builder().era(EraMode::Legacy).connect(on_a_pipe(&modern, &peers)).await;
    assert!(matches!(refused, Err(ClientError::Rpc(_))), "{refused:?}");
    let refused = builder().era(EraMode::Modern).connect(on_a_pipe(&peers.everything(), &peers));
    let refused = refused.await;
    assert!(matches!(refused, Err(ClientError::Rpc(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn session_that_a_python_server_has_forgotten_is_replaced() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    let port = program::free_port();
    let mut command = python(&peers, "py1", "server_py1.py");
    command.extend(["http".to_owned(), port.to_string()]);
    let server = Server::start(&command).await;
    let client = connect(builder(), &server.url).await;
    check_replaced(client, server, Server::start(&command)).await;
}

async fn check_replaced(client: Client, server: Server, starting: impl Future<Output = Server>) {
    let mut events = client.events();
    client.list_tools().await.unwrap();
    drop(server);
    let calling = client.list_tools().into_future();
    let (listed, _server) = tokio::join!(calling, starting);
    assert!(!listed.unwrap().tools.is_empty());
    let replaced = async {
        while let Some(event) = events.next().await {
            if let ClientEvent::SessionReplaced { session, .. } = event {
                return session;
            }
        }
        0
    };
    assert_eq!(tokio::time::timeout(PATIENCE, replaced).await.expect("an event"), 2);
    client.close().await;
}
