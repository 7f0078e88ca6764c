//! The program with rules that ask another principal: over a WebSocket and over HTTP, for callers of both
//! eras, and after a crash.

use std::future::IntoFuture as _;
use std::path::Path;
use std::sync::Arc;

use eyot::types::{ElicitParams, ElicitResult};
use eyot::{Client, ClientError, EraMode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::program::program;
use crate::support::{EventStream, Program, Session, within};

const RULES: &str = r#"
version: 1
default: allow
rules:
  - name: payments
    match: {tool: echo}
    ask: {principal: "ops*", message: "May it pay?", timeout: 10m}
"#;

const CALLER: &str = "key-of-the-caller-0123456789";
const OPS: &str = "key-of-operations-0123456789";

async fn serve(folder: &Path, store: &str) -> Program {
    std::fs::write(folder.join("rules.yaml"), RULES).unwrap();
    std::fs::write(folder.join("i.yaml"), "boundary: downstream\nrules: [rules.yaml]\n").unwrap();
    let mut command = Command::new(program());
    command.current_dir(folder);
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--store", store]);
    command.args([format!("--api-key=ann={CALLER}"), format!("--api-key=ops-1={OPS}")]);
    command.args(["--interceptors", "i.yaml", "--"]).arg(program()).arg("demo-server");
    Program::start(&mut command).await
}

type Asked = Arc<Mutex<Vec<String>>>;

/// A client whose user says this to everything, and what it was asked.
async fn client(url: &str, (era, key): (EraMode, &str), action: &'static str) -> (Client, Asked) {
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let answer = move |params: ElicitParams| {
        noted.lock().push(params.message);
        let answer = json!({ "action": action, "content": {} });
        async move { Ok(serde_json::from_value::<ElicitResult>(answer).unwrap()) }
    };
    let builder = Client::builder("tester", "1.0").era(era).bearer(key).on_elicit(answer);
    (builder.connect(url).await.unwrap(), asked)
}

async fn said(client: &Client) -> String {
    match client.call_tool("echo", json!({ "text": "paid" })).await {
        Ok(answer) => answer.text(),
        Err(ClientError::Rpc(error)) => error.message,
        Err(error) => panic!("{error}"),
    }
}

fn socket(program: &Program) -> String {
    format!("ws://{}/ws", program.address)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_principal_that_a_rule_names_lets_a_call_pass() {
    let folder = TempDir::new().unwrap();
    let program = serve(folder.path(), "memory:").await;
    for era in [EraMode::Legacy, EraMode::Modern] {
        let (caller, own) = client(&program.url(), (era, CALLER), "accept").await;
        let (other, _) = client(&socket(&program), (EraMode::Legacy, CALLER), "accept").await;
        let alone = said(&caller).await;
        assert!(alone.ends_with("no session of its client can be asked now"), "{era:?}: {alone}");
        for (action, expected) in
            [("accept", "paid"), ("decline", "`ops*` has not consented to it")]
        {
            let ops = (EraMode::Legacy, OPS);
            let (ops, asked) = client(&socket(&program), ops, action).await;
            ops.list_tools().await.unwrap();
            assert_eq!(said(&caller).await, expected, "{era:?}");
            let asked = std::mem::take(&mut *asked.lock());
            assert!(asked.len() == 1 && asked[0].starts_with("May it pay?\n\nCaller: ann"));
            ops.close().await;
        }
        assert!(own.lock().is_empty());
        other.close().await;
    }
}

/// The stream of a session of operations, and the next question on it.
async fn listening(program: &Program) -> (Session, EventStream) {
    let session = Session::open_as(program.address, "2025-11-25", Some(OPS)).await;
    let stream = session.begin(&session.get()).await.events();
    (session, stream)
}

async fn question(stream: &mut EventStream) -> Value {
    let question = stream.next_message().await.message();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    question
}

fn accept(question: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": {} } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_no_consent_and_the_next_call_asks_anew() {
    let folder = TempDir::new().unwrap();
    let program = serve(folder.path(), "sqlite:s.db").await;
    let (ops, mut stream) = listening(&program).await;
    let (caller, _) = client(&program.url(), (EraMode::Modern, CALLER), "accept").await;
    let call = caller.call_tool("echo", json!({ "text": "paid" })).into_future();
    let mut call = Box::pin(call);
    let asked = tokio::select! {
        ended = &mut call => panic!("{ended:?}"),
        asked = question(&mut stream) => asked,
    };
    program.kill().await;
    assert!(within("the end of the call", call).await.is_err());
    let program = serve(folder.path(), "sqlite:s.db").await;
    let ops = ops.at_address(program.address);
    // The answer to the question of before is taken, and lets nothing pass.
    assert_eq!(ops.send(&accept(&asked)).await.status, 202);
    let mut stream = ops.begin(&ops.get()).await.events().opened().await;
    let (caller, _) = client(&program.url(), (EraMode::Modern, CALLER), "accept").await;
    let call = said(&caller);
    let approving = async {
        let asked = question(&mut stream).await;
        assert_eq!(ops.send(&accept(&asked)).await.status, 202);
    };
    let (text, ()) = within("the consent", async { tokio::join!(call, approving) }).await;
    assert_eq!(text, "paid");
}
