//! Legacy clients with the tasks of 2025-11-25 before a server with the tasks extension.

use std::sync::Arc;
use std::time::Duration;

use eyot::{ApiKey, Keys, Limits};
use eyot_stdx::Secret;
use serde_json::{Value, json};

use crate::legacy_to_modern::{accepted, discovered, done, form, list, refuse, request, tool};
use crate::support::{
    Ask, Proxy, Response, Session, Upstream, call as plain_call, initialize, note, patient_limits,
    send, tool_text,
};

const META: &str = "io.modelcontextprotocol/";
const CREATED: &str = "2026-07-28T10:30:00Z";

/// A call that asks for a task.
fn call(id: u64) -> Value {
    let mut call = plain_call(id, "echo", json!({}));
    call["params"]["task"] = json!({ "ttl": 60_000 });
    call
}

fn about(id: u64, method: &str, task: &Value) -> Value {
    request(id, method, json!({ "taskId": task }))
}

/// The server's state of its task.
fn state(status: &str) -> Value {
    json!({ "resultType": "complete", "taskId": "u-1", "status": status, "ttlMs": 30_000,
        "pollIntervalMs": 250, "createdAt": CREATED, "lastUpdatedAt": CREATED })
}

fn created() -> Value {
    let mut created = state("working");
    created["resultType"] = json!("task");
    created
}

fn ended(text: &str) -> Value {
    let mut state = state("completed");
    state["result"] = done(text);
    state
}

struct Open {
    upstream: Upstream,
    proxy: Proxy,
    session: Session,
    initialized: Value,
}

/// Refuses `initialize` as a modern server does, then declares tasks.
async fn discover(upstream: &mut Upstream) {
    let supported = json!({ "supported": ["2026-07-28"], "requested": "2025-11-25" });
    refuse(upstream.expect("initialize").await, 400, -32022, supported).await;
    for _ in 0..2 {
        let mut said = discovered();
        said["capabilities"]["extensions"] = json!({ "io.modelcontextprotocol/tasks": {} });
        upstream.expect("server/discover").await.result(said).await;
    }
}

/// A session before a server with tasks. With a key, other keys exist too.
async fn open_with(limits: Limits, key: Option<&str>, revision: &str) -> Open {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before_url(&upstream, limits, |config| {
        let with_name =
            |name: &str| ApiKey { name: name.into(), key: Secret::new(name.to_owned()) };
        let names = key.map_or(&[][..], |_| &["ada", "bob"]);
        config.endpoint.auth =
            Arc::new(Keys::new(names.iter().copied().map(with_name).collect()).unwrap());
    });
    let proxy = proxy.await;
    let mut first = Ask::post(&initialize(revision));
    if let Some(key) = key {
        first = first.header("authorization", &format!("Bearer {key}"));
    }
    let (initialized, ()) = tokio::join!(send(proxy.address, &first), discover(&mut upstream));
    let session = Session::open_as(proxy.address, revision, key).await;
    Open { upstream, proxy, session, initialized: initialized.json()["result"].clone() }
}

async fn open() -> Open {
    open_with(patient_limits(), None, "2025-11-25").await
}

impl Open {
    /// Sends a request while the upstream does what the test says.
    async fn during(&mut self, ask: Value, serving: impl AsyncFnOnce(&mut Upstream)) -> Response {
        tokio::join!(self.session.send(&ask), serving(&mut self.upstream)).0
    }

    /// Begins a task at the server; returns its id.
    async fn begin(&mut self) -> Value {
        let answer = self.during(call(2), async |upstream| {
            list(upstream, json!([tool("echo", json!({}))])).await;
            let asked = upstream.expect("tools/call").await;
            let params = &asked.message()["params"];
            let declared = &params["_meta"][format!("{META}clientCapabilities")];
            assert_eq!(declared["extensions"], json!({ "io.modelcontextprotocol/tasks": {} }));
            assert!(params.get("task").is_none(), "{params}");
            asked.result(created()).await;
        });
        let answer = answer.await.json();
        let task = &answer["result"]["task"];
        let expected = json!({ "taskId": task["taskId"], "status": "working", "ttl": 30_000,
            "pollInterval": 250, "createdAt": CREATED, "lastUpdatedAt": CREATED });
        assert_eq!(*task, expected, "{answer}");
        assert_ne!(task["taskId"], "u-1");
        task["taskId"].clone()
    }
}

/// The server is asked for the state once, and gives this one.
async fn looked_at(upstream: &mut Upstream, state: Value) {
    let asked = upstream.expect("tasks/get").await;
    assert_eq!(asked.message()["params"]["taskId"], "u-1");
    assert_eq!(asked.header("mcp-name"), Some("u-1"));
    asked.result(state).await;
}

#[tokio::test]
async fn a_session_has_tasks_where_its_revision_does() {
    let tasks = json!({ "cancel": {}, "requests": { "tools": { "call": {} } } });
    assert_eq!(open().await.initialized["capabilities"]["tasks"], tasks);
    let older = open_with(patient_limits(), None, "2025-06-18").await;
    assert!(older.initialized["capabilities"].get("tasks").is_none());
    let get = older.session.send(&about(1, "tasks/get", &json!("x"))).await;
    assert_eq!(get.code(), -32601);
}

#[tokio::test]
async fn tools_say_that_they_can_be_tasks() {
    let mut open = open().await;
    let listing = request(1, "tools/list", json!({}));
    let listed = open.during(listing.clone(), async |upstream| {
        list(upstream, json!([tool("echo", json!({}))])).await;
    });
    let listed = listed.await.json();
    assert_eq!(listed["result"]["tools"][0]["execution"], json!({ "taskSupport": "optional" }));
    // A tool that must be a task refuses a plain call.
    let refused = open.during(plain_call(2, "echo", json!({})), async |upstream| {
        let asked = upstream.expect("tools/call").await;
        let declared = &asked.message()["params"]["_meta"][format!("{META}clientCapabilities")];
        assert!(declared.get("extensions").is_none(), "{declared}");
        let extension = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
        refuse(asked, 400, -32021, json!({ "requiredCapabilities": extension })).await;
    });
    assert_eq!(refused.await.code(), -32601);
    let listed = open.during(listing.clone(), async |upstream| {
        list(upstream, json!([tool("echo", json!({}))])).await;
    });
    let listed = listed.await.json();
    assert_eq!(listed["result"]["tools"][0]["execution"], json!({ "taskSupport": "required" }));
}

#[tokio::test]
async fn task_of_the_server_is_one_of_2025_11_25() {
    let mut open = open().await;
    let id = open.begin().await;
    let get = about(3, "tasks/get", &id);
    let answer = open.during(get.clone(), async |upstream| {
        let mut working = state("working");
        working["statusMessage"] = json!("rowing");
        looked_at(upstream, working).await;
    });
    let answer = answer.await.json();
    assert_eq!(
        (&answer["result"]["taskId"], &answer["result"]["statusMessage"]),
        (&id, &json!("rowing"))
    );
    assert!(answer["result"].get("resultType").is_none(), "{answer}");
    // The client waits for the result.
    let result = open.during(about(4, "tasks/result", &id), async |upstream| {
        looked_at(upstream, state("working")).await;
        looked_at(upstream, state("working")).await;
        looked_at(upstream, ended("across")).await;
    });
    let result = result.await.json();
    assert_eq!(result["id"], 4);
    let mut expected = tool_text("across");
    expected["_meta"] = json!({ "io.modelcontextprotocol/related-task": { "taskId": id } });
    assert_eq!(result["result"], expected);
    // The bridge keeps the end: the server is not asked any more.
    let again = open.session.send(&about(5, "tasks/result", &id)).await.json();
    assert_eq!(again["result"], expected);
    let over = open.session.send(&get).await.json();
    assert_eq!(over["result"]["status"], "completed");
    let late = open.session.send(&about(6, "tasks/cancel", &id)).await;
    assert_eq!(late.code(), -32602);
}

#[tokio::test]
async fn answer_at_once_is_a_task_that_is_over_when_it_is_looked_at() {
    let mut open = open().await;
    for (is_error, status) in [(false, "completed"), (true, "failed")] {
        let answer = open.during(call(2), async |upstream| {
            let mut asked = upstream.next().await;
            if asked.method() == "tools/list" {
                let tools = json!([tool("echo", json!({}))]);
                asked.result(json!({ "resultType": "complete", "tools": tools, "ttlMs": 0 })).await;
                asked = upstream.next().await;
            }
            let mut result = done("at once");
            result["isError"] = json!(is_error);
            asked.result(result).await;
        });
        let answer = answer.await.json();
        let task = &answer["result"]["task"];
        assert_eq!(task["status"], "working", "{answer}");
        let got = open.session.send(&about(3, "tasks/get", &task["taskId"])).await.json();
        assert_eq!(got["result"]["status"], status);
        let result = open.session.send(&about(4, "tasks/result", &task["taskId"])).await.json();
        assert_eq!(result["result"]["content"], tool_text("at once")["content"]);
    }
}

#[tokio::test]
async fn what_a_task_asks_comes_on_the_stream_of_its_result() {
    let mut open = open().await;
    let id = open.begin().await;
    let mut asking = state("input_required");
    asking["inputRequests"] = json!({ "who": form("who?") });
    let waiting = open.session.start(&about(3, "tasks/result", &id)).await;
    looked_at(&mut open.upstream, asking.clone()).await;
    let mut events = waiting.begun().await.events();
    let question = events.next_message().await.message();
    assert_eq!(question["params"]["message"], "who?", "{question}");
    let related = &question["params"]["_meta"][format!("{META}related-task")];
    assert_eq!(*related, json!({ "taskId": id }));
    // The server goes on reporting that it waits, but each question is asked once.
    looked_at(&mut open.upstream, asking.clone()).await;
    assert_eq!(open.session.send(&accepted(&question, "Ada")).await.status, 202);
    let updated = loop {
        let exchange = open.upstream.next().await;
        match exchange.method().as_str() {
            "tasks/get" => exchange.result(asking.clone()).await,
            _ => break exchange,
        }
    };
    assert_eq!(updated.method(), "tasks/update");
    let params = &updated.message()["params"];
    let answers = json!({ "who": { "action": "accept", "content": { "name": "Ada" } } });
    assert_eq!((&params["taskId"], &params["inputResponses"]), (&json!("u-1"), &answers));
    updated.result(json!({ "resultType": "complete" })).await;
    looked_at(&mut open.upstream, asking).await;
    looked_at(&mut open.upstream, ended("Hello, Ada")).await;
    let answer = events.rest().await.last().unwrap().message();
    assert_eq!(answer["result"]["content"], tool_text("Hello, Ada")["content"]);
}

#[tokio::test]
async fn client_that_refuses_to_answer_ends_its_task() {
    let mut open = open().await;
    let id = open.begin().await;
    let mut asking = state("input_required");
    asking["inputRequests"] = json!({ "who": form("who?") });
    let waiting = open.session.start(&about(3, "tasks/result", &id)).await;
    looked_at(&mut open.upstream, asking).await;
    let mut events = waiting.begun().await.events();
    let question = events.next_message().await.message();
    let error = json!({ "code": -1, "message": "User rejected" });
    let refusal = json!({ "jsonrpc": "2.0", "id": question["id"], "error": error });
    assert_eq!(open.session.send(&refusal).await.status, 202);
    let cancelled = open.upstream.expect("tasks/cancel").await;
    cancelled.result(json!({ "resultType": "complete" })).await;
    let answer = events.rest().await.last().unwrap().message();
    assert!(answer["error"]["message"].as_str().unwrap().contains("User rejected"), "{answer}");
    let got = open.session.send(&about(4, "tasks/get", &id)).await.json();
    assert_eq!(got["result"]["status"], "failed");
}

#[tokio::test]
async fn client_that_waits_no_more_leaves_the_task_alone() {
    let mut open = open().await;
    let id = open.begin().await;
    let mut waiting = open.session.start(&about(3, "tasks/result", &id)).await;
    looked_at(&mut open.upstream, state("working")).await;
    let cancelled = note("notifications/cancelled", json!({ "requestId": 3 }));
    assert_eq!(open.session.send(&cancelled).await.status, 202);
    assert_eq!(waiting.response().await.text(), "");
    let got = open.during(about(4, "tasks/get", &id), async |upstream| {
        looked_at(upstream, ended("across")).await;
    });
    assert_eq!(got.await.json()["result"]["status"], "completed");
}

#[tokio::test]
async fn cancelled_task_is_cancelled_even_if_its_server_goes_on() {
    let mut open = open().await;
    let id = open.begin().await;
    let mut waiting = open.session.start(&about(3, "tasks/result", &id)).await;
    looked_at(&mut open.upstream, state("working")).await;
    let cancelled = open.during(about(4, "tasks/cancel", &id), async |upstream| {
        let mut is_cancelled = false;
        while !is_cancelled {
            let exchange = upstream.next().await;
            is_cancelled = exchange.method() == "tasks/cancel";
            let acknowledged = json!({ "resultType": "complete" });
            exchange.result(if is_cancelled { acknowledged } else { state("working") }).await;
        }
    });
    let cancelled = cancelled.await.json();
    assert_eq!(
        (&cancelled["result"]["taskId"], &cancelled["result"]["status"]),
        (&id, &json!("cancelled"))
    );
    assert_eq!(waiting.response().await.json()["error"]["message"], "the task was cancelled");
    let got = open.session.send(&about(5, "tasks/get", &id)).await.json();
    assert_eq!(got["result"]["status"], "cancelled");
    assert_eq!(open.session.send(&about(6, "tasks/cancel", &id)).await.code(), -32602);
}

#[tokio::test]
async fn tasks_are_known_to_their_session_alone_and_listed_for_those_who_say_who_they_are() {
    let mut open = open().await;
    let id = open.begin().await;
    assert_eq!(open.session.send(&request(3, "tasks/list", json!({}))).await.code(), -32601);
    let other = Session::open(open.proxy.address, "2025-11-25").await;
    let stranger = other.send(&about(4, "tasks/get", &id)).await.json();
    let unknown = other.send(&about(4, "tasks/get", &json!("nobody's"))).await.json();
    assert_eq!(stranger, unknown);
    assert_eq!(stranger["error"]["code"], -32602);

    let mut open = open_with(patient_limits(), Some("ada"), "2025-11-25").await;
    assert_eq!(open.initialized["capabilities"]["tasks"]["list"], json!({}));
    let id = open.begin().await;
    let listed = open.session.send(&request(3, "tasks/list", json!({}))).await.json();
    assert_eq!(listed["result"]["tasks"][0]["taskId"], id, "{listed}");
    let bob = Session::open_as(open.proxy.address, "2025-11-25", Some("bob")).await;
    let listed = bob.send(&request(3, "tasks/list", json!({}))).await.json();
    assert_eq!(listed["result"]["tasks"], json!([]));
}

#[tokio::test]
async fn there_are_as_many_tasks_as_there_may_be_and_as_long_as_they_may() {
    let mut limits = patient_limits();
    limits.memory.tasks_max = 1;
    limits.memory.task_ttl = Duration::from_millis(500);
    let mut open = open_with(limits, None, "2025-11-25").await;
    let begun = open.during(call(2), async |upstream| {
        list(upstream, json!([tool("echo", json!({}))])).await;
        upstream.expect("tools/call").await.result(created()).await;
    });
    let begun = begun.await.json();
    assert_eq!(begun["result"]["task"]["ttl"], 500, "{begun}");
    let full = open.session.send(&call(3)).await.json();
    assert_eq!(full["error"]["data"]["limit"], "tasks", "{full}");
    let id = begun["result"]["task"]["taskId"].clone();
    // The state is asked for until the task's time is over.
    let mut waiting = open.session.start(&about(4, "tasks/result", &id)).await;
    let serving = async {
        loop {
            looked_at(&mut open.upstream, state("working")).await;
        }
    };
    let answer = tokio::select! {
        answer = waiting.response() => answer,
        () = serving => unreachable!("it serves for ever"),
    };
    assert_eq!(answer.code(), -32602, "{}", answer.text());
}
