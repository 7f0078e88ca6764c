//! Through the program, legacy clients reach servers that are only modern, and modern clients reach
//! legacy servers that ask in the middle of a call.
//!
//! Skipped, visibly, without the peers that `cargo xtask peers` fetches, if a test needs them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyot::ErrorObject;
use eyot::types::{ContentBlock, CreateMessageParams, CreateMessageResult, ElicitParams};
use eyot::types::{ElicitResult, Era};
use eyot::{Client, ClientBuilder, EraMode};
use serde_json::{Value, json};

use crate::peers::{CLIENT_PATIENCE, Peers, Server, at, python, run, script};
use crate::support::{Bridge, PATIENCE, Program};

/// A legacy client that answers every call with another name, and the colour that belongs to the
/// name.
fn builder() -> ClientBuilder {
    let asked = Arc::new(AtomicUsize::new(0));
    let elicit = move |params: ElicitParams| {
        let name = || format!("user {}", asked.fetch_add(1, Ordering::SeqCst));
        let answer = answer(&params.message, name);
        async move { Ok::<_, ErrorObject>(answer) }
    };
    Client::builder("eyot-tests", "1.0")
        .era(EraMode::Legacy)
        .timeout(PATIENCE)
        .on_elicit(elicit)
        .on_sample(sample)
}

fn answer(message: &str, name: impl FnOnce() -> String) -> ElicitResult {
    let known = message.strip_prefix("Which colour do you like, ");
    let content = match known.and_then(|it| it.strip_suffix('?')) {
        Some(known) => json!({ "colour": format!("colour of {known}") }),
        None if message.starts_with("user ") => json!({ "username": message, "email": "a@b.c" }),
        None => json!({ "name": name() }),
    };
    ElicitResult::accept(content.as_object().unwrap().clone())
}

async fn sample(params: CreateMessageParams) -> Result<CreateMessageResult, ErrorObject> {
    let question = serde_json::to_value(&params.messages).unwrap().to_string();
    let content = json!({ "type": "text", "text": format!("sampled {question}") });
    let result = json!({ "role": "assistant", "content": content, "model": "a-model" });
    Ok(serde_json::from_value(result).unwrap())
}

async fn text(client: &Client, tool: &str, arguments: Value) -> String {
    let answer = client.call_tool(tool, arguments).await.unwrap();
    assert!(!answer.is_error(), "{answer:?}");
    answer.text()
}

/// Every feature of `server_modern.mjs` that a legacy client can use.
pub(crate) async fn check_features(url: &str) {
    let client = builder().connect(url).await.unwrap();
    assert_eq!(client.era(), Era::Legacy);
    assert_eq!(client.server_info().unwrap().name, "server-modern");
    client.ping().await.unwrap();
    assert!(client.all_tools().await.unwrap().len() >= 5);
    let sum = client.call_tool("add", json!({ "a": 1, "b": 2 })).await.unwrap();
    assert_eq!(sum.structured::<Value>().unwrap(), json!({ "sum": 3 }));
    let calls = (0..20).map(|_| text(&client, "ask_name", json!({})));
    let mut said = futures_util::future::join_all(calls).await;
    said.sort();
    let names = (0..20).map(|number| format!("user {number}"));
    let mut expected: Vec<_> =
        names.map(|it| format!("Hello, {it}, who likes colour of {it}!")).collect();
    expected.sort();
    assert_eq!(said, expected);
    let read = client.read_resource("note://welcome").await.unwrap();
    assert_eq!(read.contents[0].text.as_deref(), Some("Welcome ashore."));
    let prompt = client.get_prompt("greeting", json!({ "name": "Ada" })).await.unwrap();
    assert!(
        matches!(&prompt.messages[0].content, ContentBlock::Text(it) if it.text == "Greet Ada.")
    );
    client.subscribe("note://welcome").await.unwrap();
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_legacy_client_uses_every_feature_of_a_modern_typescript_server_on_a_pipe() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let upstream = [
        "--env".to_owned(),
        format!("EYOT_PEERS={}", peers.folder()),
        "--".to_owned(),
        peers.node(),
        script("server_modern.mjs"),
        "stdio".to_owned(),
    ];
    check_features(&Bridge::before(&upstream).await.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_legacy_client_uses_every_feature_of_a_modern_typescript_server_over_http() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let server = [peers.node(), script("server_modern.mjs"), "http".to_owned(), "0".to_owned()];
    let server = Server::start(&server).await;
    check_features(&Bridge::before(&at(&server.url)).await.url()).await;
}

/// Twenty calls that ask the user and twenty that ask the model, all at once.
async fn check_questions(url: &str) {
    let client = builder().connect(url).await.unwrap();
    assert_eq!(client.era(), Era::Legacy);
    let calls = (0..20).map(|number| {
        let client = client.clone();
        async move {
            let mark = format!("user {number}.");
            let elicited = text(&client, "test_elicitation", json!({ "message": mark })).await;
            assert!(elicited.contains(&format!("\"username\":\"{mark}\"")), "{elicited}");
            let sampled = text(&client, "test_sampling", json!({ "prompt": mark })).await;
            assert!(sampled.contains(&mark), "{sampled}");
        }
    });
    futures_util::future::join_all(calls).await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_legacy_client_is_asked_by_our_modern_server_on_a_pipe() {
    let program = crate::support::program::program().display().to_string();
    let upstream = ["--", &program, "everything", "--stdio", "--era", "modern"];
    check_questions(&Bridge::before(&upstream.map(str::to_owned)).await.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_legacy_client_is_asked_by_our_modern_server_over_http() {
    let server = Program::everything(&["--era", "modern"]).await;
    check_questions(&Bridge::before(&at(&server.url())).await.url()).await;
}

/// All questions of `server_asking.mjs`, in twenty calls at once, to a user who takes longer than
/// it waits. With a key, all calls belong to one principal and share their upstream session.
async fn check_asking(peers: &Peers, upstream: &[String], key: Option<&str>) {
    let mut options = Vec::new();
    options.extend(key.map(|it| format!("--api-key=ada={it}")));
    options.extend_from_slice(upstream);
    let bridge = Bridge::before(&options).await;
    let mut args = vec![bridge.url()];
    args.extend(key.map(str::to_owned));
    let client = python(peers, "py2", "client_py2_asking.py");
    run(peers, &client, &args, CLIENT_PATIENCE).await;
}

async fn check_asking_over_http(key: Option<&str>) {
    let Some(peers) = Peers::find(&["py2", "node24", "js"]) else { return };
    let server = [peers.node(), script("server_asking.mjs"), "http".to_owned(), "0".to_owned()];
    let server = Server::start(&server).await;
    check_asking(&peers, &at(&server.url), key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn modern_python_client_is_asked_in_sessions_that_are_each_for_one_call() {
    check_asking_over_http(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn modern_python_client_is_asked_in_one_session_that_its_calls_share() {
    check_asking_over_http(Some("sesame")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn modern_python_client_is_asked_on_a_pipe_that_its_calls_share() {
    let Some(peers) = Peers::find(&["py2", "node24", "js"]) else { return };
    let variable = format!("EYOT_PEERS={}", peers.folder());
    let server = [peers.node(), script("server_asking.mjs"), "stdio".to_owned()];
    let upstream = [["--env".to_owned(), variable, "--".to_owned()], server].concat();
    check_asking(&peers, &upstream, Some("sesame")).await;
}
