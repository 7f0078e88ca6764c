//! A server of handlers and a typed client, end to end: both eras, in process and over HTTP.
#![expect(clippy::disallowed_methods, reason = "a test waits for its own tasks")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyot::types::{
    ContentBlock, CreateMessageParams, CreateMessageResult, ElicitResult, ListRootsResult,
    LogLevel, PromptArgument, PromptMessage, Root, SamplingContent, SamplingMessage,
};
use eyot::{
    CallContext, Client, ClientBuilder, ClientEvent, Drained, Elicited, EraMode, HandlerResult,
    Json, NoArguments, Progress, Server, SqliteOptions, SqliteStore, Target, UriVariables, prompt,
    resource, resource_template, tool,
};
use futures_util::{FutureExt as _, StreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::support::within;

#[derive(Deserialize, JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Sum {
    sum: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

/// A server with one of everything.
fn server() -> Server {
    let add = tool("add", |it: Add, _| async move { Json(Sum { sum: it.a + it.b }) });
    let steps = tool("steps", |_: NoArguments, call: CallContext| async move {
        for step in 1..=3 {
            call.progress(Progress::new(f64::from(step)).of(3.0)).await;
            call.log(LogLevel::Info, format!("step {step}")).await;
        }
        "done"
    });
    let ask = tool("ask", |_: NoArguments, call: CallContext| async move {
        let Elicited::Accepted(Name { name }) = call.elicit::<Name>("Who?").await? else {
            return HandlerResult::Ok("nobody".to_owned());
        };
        let request = CreateMessageParams::new(vec![SamplingMessage::user(name)], 10);
        let (said, roots) = tokio::join!(call.sample(request), call.list_roots());
        let said = serde_json::to_value(said?.content)?;
        Ok(format!("{} in {}", said["text"], roots?.roots[0].uri))
    });
    let greet = prompt("greet", |it: BTreeMap<String, String>, _| async move {
        vec![PromptMessage::user(format!("Greet {}", it["name"]))]
    })
    .argument(PromptArgument::required("name"));
    let board = resource("board:///now", |_| async move { "empty" });
    let page =
        resource_template("page:///{n}", |it: UriVariables, _| async move { it["n"].clone() });
    Server::builder("all", "1.0")
        .instructions("Ask.")
        .tool(add)
        .tool(steps)
        .tool(ask)
        .prompt(greet)
        .resource(board)
        .resource_template(page)
        .resource_subscriptions()
        .logging()
        .build()
        .unwrap()
}

fn client(era: EraMode) -> ClientBuilder {
    Client::builder("test", "0")
        .era(era)
        .on_elicit(|_| async move {
            let content = json!({ "name": "Ada" }).as_object().unwrap().clone();
            Ok(ElicitResult::accept(content))
        })
        .on_sample(|asked: CreateMessageParams| async move {
            assert_eq!(asked.max_tokens, 10);
            Ok(CreateMessageResult::new("model", SamplingContent::text("Hello, Ada")))
        })
        .on_roots(|| async move { Ok(ListRootsResult::new(vec![Root::new("file:///home")])) })
}

/// A server over HTTP, with the task that serves it.
async fn over_http(server: &Server) -> (String, JoinHandle<Drained>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    (url, tokio::spawn(server.http().serve(listener)))
}

/// Checks everything that both eras can do.
async fn check_everything(client: &Client, server: &Server) {
    assert_eq!(client.server_info().unwrap().name, "all");
    assert_eq!(client.instructions().as_deref(), Some("Ask."));
    let tools = client.all_tools().await.unwrap();
    assert_eq!(
        tools.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["add", "steps", "ask"]
    );
    let sum: Sum =
        client.call_tool("add", json!({ "a": 1, "b": 2 })).await.unwrap().structured().unwrap();
    assert_eq!(sum, Sum { sum: 3 });
    let (call, mut progress) = client.call_tool("steps", json!({})).progress_stream();
    assert_eq!(call.await.unwrap().text(), "done");
    let mut seen = Vec::new();
    while let Some(step) = progress.next().await {
        seen.push(step.progress.as_f64().unwrap());
    }
    assert_eq!(seen, [1.0, 2.0, 3.0]);
    let answer = client.call_tool("ask", json!({})).await.unwrap();
    assert_eq!(answer.text(), "\"Hello, Ada\" in file:///home");
    let greeting = client.get_prompt("greet", json!({ "name": "Ada" })).await.unwrap();
    assert_eq!(greeting.messages[0].content, ContentBlock::text("Greet Ada"));
    let page = client.read_resource("page:///7").await.unwrap();
    assert_eq!(serde_json::to_value(&page.contents[0]).unwrap()["text"], "7");
    assert!(client.read_resource("page:///7/8").await.is_err());
    client.subscribe("board:///now").await.unwrap();
    server.notify_resource_updated("board:///now");
    client.ping().await.unwrap();
}

async fn check_both(era: EraMode) {
    let server = server();
    let (sender, mut updates) = mpsc::channel(8);
    let hears = move |uri| sender.try_send(uri).unwrap();
    let inside = client(era).on_resource_updated(hears.clone());
    let inside = within("the client connects", inside.connect(Target::in_process(server.clone())))
        .await
        .unwrap();
    within("everything is used", check_everything(&inside, &server)).await;
    assert_eq!(within("the update comes", updates.recv()).await.unwrap(), "board:///now");
    inside.close().await;

    let (url, serving) = over_http(&server).await;
    let outside = client(era).on_resource_updated(hears);
    let outside = within("the client connects", outside.connect(url)).await.unwrap();
    within("everything is used", check_everything(&outside, &server)).await;
    assert_eq!(within("the update comes", updates.recv()).await.unwrap(), "board:///now");
    outside.close().await;
    server.shutdown().drain();
    assert_eq!(within("the server drains", serving).await.unwrap(), Drained::Complete);
}

#[tokio::test]
async fn a_legacy_client_uses_everything_in_process_and_over_http() {
    Box::pin(check_both(EraMode::Legacy)).await;
}

#[tokio::test]
async fn a_modern_client_uses_everything_in_process_and_over_http() {
    Box::pin(check_both(EraMode::Modern)).await;
}

#[tokio::test]
async fn a_client_that_does_not_care_speaks_the_modern_era_with_us() {
    Box::pin(check_both(EraMode::Auto)).await;
}

#[tokio::test]
async fn an_endpoint_is_mounted_into_a_foreign_server() {
    let server = server();
    let app = axum::Router::new()
        .route("/other", axum::routing::get(|| async { "other" }))
        .route_service("/tools/mcp", server.http().into_service());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tools/mcp", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    for era in [EraMode::Legacy, EraMode::Modern] {
        let client = within("the client connects", client(era).connect(&url)).await.unwrap();
        within("everything is used", check_everything(&client, &server)).await;
        client.close().await;
    }
    serving.abort();
}

#[tokio::test]
async fn a_hundred_clients_that_ask_at_once_get_their_own_answers() {
    let server = server();
    let (url, serving) = over_http(&server).await;
    let url = Arc::new(url);
    let calls = (0..100_i64).map(|number| {
        let url = Arc::clone(&url);
        tokio::spawn(async move {
            let era = if number % 2 == 0 { EraMode::Legacy } else { EraMode::Modern };
            let client = client(era).connect(url.as_str()).await.unwrap();
            for step in 0..5 {
                let arguments = json!({ "a": number * 100, "b": step });
                let answer = client.call_tool("add", arguments).await.unwrap();
                let sum: Sum = answer.structured().unwrap();
                assert_eq!(sum.sum, number * 100 + step);
            }
            client.close().await;
        })
    });
    for call in calls.collect::<Vec<_>>() {
        tokio::time::timeout(Duration::from_secs(60), call).await.unwrap().unwrap();
    }
    server.shutdown().drain();
    assert_eq!(within("the server drains", serving).await.unwrap(), Drained::Complete);
}

/// A server that keeps its sessions in this file.
async fn durable(path: &std::path::Path, address: &str) -> (Server, String, JoinHandle<Drained>) {
    let server = server();
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(server.http().store(Arc::new(store)).serve(listener));
    (server, address, serving)
}

#[tokio::test]
async fn a_session_goes_on_when_its_server_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    let (first, address, serving) = durable(&path, "127.0.0.1:0").await;
    let (sender, mut updates) = mpsc::channel(8);
    let client = client(EraMode::Legacy)
        .on_resource_updated(move |uri| sender.try_send(uri).unwrap())
        .connect(format!("http://{address}/mcp"));
    let client = within("the client connects", client).await.unwrap();
    let mut events = client.events();
    within("the client subscribes", client.subscribe("board:///now")).await.unwrap();
    first.shutdown().drain();
    assert_eq!(within("the server drains", serving).await.unwrap(), Drained::Complete);

    let (second, _, serving) = durable(&path, &address).await;
    let answer = client.call_tool("add", json!({ "a": 2, "b": 2 }));
    let sum: Sum = within("the call", answer.into_future()).await.unwrap().structured().unwrap();
    assert_eq!(sum, Sum { sum: 4 });
    // The subscription is in the store, so no client had to repeat it.
    second.notify_resource_updated("board:///now");
    assert_eq!(within("the update comes", updates.recv()).await.unwrap(), "board:///now");
    client.close().await;
    let replaced = std::iter::from_fn(|| events.next().now_or_never().flatten());
    let is_replaced = |it: &ClientEvent| matches!(it, ClientEvent::SessionReplaced { .. });
    assert_eq!(replaced.filter(is_replaced).count(), 0, "the session is the same");
    second.shutdown().drain();
    assert_eq!(within("the server drains", serving).await.unwrap(), Drained::Complete);
}
