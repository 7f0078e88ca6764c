//! A task whose work is in this process, under every order of events.

use eyot_types::GetTaskResult;
use proptest::prelude::*;

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

/// Whether the task has changed by the event.
fn handle(task: &mut TaskMachine, event: &Event, now: Instant) -> bool {
    let version = task.version;
    match event {
        Event::Asks(count) => {
            let keys: Vec<_> = (0..*count).map(|it| format!("q{it}")).collect();
            let keys: Vec<_> = keys.iter().map(String::as_str).collect();
            task.handle_questions(asked(&keys), now).unwrap();
        }
        Event::Says(number) => task.handle_message(format!("part {number}"), now),
        Event::Completes => {
            let result = result(r#"{"content":[],"resultType":"complete"}"#);
            task.handle_end(result, now);
        }
        Event::Fails => {
            task.handle_end(error("lost"), now);
        }
        Event::IsCancelled => drop(task.handle_cancel(now)),
    }
    task.version != version
}

proptest! {
    #[test]
    fn a_task_moves_only_as_the_specification_allows(
        events in prop::collection::vec((event(), 0_u64..2_000_000), 0..24),
    ) {
        let begun = Instant::now();
        let mut task = here(begun);
        for (event, age_ms) in events {
            let (status, before) = (task.status(), shown(&task));
            let has_changed = handle(&mut task, &event, begun + Duration::from_millis(age_ms));
            let after = shown(&task);
            let expected = match (&status, &event) {
                (it, _) if it.is_terminal() => status.clone(),
                (_, Event::Asks(0)) => TaskStatus::Working,
                (_, Event::Asks(_)) => TaskStatus::InputRequired,
                (_, Event::Says(_)) => status.clone(),
                (_, Event::Completes) => TaskStatus::Completed,
                (_, Event::Fails) => TaskStatus::Failed,
                (_, Event::IsCancelled) => TaskStatus::Cancelled,
            };
            prop_assert_eq!(task.status(), expected);
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
        let now = Instant::now();
        let mut task = here(now);
        for event in &events {
            handle(&mut task, event, now + SECOND);
        }
        let shown = serde_json::to_value(task.view(None).unwrap().got()).unwrap();
        let has = |name: &str| shown.get(name).is_some();
        prop_assert_eq!(has("inputRequests"), task.status() == TaskStatus::InputRequired);
        prop_assert_eq!(has("result"), task.status() == TaskStatus::Completed);
        prop_assert_eq!(has("error"), task.status() == TaskStatus::Failed);
        // It is what the types of the protocol read, to the last member.
        let typed: GetTaskResult = serde_json::from_value(shown.clone()).unwrap();
        prop_assert!(typed.task.other.is_empty());
        prop_assert_eq!(serde_json::to_value(typed).unwrap(), shown);
    }
}
