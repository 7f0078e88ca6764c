//! What tasks of the extension look like to a client of 2025-11-25.

use std::time::{Duration, Instant};

use eyot_jsonrpc::{ErrorObject, Id, Message, Request, ScanLimits};
use eyot_types::{
    ClientCapabilities, ClientCapability, DiscoverResult, Implementation, InputRequests,
    ListToolsResult, Revision, Task, TaskStatus, codes,
};
use proptest::prelude::{Just, prop_oneof, proptest};
use serde_json::{Value, json};

use super::{
    TaskReport, TaskRounds, call_goes_on, initialize, requires_task, task_created, task_report,
    task_result, tell_support, wanted_task,
};
use crate::tasks::{End, PollBounds, TaskBounds, TaskMachine, TaskSeed, Want, WorkPlace};

const TASKS: &str = "io.modelcontextprotocol/tasks";

fn message(value: &Value) -> Message {
    Message::parse(value.to_string().into(), &ScanLimits::default()).unwrap()
}

fn wire(message: &Message) -> Value {
    serde_json::from_slice(&message.to_bytes()).unwrap()
}

fn state(status: &str) -> Value {
    json!({ "taskId": "u", "status": status, "ttlMs": 9, "pollIntervalMs": 5,
        "createdAt": "2026-07-28T10:30:00Z", "lastUpdatedAt": "2026-07-28T10:31:00Z" })
}

fn got(state: &Value) -> Message {
    message(&json!({ "jsonrpc": "2.0", "id": 1, "result": state }))
}

/// The task that the client knows as `ours`.
fn begun(task: Task) -> TaskMachine {
    let ttl_ms = task.ttl_ms;
    let (id, place, said) = ("ours".into(), WorkPlace::Peer, task.into());
    let seed = TaskSeed { id, permit: None, place, said, ttl_ms, unix_ms: 0 };
    let polling = PollBounds::default();
    let bounds = TaskBounds { ttl_max: Duration::from_secs(60), questions_max: 8, polling };
    TaskMachine::new(seed, bounds, Instant::now())
}

/// The task after its server has said this of it.
fn seen(said: &Value) -> TaskMachine {
    let now = Instant::now();
    let mut task = begun(Task::new("u", "2026-07-28T10:30:00Z"));
    let TaskReport { report, end, .. } = task_report(&got(said), None).unwrap();
    let Want::Report(look) = task.handle_look(now) else { panic!("there is nothing to look at") };
    if let Want::End(ending) = task.handle_report(&look, report, now).unwrap() {
        task.handle_ending(ending, end.unwrap()).unwrap();
    }
    task
}

/// What the client is told of the end.
fn told(task: &TaskMachine) -> Value {
    wire(&task_result(Id::from_number(3), task.id(), task.end().unwrap()))
}

fn questions() -> Value {
    json!({ "a": { "method": "elicitation/create", "params": {
        "mode": "form", "message": "?",
        "requestedSchema": { "type": "object", "properties": {} } } } })
}

#[test]
fn a_session_has_tasks_where_both_sides_do() {
    let initialized = |revision, extensions: Value, has_list| {
        let capabilities = json!({ "tools": {}, "extensions": extensions });
        let discovered = json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"],
            "ttlMs": 0, "cacheScope": "private", "capabilities": capabilities });
        let discovered: DiscoverResult = serde_json::from_value(discovered).unwrap();
        initialize(revision, discovered, Implementation::new("unnamed", "0"), has_list)
    };
    let (result, losses) = initialized(Revision::V2025_11_25, json!({ TASKS: {} }), true);
    let tasks = json!({ "cancel": {}, "list": {}, "requests": { "tools": { "call": {} } } });
    assert_eq!(result.capabilities.0["tasks"], tasks);
    assert!(losses.is_empty(), "{losses:?}");
    let (result, _) = initialized(Revision::V2025_11_25, json!({ TASKS: {} }), false);
    assert!(result.capabilities.0["tasks"].get("list").is_none());
    let (result, losses) = initialized(Revision::V2025_06_18, json!({ TASKS: {} }), true);
    assert!(!result.capabilities.has("tasks") && !losses.is_empty());
    let (result, losses) = initialized(Revision::V2025_11_25, json!({ "x/y": {} }), true);
    assert!(!result.capabilities.has("tasks") && !losses.is_empty());
}

#[test]
fn a_call_asks_for_a_task_with_a_member_of_its_parameters() {
    let call = |params: Value| {
        message(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }))
    };
    let wanted = wanted_task(&call(json!({ "name": "a", "task": { "ttl": 7 } }))).unwrap();
    assert_eq!(wanted.ttl, Some(7));
    assert!(wanted_task(&call(json!({ "name": "task" }))).is_none());
    assert!(wanted_task(&call(json!({ "name": "a", "arguments": { "task": {} } }))).is_none());
}

#[test]
fn tools_say_that_they_can_be_tasks_or_must() {
    let tools = json!({ "tools": [{ "name": "a", "inputSchema": { "type": "object" } },
        { "name": "b", "inputSchema": { "type": "object" } }] });
    let mut page: ListToolsResult = serde_json::from_value(tools).unwrap();
    tell_support(&mut page, |name| name == "b");
    let page = serde_json::to_value(page).unwrap();
    assert_eq!(page["tools"][0]["execution"], json!({ "taskSupport": "optional" }));
    assert_eq!(page["tools"][1]["execution"], json!({ "taskSupport": "required" }));
}

#[test]
fn the_error_of_a_tool_that_must_be_a_task_is_known() {
    let required = ClientCapabilities::default().with_extension(TASKS, serde_json::Map::new());
    assert!(requires_task(&codes::missing_capability(&required)));
    let other = ClientCapabilities::default().with(ClientCapability::Sampling);
    assert!(!requires_task(&codes::missing_capability(&other)));
    assert!(!requires_task(&ErrorObject::new(-32603, "no")));
}

#[test]
fn a_created_task_is_nested() {
    let mut created = state("working");
    created["resultType"] = json!("task");
    let task = begun(task_created(&created.to_string()).unwrap());
    let answer = wire(&call_goes_on(Id::from_number(3), task.legacy_view()));
    let expected = json!({ "taskId": "ours", "status": "working", "ttl": 9, "pollInterval": 5,
        "createdAt": "2026-07-28T10:30:00Z", "lastUpdatedAt": "2026-07-28T10:31:00Z" });
    assert_eq!(answer["result"], json!({ "task": expected }));
    assert!(
        task_created(&json!({ "resultType": "complete", "content": [] }).to_string()).is_none()
    );
}

#[test]
fn a_tool_that_failed_has_failed_and_its_result_is_there() {
    let mut failed = state("completed");
    failed["result"] = json!({ "resultType": "complete", "content": [], "isError": true });
    let task = seen(&failed);
    assert_eq!(task.legacy_view().status, TaskStatus::Failed);
    let answer = told(&task);
    assert_eq!(answer["result"]["isError"], true);
    assert!(answer["result"].get("resultType").is_none(), "{answer}");
    let related = &answer["result"]["_meta"]["io.modelcontextprotocol/related-task"];
    assert_eq!(*related, json!({ "taskId": "ours" }));

    let mut broken = state("failed");
    broken["error"] = json!({ "code": -32603, "message": "sunk" });
    let task = seen(&broken);
    assert_eq!(task.legacy_view().status, TaskStatus::Failed);
    assert_eq!(told(&task)["error"], json!({ "code": -32603, "message": "sunk" }));

    let task = seen(&state("cancelled"));
    assert_eq!(task.legacy_view().status, TaskStatus::Cancelled);
    assert_eq!(told(&task)["error"]["message"], "the task was cancelled");
}

#[test]
fn questions_say_their_task_and_answers_go_under_their_keys() {
    let client = ClientCapabilities::default().with(ClientCapability::Elicitation);
    let asked: InputRequests = serde_json::from_value(questions()).unwrap();
    let mut rounds = TaskRounds::new("ours");
    let legs = rounds.ask(&asked, &client, String::new).unwrap();
    let params: Value = serde_json::from_str(legs[0].params.as_ref().unwrap().get()).unwrap();
    let related = &params["_meta"]["io.modelcontextprotocol/related-task"];
    assert_eq!((&legs[0].key[..], &params["message"]), ("a", &json!("?")));
    assert_eq!(*related, json!({ "taskId": "ours" }));
    let answer = got(&json!({ "action": "accept", "content": {} }));
    assert!(rounds.handle_answer("a", &answer).unwrap());
    let bare = Request::of_text(Id::from_number(1), "tasks/update", r#"{"taskId":"u"}"#);
    let update: Value = rounds.update(&bare).decode_params().unwrap();
    assert_eq!(update["taskId"], "u");
    assert_eq!(update["inputResponses"]["a"]["action"], "accept");
    assert!(rounds.ask(&asked, &ClientCapabilities::default(), String::new).is_err());
}

proptest! {
    /// Whatever a server says: what is over has an outcome or was cancelled, and nothing else has.
    #[test]
    fn every_view_is_a_state_of_2025_11_25(
        status in prop_oneof![
            Just("working"), Just("input_required"), Just("completed"), Just("failed"),
            Just("cancelled"), Just("odd"),
        ],
        is_asked: bool,
        has_result: bool,
        has_error: bool,
    ) {
        let mut said = state(status);
        if is_asked {
            said["inputRequests"] = questions();
        }
        if has_result {
            said["result"] = json!({ "content": [] });
        }
        if has_error {
            said["error"] = json!({ "code": -32603, "message": "sunk" });
        }
        let task = seen(&said);
        let view = task.legacy_view();
        let is_over = matches!(view.status, TaskStatus::Completed | TaskStatus::Failed);
        assert_eq!(matches!(task.end(), Some(End::Result(_) | End::Error(_))), is_over);
        let is_good = matches!(task.end(), Some(End::Result(_)));
        assert_eq!(view.status == TaskStatus::Completed, is_good);
        assert!(!matches!(view.status, TaskStatus::Other(_)));
        if view.status == TaskStatus::InputRequired {
            assert!(is_asked);
        }
    }
}
