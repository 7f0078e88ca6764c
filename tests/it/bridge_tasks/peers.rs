//! Modern clients with tasks reach foreign servers with the tasks of 2025-11-25, and the other way
//! round.
//!
//! Skipped, visibly, without the peers that `cargo xtask peers` fetches.

use serde_json::{Value, json};

use super::modern_to_legacy::{ask_at, call, ignorant, request};
use crate::peers::{Peers, Server, at, check, python, script};
use crate::support::program::{free_port, program};
use crate::support::{Bridge, Connection, Program, modern_ask};

/// The actions of a modern client with tasks.
impl Bridge {
    async fn ask(&self, request: &Value) -> Value {
        ask_at(self.program.address, request).await.json()
    }

    /// Begins a task; returns its id.
    async fn begin(&self, request: &Value) -> Value {
        let answer = self.ask(request).await;
        assert_eq!(answer["result"]["resultType"], "task", "{answer}");
        answer["result"]["taskId"].clone()
    }

    async fn get(&self, task: &Value) -> Value {
        let answer = self.ask(&request(50, "tasks/get", json!({ "taskId": task }))).await;
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Listens to the task until it is over, and answers its questions by `answer`; returns the
    /// last answer of `tasks/get`.
    async fn finish(&self, task: &Value, answer: impl Fn(&str) -> Value) -> Value {
        let filter = json!({ "notifications": { "taskIds": [task] } });
        let mut connection = Connection::open(self.program.address).await;
        connection.ask(&modern_ask(&request(40, "subscriptions/listen", filter))).await;
        let mut events = connection.begun().await.events();
        let acknowledged = events.next_message().await.message();
        assert_eq!(acknowledged["params"]["notifications"]["taskIds"], json!([task]));
        loop {
            let state = events.next_message().await.message()["params"].clone();
            match state["status"].as_str().unwrap() {
                "working" => {}
                "input_required" => self.answer(task, &state["inputRequests"], &answer).await,
                _ => return self.get(task).await,
            }
        }
    }

    async fn answer(&self, task: &Value, asked: &Value, answer: impl Fn(&str) -> Value) {
        let answers = asked.as_object().unwrap().iter().map(|(key, it)| {
            let content = answer(it["params"]["message"].as_str().unwrap());
            (key.clone(), json!({ "action": "accept", "content": content }))
        });
        let answers = serde_json::Map::from_iter(answers);
        let params = json!({ "taskId": task, "inputResponses": answers });
        let answer = self.ask(&request(60, "tasks/update", params)).await;
        assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    }
}

/// The text of an answer, or of a task that is over.
fn text(of: &Value) -> &str {
    of["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

fn name(message: &str) -> Value {
    json!({ "name": if message.starts_with("Who") { "Ada" } else { "Bob" } })
}

/// Every tool of `server_py1_tasks.py`, each twice at once.
async fn check_python(upstream: &[String]) {
    let bridge = Bridge::before(upstream).await;
    let twice = async |tool: &str| {
        let one = || async {
            let task = bridge.begin(&call(2, tool)).await;
            bridge.finish(&task, name).await
        };
        let (first, second) = tokio::join!(one(), one());
        assert_eq!(text(&first), text(&second));
        first
    };
    assert_eq!(text(&twice("row").await), "across");
    assert_eq!(text(&twice("greet").await), "Hello, Ada and Bob!");
    let leaked = twice("leak").await;
    assert_eq!(
        (&leaked["status"], &leaked["result"]["isError"]),
        (&json!("completed"), &json!(true))
    );

    let task = bridge.begin(&call(2, "drift")).await;
    let cancel = request(60, "tasks/cancel", json!({ "taskId": task }));
    assert_eq!(bridge.ask(&cancel).await["result"], json!({ "resultType": "complete" }));
    assert_eq!(bridge.finish(&task, name).await["status"], "cancelled");
    assert_eq!(bridge.ask(&cancel).await["result"], json!({ "resultType": "complete" }));

    // For a client without tasks, the bridge waits and asks in rounds.
    let plain = bridge.ask(&ignorant(call(2, "row"))).await;
    assert_eq!(text(&plain), "at once", "{plain}");
    let leaked = bridge.ask(&ignorant(call(2, "leak"))).await;
    assert_eq!(text(&leaked), "it leaks", "{leaked}");
    let mut request = ignorant(call(2, "greet"));
    let mut answer = bridge.ask(&request).await;
    while answer["result"]["resultType"] == "input_required" {
        let questions = answer["result"]["inputRequests"].as_object().unwrap();
        let (key, question) = questions.iter().next().unwrap();
        let content = name(question["params"]["message"].as_str().unwrap());
        request["params"]["requestState"] = answer["result"]["requestState"].clone();
        request["params"]["inputResponses"] =
            json!({ key: { "action": "accept", "content": content } });
        answer = bridge.ask(&request).await;
    }
    assert_eq!(text(&answer), "Hello, Ada and Bob!", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_a_legacy_python_server_on_a_pipe() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    let mut upstream = vec!["--".to_owned()];
    upstream.extend(python(&peers, "py1", "server_py1_tasks.py"));
    upstream.push("stdio".to_owned());
    check_python(&upstream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_a_legacy_python_server_over_http() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    let mut server = python(&peers, "py1", "server_py1_tasks.py");
    server.extend(["http".to_owned(), free_port().to_string()]);
    let server = Server::start(&server).await;
    check_python(&at(&server.url)).await;
}

/// The reference server makes a task of one tool, and asks in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn task_of_the_legacy_reference_server_asks_and_ends() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let mut upstream = vec!["--".to_owned()];
    upstream.extend(peers.everything());
    let bridge = Bridge::before(&upstream).await;
    let research = |arguments: Value| {
        let mut request = call(2, "simulate-research-query");
        request["params"]["arguments"] = arguments;
        request
    };
    let snake = |message: &str| {
        assert!(message.contains("multiple interpretations"), "{message}");
        json!({ "interpretation": "snake" })
    };
    let asked = async {
        let ambiguous = research(json!({ "topic": "python", "ambiguous": true }));
        let task = bridge.begin(&ambiguous).await;
        bridge.finish(&task, snake).await
    };
    let driven = ignorant(research(json!({ "topic": "islands" })));
    let (asked, driven) = tokio::join!(asked, bridge.ask(&driven));
    assert!(text(&asked).starts_with("# Research Report: python (snake)"), "{asked}");
    assert!(text(&driven).starts_with("# Research Report: islands"), "{driven}");
}

/// The command of `eyot everything` with only the tasks of the extension, on a pipe.
fn modern_everything() -> Vec<String> {
    let program = program().display().to_string();
    let args = ["--", program.as_str(), "everything", "--stdio", "--era", "modern"];
    args.map(str::to_owned).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_python_client_has_tasks_of_a_modern_server_on_a_pipe() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    check(&peers, &python(&peers, "py1", "client_py1_tasks.py"), &modern_everything()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_python_client_has_tasks_of_a_modern_server_over_http() {
    let Some(peers) = Peers::find(&["py1"]) else { return };
    let server = Program::everything(&["--era", "modern"]).await;
    check(&peers, &python(&peers, "py1", "client_py1_tasks.py"), &at(&server.url())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_typescript_client_has_tasks_of_a_modern_server() {
    let Some(peers) = Peers::find(&["node24", "js"]) else { return };
    let client = [peers.node(), script("client_ts1_tasks.mjs")];
    check(&peers, &client, &modern_everything()).await;
}
