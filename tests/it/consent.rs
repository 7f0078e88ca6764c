//! The program with rules that ask the user of a client, for clients of both eras.

use std::path::Path;
use std::sync::Arc;

use eyot::types::{ElicitParams, ElicitResult};
use eyot::{Client, ClientError, EraMode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::program::program;
use crate::support::rounds::{again, asked, with_capabilities};
use crate::support::{Connection, Program, modern_ask, modern_request};

const RULES: &str = r#"
version: 1
default: allow
rules:
  - name: payments
    match: {tool: [echo, ask_name]}
    ask: {message: "A payment is to be made. Is that right?", timeout: 10m}
"#;

async fn serve(folder: &Path, store: &str) -> Program {
    std::fs::write(folder.join("rules.yaml"), RULES).unwrap();
    std::fs::write(folder.join("i.yaml"), "boundary: downstream\nrules: [rules.yaml]\n").unwrap();
    let mut command = Command::new(program());
    command.current_dir(folder);
    command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--store", store]);
    command.args(["--interceptors", "i.yaml", "--"]).arg(program()).arg("demo-server");
    Program::start(&mut command).await
}

/// A client whose user answers so, and what the user was asked.
struct User {
    client: Client,
    asked: Arc<Mutex<Vec<String>>>,
}

impl User {
    async fn new(program: &Program, era: EraMode, consents: bool) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&asked);
        let answer = move |params: ElicitParams| {
            let answer = match (params.message.contains("name"), consents) {
                (true, _) => json!({ "action": "accept", "content": { "name": "Ada" } }),
                (false, true) => json!({ "action": "accept", "content": {} }),
                (false, false) => json!({ "action": "decline" }),
            };
            noted.lock().push(params.message);
            async move { Ok(serde_json::from_value::<ElicitResult>(answer).unwrap()) }
        };
        let builder = Client::builder("tester", "1.0").era(era).on_elicit(answer);
        Self { client: builder.connect(program.url()).await.unwrap(), asked }
    }

    /// What a call says, and what its user was asked.
    async fn call(&self, tool: &str, arguments: Value) -> (String, Vec<String>) {
        let said = said(&self.client, tool, arguments).await;
        (said, std::mem::take(&mut *self.asked.lock()))
    }
}

async fn said(client: &Client, tool: &str, arguments: Value) -> String {
    match client.call_tool(tool, arguments).await {
        Ok(answer) => answer.text(),
        Err(ClientError::Rpc(error)) => error.message,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_rule_asks_the_user_of_clients_of_both_eras_and_a_server_asks_behind_it() {
    const PAYMENT: &str = "A payment is to be made. Is that right?";
    let folder = TempDir::new().unwrap();
    let program = serve(folder.path(), "memory:").await;
    let text = || json!({ "text": "paid" });
    for era in [EraMode::Legacy, EraMode::Modern] {
        let user = User::new(&program, era, true).await;
        let paid = ("paid".to_owned(), vec![PAYMENT.to_owned()]);
        assert_eq!(user.call("echo", text()).await, paid, "{era:?}");
        assert_eq!(user.call("echo", text()).await, paid, "{era:?}");
        let (greeting, asked) = user.call("ask_name", json!({})).await;
        assert_eq!(greeting, "Hello, Ada!", "{era:?}");
        assert_eq!(asked, [PAYMENT, "What is your name?"], "{era:?}");
        assert_eq!(user.call("add", json!({ "a": 1, "b": 2 })).await.1, [""; 0], "{era:?}");

        let other = User::new(&program, era, false).await;
        let refused = ("it was not consented to".to_owned(), vec![PAYMENT.to_owned()]);
        assert_eq!(other.call("echo", text()).await, refused, "{era:?}");

        let alone = Client::builder("tester", "1.0").era(era);
        let alone = alone.connect(program.url()).await.unwrap();
        let denied = said(&alone, "echo", text()).await;
        assert!(denied.contains("has not declared the capability `elicitation`"), "{denied}");
    }
}

#[tokio::test]
async fn a_consent_that_was_asked_for_before_a_crash_is_taken_after_it() {
    let folder = TempDir::new().unwrap();
    let program = serve(folder.path(), "sqlite:s.db").await;
    let arguments = json!({ "name": "echo", "arguments": { "text": "paid" } });
    let call = with_capabilities(modern_request(1, "tools/call", arguments));
    let (key, message) = asked(&answer(&program, &call).await);
    assert!(message.starts_with("A payment"), "{message}");
    let question = answer(&program, &call).await;
    program.kill().await;
    let program = serve(folder.path(), "sqlite:s.db").await;
    let next = again(call, 2, &question, json!({ key: { "action": "accept", "content": {} } }));
    let done = answer(&program, &next).await;
    assert_eq!(done["result"]["content"][0]["text"], "paid", "{done}");
    let mut other = next;
    other["params"]["arguments"]["text"] = "paid twice".into();
    let refused = answer(&program, &other).await;
    assert_eq!(refused["error"]["message"], "Invalid or expired requestState", "{refused}");
}

async fn answer(program: &Program, request: &Value) -> Value {
    let mut connection = Connection::open(program.address).await;
    connection.ask(&modern_ask(request)).await;
    let (mut messages, _) = connection.messages().await;
    messages.pop().expect("an answer comes")
}
