//! The state machine of a task, under every order of events.

use eyot_types::GetTaskResult;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// What can happen to a task.
#[derive(Clone, Debug)]
enum Event {
    Asks(u8),
    Says(u8),
    Completes,
    Fails,
    IsCancelled,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0_u8..4).prop_map(Event::Asks),
        3 => (0_u8..3).prop_map(Event::Says),
        1 => Just(Event::Completes),
        1 => Just(Event::Fails),
        1 => Just(Event::IsCancelled),
    ]
}

fn new() -> TaskRecord {
    TaskRecord::new("t1".into(), None, (60_000, 1_000), 1_000_000)
}

fn inputs(count: u8) -> JsonObject {
    (0..count)
        .map(|it| (format!("q{it}"), json!({ "method": "roots/list", "params": {} })))
        .collect()
}

fn result() -> Box<RawValue> {
    RawValue::from_string(r#"{"content":[],"resultType":"complete"}"#.to_owned()).unwrap()
}

fn handle(record: &mut TaskRecord, event: &Event, now_ms: u64) -> bool {
    match event {
        Event::Asks(count) => record.handle_inputs(inputs(*count), now_ms),
        Event::Says(number) => record.handle_message(format!("part {number}"), now_ms),
        Event::Completes => record.handle_completed(result(), now_ms),
        Event::Fails => record.handle_failed(ErrorObject::new(-32603, "lost"), now_ms),
        Event::IsCancelled => record.handle_cancelled(now_ms),
    }
}

fn shown(record: &TaskRecord) -> Value {
    serde_json::to_value(record.view()).unwrap()
}

proptest! {
    #[test]
    fn a_task_moves_only_as_the_specification_allows(
        events in prop::collection::vec((event(), 0_u64..2_000_000), 0..24),
    ) {
        let mut record = new();
        for (event, now_ms) in events {
            let (status, before) = (record.status(), shown(&record));
            let has_changed = handle(&mut record, &event, now_ms);
            let after = shown(&record);
            let expected = match (&status, &event) {
                (it, _) if it.is_terminal() => status.clone(),
                (_, Event::Asks(0)) => TaskStatus::Working,
                (_, Event::Asks(_)) => TaskStatus::InputRequired,
                (_, Event::Says(_)) => status.clone(),
                (_, Event::Completes) => TaskStatus::Completed,
                (_, Event::Fails) => TaskStatus::Failed,
                (_, Event::IsCancelled) => TaskStatus::Cancelled,
            };
            prop_assert_eq!(record.status(), expected);
            if status.is_terminal() {
                prop_assert!(!has_changed);
            }
            if !has_changed {
                prop_assert_eq!(&before, &after);
            }
            let [before, after] = [&before, &after].map(|it| it["lastUpdatedAt"].as_str());
            prop_assert!(before <= after);
        }
    }

    #[test]
    fn a_task_shows_what_belongs_to_its_status_and_nothing_else(
        events in prop::collection::vec(event(), 0..12),
    ) {
        let mut record = new();
        for event in &events {
            handle(&mut record, event, 2_000_000);
        }
        let shown = shown(&record);
        let has = |name: &str| shown.get(name).is_some();
        prop_assert_eq!(has("inputRequests"), record.status() == TaskStatus::InputRequired);
        prop_assert_eq!(has("result"), record.status() == TaskStatus::Completed);
        prop_assert_eq!(has("error"), record.status() == TaskStatus::Failed);
        // It is what the types of the protocol read, to the last member.
        let typed: GetTaskResult = serde_json::from_value(shown.clone()).unwrap();
        prop_assert!(typed.task.other.is_empty());
        prop_assert_eq!(serde_json::to_value(typed).unwrap(), shown);
    }
}

#[test]
fn the_answer_that_creates_a_task_shows_no_result() {
    let mut record = new();
    assert!(record.handle_completed(result(), 2_000_000));
    let seed = serde_json::to_value(record.seed()).unwrap();
    let expected = json!({
        "resultType": "task",
        "taskId": "t1",
        "status": "completed",
        "createdAt": "1970-01-01T00:16:40.000Z",
        "lastUpdatedAt": "1970-01-01T00:33:20.000Z",
        "ttlMs": 60_000,
        "pollIntervalMs": 1_000,
    });
    assert_eq!(seed, expected);
}

#[test]
fn a_failure_is_said_to_people_too() {
    let mut record = new();
    record.handle_message("working hard".to_owned(), 1_000_000);
    record.handle_failed(ErrorObject::new(-32603, "lost"), 1_000_000);
    assert_eq!(shown(&record)["statusMessage"], "lost");
    assert_eq!(shown(&record)["error"], json!({ "code": -32603, "message": "lost" }));
}
