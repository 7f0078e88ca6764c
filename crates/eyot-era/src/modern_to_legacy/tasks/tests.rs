//! What tasks of 2025-11-25 look like to a client of the extension.

use std::time::{Duration, Instant};

use eyot_jsonrpc::{Id, Json, Message, Request, ScanLimits};
use eyot_types::{
    Implementation, InputRequests, JsonObject, LegacyTask, Revision, ServerCapabilities, Task,
    TaskStatus, TaskSupport, meta,
};
use proptest::prelude::{Just, prop_oneof, proptest};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::{TaskPlan, created, declares_tasks, has_tasks, related_task, task_end, with_task};
use crate::tasks::{End, PollBounds, Report, TaskBounds, TaskMachine, TaskSeed, Want, WorkPlace};

fn message(value: &Value) -> Message {
    Message::parse(value.to_string().into(), &ScanLimits::default()).unwrap()
}

fn answer(member: &str, value: &Value) -> Message {
    message(&json!({ "jsonrpc": "2.0", "id": 1, member: value }))
}

fn server() -> Implementation {
    Implementation::new("s", "1")
}

fn task(status: TaskStatus) -> LegacyTask {
    let mut task = LegacyTask::new("t", "2025-11-25T10:30:00Z");
    task.status = status;
    task.poll_interval = Some(500);
    task
}

fn questions() -> InputRequests {
    let question = json!({ "1.1": { "method": "elicitation/create", "params": {
        "message": "?", "requestedSchema": { "type": "object", "properties": {} } } } });
    serde_json::from_value(question).unwrap()
}

/// The task that the client knows as `ours`.
fn begun(task: LegacyTask, now: Instant) -> TaskMachine {
    let ttl_ms = task.ttl;
    let (id, place, said) = ("ours".into(), WorkPlace::Peer, task.into());
    let seed = TaskSeed { id, permit: None, place, said, ttl_ms, unix_ms: 0 };
    let polling = PollBounds::default();
    let bounds = TaskBounds { ttl_max: Duration::from_secs(60), questions_max: 8, polling };
    TaskMachine::new(seed, bounds, now)
}

/// What the client sees of a task of which its server says this.
fn task_state(said: LegacyTask, asked: InputRequests, end: End) -> Task {
    let now = Instant::now();
    let mut task = begun(said.clone(), now);
    let asked = asked.into_iter().map(|(key, it)| (key, to_raw_value(&it).unwrap()));
    task.handle_questions(asked.collect(), now).unwrap();
    let Want::Report(look) = task.handle_look(now) else { panic!("there is nothing to look at") };
    let report = Report {
        asked: None,
        needs_listener: said.status == TaskStatus::InputRequired,
        is_over: said.status.is_terminal(),
        said: said.into(),
    };
    if let Want::End(ending) = task.handle_report(&look, report, now).unwrap() {
        task.handle_ending(ending, end).unwrap();
    }
    let shown = serde_json::to_value(task.view(None).unwrap()).unwrap();
    serde_json::from_value(shown).unwrap()
}

#[test]
fn a_call_is_a_task_where_the_tool_can_and_the_client_knows_what_that_is() {
    let plan = |support, has_extension| TaskPlan::of(support, has_extension);
    assert_eq!(plan(Some(&TaskSupport::Optional), true), TaskPlan::Task);
    assert_eq!(plan(Some(&TaskSupport::Required), true), TaskPlan::Task);
    assert_eq!(plan(Some(&TaskSupport::Required), false), TaskPlan::Driven);
    assert_eq!(plan(Some(&TaskSupport::Optional), false), TaskPlan::Plain);
    assert_eq!(plan(Some(&TaskSupport::Forbidden), true), TaskPlan::Plain);
    assert_eq!(plan(None, true), TaskPlan::Plain);
}

#[test]
fn only_a_server_of_the_one_revision_that_names_calls_of_tools_has_tasks() {
    let declared = |it: Value| ServerCapabilities(it.as_object().unwrap().clone());
    let full = declared(json!({ "tasks": { "requests": { "tools": { "call": {} } } } }));
    assert!(has_tasks(Revision::V2025_11_25, &full));
    assert!(!has_tasks(Revision::V2025_06_18, &full));
    for other in [json!({}), json!({ "tasks": {} }), json!({ "tasks": { "requests": {} } })] {
        assert!(!has_tasks(Revision::V2025_11_25, &declared(other)));
    }
}

#[test]
fn the_extension_is_looked_for_in_its_place() {
    let request = |capabilities: Value| {
        let meta = json!({ "io.modelcontextprotocol/clientCapabilities": capabilities });
        message(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "a", "_meta": meta } }))
    };
    let extension = json!({ "io.modelcontextprotocol/tasks": {} });
    assert!(declares_tasks(&request(json!({ "extensions": extension }))));
    assert!(!declares_tasks(&request(extension)));
    assert!(!declares_tasks(&request(json!({}))));
}

#[test]
fn parameters_gain_the_task_and_keep_their_bytes() {
    let params = r#"{"name":"a","arguments":{ "x":1.50 },"task":{"ttl":1}}"#;
    let call = Request::of_text(Id::from_number(1), "tools/call", params);
    let call = with_task(&call, 60_000).unwrap();
    let expected = r#"{"task":{"ttl":60000},"name":"a","arguments":{ "x":1.50 }}"#;
    assert_eq!(call.params(), Some(expected));
}

#[test]
fn a_created_task_is_flat_and_says_who_runs_it() {
    let said = json!({ "task": { "taskId": "u", "status": "working", "ttl": 9, "pollInterval": 5,
        "createdAt": "2025-11-25T10:30:00Z", "lastUpdatedAt": "2025-11-25T10:30:00Z" } });
    let task = begun(created(&answer("result", &said)).unwrap(), Instant::now());
    let mut metadata = JsonObject::new();
    meta::set_server_info(&mut metadata, &server());
    let result = task.view(None).unwrap().created(Some(metadata));
    let result = serde_json::to_value(result).unwrap();
    assert_eq!((&result["resultType"], &result["taskId"]), (&json!("task"), &json!("ours")));
    assert_eq!((&result["ttlMs"], &result["pollIntervalMs"]), (&json!(9), &json!(5)));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "s");
    assert!(created(&answer("result", &json!({ "content": [] }))).is_none());
}

#[test]
fn a_tool_that_failed_has_completed_and_an_error_has_failed() {
    let said = json!({ "content": [], "isError": true,
        "_meta": { "io.modelcontextprotocol/related-task": { "taskId": "u" } } });
    let (end, _) = task_end(&answer("result", &said), &Json::of(&server()).unwrap());
    let state = task_state(task(TaskStatus::Failed), InputRequests::default(), end);
    assert_eq!(state.status, TaskStatus::Completed);
    let result = state.result.unwrap();
    assert_eq!((&result["isError"], &result["resultType"]), (&json!(true), &json!("complete")));
    assert!(result["_meta"].get("io.modelcontextprotocol/related-task").is_none(), "{result:?}");

    let error = json!({ "code": -32603, "message": "broken" });
    let (end, _) = task_end(&answer("error", &error), &Json::of(&server()).unwrap());
    let state = task_state(task(TaskStatus::Failed), InputRequests::default(), end);
    assert_eq!(state.status, TaskStatus::Failed);
    assert_eq!(state.error.unwrap().message, "broken");
}

#[test]
fn a_message_says_which_task_it_belongs_to() {
    let request = |meta: Value| {
        message(&json!({ "jsonrpc": "2.0", "id": 1, "method": "elicitation/create",
            "params": { "_meta": meta } }))
    };
    let meta = json!({ "io.modelcontextprotocol/related-task": { "taskId": "u" } });
    assert_eq!(related_task(&request(meta)).as_deref(), Some("u"));
    assert_eq!(related_task(&request(json!({ "progressToken": 1 }))), None);
}

proptest! {
    /// "inputRequests MUST be present when status is input_required", and so on: whatever a server
    /// says, the state is one of the extension.
    #[test]
    fn every_state_has_what_its_status_asks_for_and_nothing_else(
        status in prop_oneof![
            Just(TaskStatus::Working), Just(TaskStatus::InputRequired),
            Just(TaskStatus::Completed), Just(TaskStatus::Failed), Just(TaskStatus::Cancelled),
            Just(TaskStatus::Other("odd".into())),
        ],
        is_asked: bool,
        has_result: bool,
    ) {
        let asked = if is_asked { questions() } else { InputRequests::default() };
        let end = match (&status, has_result) {
            (TaskStatus::Cancelled, _) => End::Cancelled,
            (_, true) => task_end(&answer("result", &json!({ "content": [] })), &Json::of(&server()).unwrap()).0,
            (_, false) => End::internal("the upstream's task is over and has no result"),
        };
        let was_terminal = status.is_terminal();
        let state = task_state(task(status), asked, end);
        let status = &state.status;
        assert_eq!(status.is_terminal(), was_terminal);
        assert_eq!(state.input_requests.is_some(), *status == TaskStatus::InputRequired);
        assert_eq!(state.result.is_some(), *status == TaskStatus::Completed);
        assert_eq!(state.error.is_some(), *status == TaskStatus::Failed);
        assert!(!matches!(status, TaskStatus::Other(_)));
    }
}
