//! Calls that become tasks, as their clients see them.

mod ends;
mod identity;
mod inputs;
mod listening;

use std::time::Duration;

use eyot_jsonrpc::{Message, ScanLimits};
use eyot_service::{Call, Principal, Reply, Transport};
use eyot_types::{Era, Revision, meta};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tower::Service as _;

use super::peer::Peer;
use crate::{
    CallContext, Eras, HandlerError, HandlerResult, NoArguments, Progress, Server, ServerBuilder,
    ServerTool, TaskPolicy, tool,
};

/// Capabilities of a client that has tasks.
fn with_tasks() -> Value {
    json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })
}

/// Capabilities of a client that has tasks and can be asked.
fn with_questions() -> Value {
    json!({ "elicitation": {}, "roots": {}, "extensions": { "io.modelcontextprotocol/tasks": {} } })
}

/// A tool that takes an hour unless it is stopped.
fn slow() -> ServerTool {
    tool("slow", |_: NoArguments, call: CallContext| async move {
        call.set_status_message("at it");
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        "done"
    })
    .task(TaskPolicy::Optional)
}

fn builder() -> ServerBuilder {
    Server::builder("tasks", "1")
}

/// Calls a tool and gives the id of the task that the call becomes.
async fn begin(peer: &mut Peer, name: &str) -> String {
    let created = peer.ask("tools/call", json!({ "name": name })).await;
    assert_eq!(created["result"]["resultType"], "task", "{created}");
    created["result"]["taskId"].as_str().unwrap().to_owned()
}

async fn get(peer: &mut Peer, id: &str) -> Value {
    let got = peer.ask("tasks/get", json!({ "taskId": id })).await;
    assert_eq!(got["result"]["resultType"], "complete", "{got}");
    got["result"].clone()
}

/// Asks until the task is over. The clock of these tests runs only while they wait like this.
async fn ended(peer: &mut Peer, id: &str) -> Value {
    loop {
        let task = get(peer, id).await;
        if !matches!(task["status"].as_str(), Some("working" | "input_required")) {
            return task;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The answer of a server to a principal without a connection; the first message of a stream.
async fn ask(server: &Server, principal: &str, method: &str, params: Value) -> Value {
    let mut params = params;
    params["_meta"] = json!({
        meta::PROTOCOL_VERSION: Revision::MODERN,
        meta::CLIENT_CAPABILITIES: with_questions(),
    });
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let message = Message::parse(request.to_string().into(), &ScanLimits::default()).unwrap();
    let principal = Some(Principal::new(principal));
    let peer = eyot_service::Peer {
        era: Era::Modern,
        principal,
        address: None,
        transport: Transport::Http,
        reach: eyot_service::Reach::Anybody,
    };
    let reply = server.service().call(Call::new(message.into(), peer)).await.unwrap();
    let message = match reply {
        Reply::One(answer) => answer.into(),
        Reply::Stream(mut parts) => parts.next().await.unwrap().unwrap().into_message().unwrap(),
        Reply::None => panic!("nothing was answered"),
    };
    serde_json::from_slice(&message.to_bytes()).unwrap()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_long_becomes_a_task_and_ends_there() {
    let server = builder().tool(slow().task_ttl(Duration::from_secs(7_200)));
    let server = server.task_poll_interval(Duration::from_secs(5)).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let created = peer.ask("tools/call", json!({ "name": "slow" })).await;
    let created = &created["result"];
    assert_eq!(created["status"], "working", "{created}");
    assert_eq!(created["statusMessage"], "at it");
    assert_eq!((&created["ttlMs"], &created["pollIntervalMs"]), (&json!(7_200_000), &json!(5_000)));
    assert!(created["_meta"]["io.modelcontextprotocol/serverInfo"].is_object(), "{created}");
    let id = created["taskId"].as_str().unwrap();
    let task = get(&mut peer, id).await;
    assert_eq!(task["status"], "working");
    assert_eq!(task["createdAt"], created["createdAt"]);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let task = get(&mut peer, id).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(text(&task["result"]), "done");
    assert_eq!(task["result"]["resultType"], "complete");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_done_soon_is_answered_as_ever() {
    let quick = tool("quick", |_: NoArguments, call: CallContext| async move {
        call.progress(Progress::new(1.0).message("nearly")).await;
        tokio::time::sleep(Duration::from_millis(99)).await;
        format!("{:?}", call.task_id())
    });
    let server = builder().tool(quick.task(TaskPolicy::Required)).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let call = json!({ "name": "quick", "_meta": { "progressToken": 7 } });
    let progress = peer.ask("tools/call", call).await;
    assert_eq!(progress["method"], "notifications/progress", "{progress}");
    assert_eq!(text(&peer.next().await["result"]), "None");
    assert_eq!(server.parts().tasks.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_without_the_extension_gets_no_task() {
    let required = tool("required", |_: NoArguments, _| async move { "" });
    let server = builder().tool(slow()).tool(required.task(TaskPolicy::Required)).build().unwrap();
    let mut modern = Peer::modern(&server, json!({}));
    let waited = modern.ask("tools/call", json!({ "name": "slow" })).await;
    assert_eq!(text(&waited["result"]), "done", "{waited}");
    for (method, params) in [
        ("tools/call", json!({ "name": "required" })),
        ("tasks/get", json!({ "taskId": "t" })),
        ("tasks/update", json!({ "taskId": "t", "inputResponses": {} })),
        ("tasks/cancel", json!({ "taskId": "t" })),
        ("subscriptions/listen", json!({ "notifications": { "taskIds": ["t"] } })),
    ] {
        let refused = modern.ask(method, params).await;
        assert_eq!(refused["error"]["code"], -32021, "{method}: {refused}");
        assert_eq!(refused["error"]["data"]["requiredCapabilities"], with_tasks());
    }
    let mut legacy = Peer::legacy(&server, with_tasks()).await;
    let listed = legacy.request("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.iter().map(|it| &it["name"]).collect::<Vec<_>>(), ["slow"]);
    let waited = legacy.request("tools/call", json!({ "name": "slow" })).await;
    assert_eq!(text(&waited["result"]), "done", "{waited}");
    let refused = legacy.request("tools/call", json!({ "name": "required" })).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}

#[test]
fn a_server_of_the_legacy_era_has_no_tool_that_needs_a_task() {
    let required = || tool("required", |_: NoArguments, _| async move { "" });
    let required = || required().task(TaskPolicy::Required);
    let legacy = builder().eras(Eras::Legacy);
    let problem = "tool `required`: it needs tasks, which no legacy client has";
    let error = legacy.tool(required()).build().unwrap_err();
    assert_eq!(error.problems, [problem]);
    let server = builder().eras(Eras::Legacy).tool(slow()).build().unwrap();
    assert_eq!(server.add_tool(required()).unwrap_err().problems, [problem]);
}

#[tokio::test]
async fn a_server_without_tasks_knows_nothing_of_them() {
    let never = tool("never", |_: NoArguments, _| async move { "" });
    let server = builder().tool(never).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let discovered = peer.ask("server/discover", json!({})).await;
    assert!(discovered["result"]["capabilities"].get("extensions").is_none(), "{discovered}");
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let answer = peer.ask(method, json!({ "taskId": "t", "inputResponses": {} })).await;
        assert_eq!(answer["error"]["code"], -32601, "{answer}");
    }
    server.add_tool(slow()).unwrap();
    let discovered = peer.ask("server/discover", json!({})).await;
    assert_eq!(discovered["result"]["capabilities"]["extensions"], with_tasks()["extensions"]);
    // No client finds the methods of the experimental tasks.
    for method in ["tasks/list", "tasks/result"] {
        let answer = peer.ask(method, json!({ "taskId": "t" })).await;
        assert_eq!(answer["error"]["code"], -32601, "{answer}");
    }
    let mut legacy = Peer::legacy(&server, json!({})).await;
    let answer = legacy.request("tasks/get", json!({ "taskId": "t" })).await;
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_fails_completes_and_only_the_protocol_fails() {
    let late = || tokio::time::sleep(Duration::from_secs(1));
    let tools = [
        tool("tool", move |_: NoArguments, _| async move {
            late().await;
            HandlerResult::<String>::Err(HandlerError::new("no luck"))
        }),
        tool("protocol", move |_: NoArguments, _| async move {
            late().await;
            let error = eyot_jsonrpc::ErrorObject::new(-32603, "no line");
            HandlerResult::<String>::Err(HandlerError::protocol(error))
        }),
        tool("panics", move |_: NoArguments, call: CallContext| async move {
            late().await;
            assert!(call.task_id().is_none(), "a handler may do anything");
        }),
    ];
    let server =
        tools.into_iter().fold(builder(), |it, tool| it.tool(tool.task(TaskPolicy::Optional)));
    let server = server.build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let id = begin(&mut peer, "tool").await;
    let task = ended(&mut peer, &id).await;
    assert_eq!((&task["status"], &task["result"]["isError"]), (&json!("completed"), &json!(true)));
    assert_eq!(text(&task["result"]), "no luck");
    let id = begin(&mut peer, "protocol").await;
    let task = ended(&mut peer, &id).await;
    assert_eq!((&task["status"], &task["statusMessage"]), (&json!("failed"), &json!("no line")));
    assert_eq!(task["error"], json!({ "code": -32603, "message": "no line" }));
    let id = begin(&mut peer, "panics").await;
    let task = ended(&mut peer, &id).await;
    assert_eq!((&task["status"], &task["error"]["code"]), (&json!("failed"), &json!(-32603)));
}

#[tokio::test(start_paused = true)]
async fn progress_of_a_task_is_its_status_message_and_logs_go_nowhere() {
    let chatty = tool("chatty", |_: NoArguments, call: CallContext| async move {
        for part in 1..=100 {
            call.progress(Progress::new(f64::from(part)).message(format!("part {part}"))).await;
            call.log(eyot_types::LogLevel::Error, "loud").await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        "done"
    });
    let server = builder().logging().tool(chatty.task(TaskPolicy::Optional)).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let meta = json!({ "progressToken": 1, "io.modelcontextprotocol/logLevel": "debug" });
    let created = peer.ask("tools/call", json!({ "name": "chatty", "_meta": meta })).await;
    let id = created["result"]["taskId"].as_str().unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let task = get(&mut peer, id).await;
    assert_eq!(task["statusMessage"], "part 3", "{task}");
    assert_eq!(ended(&mut peer, id).await["status"], "completed");
    assert_eq!(peer.hang_up().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_says_too_much_to_be_kept_back_becomes_a_task_early() {
    let flood = tool("flood", |_: NoArguments, call: CallContext| async move {
        for done in 1..=1_000 {
            call.progress(Progress::new(f64::from(done))).await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        "done"
    });
    let server = builder().tool(flood.task(TaskPolicy::Optional)).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let call = json!({ "name": "flood", "_meta": { "progressToken": 1 } });
    let created = peer.ask("tools/call", call).await;
    assert_eq!(created["result"]["resultType"], "task", "{created}");
    let id = created["result"]["taskId"].as_str().unwrap();
    assert_eq!(text(&ended(&mut peer, id).await["result"]), "done");
}
