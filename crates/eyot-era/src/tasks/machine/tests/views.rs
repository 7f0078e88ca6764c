//! What clients of both eras see.

use eyot_types::{LegacyTask, Task};

use super::*;

#[test]
fn the_answer_that_creates_a_task_shows_no_result() {
    let now = Instant::now();
    let said = Said { poll_interval_ms: Some(1_000), ..Said::at(1_000_000) };
    let seed = TaskSeed { id: "t1".into(), unix_ms: 1_000_000, ..seed(WorkPlace::Here, said) };
    let mut task = TaskMachine::new(seed, BOUNDS, now);
    assert!(task.handle_end(result("{}"), now + SECOND * 1_000));
    let created = serde_json::to_value(task.view(None).unwrap().created(None)).unwrap();
    let expected = json!({
        "resultType": "task",
        "taskId": "t1",
        "status": "completed",
        "createdAt": "1970-01-01T00:16:40.000Z",
        "lastUpdatedAt": "1970-01-01T00:33:20.000Z",
        "ttlMs": 60_000,
        "pollIntervalMs": 1_000,
    });
    assert_eq!(created, expected);
}

#[test]
fn time_goes_on_whatever_the_clock_does() {
    let now = Instant::now();
    let mut task = here(now);
    task.handle_message("later".to_owned(), now + SECOND);
    task.handle_message("earlier".to_owned(), now);
    assert_eq!(task.said.last_updated_at, Stamp::Unix(2_000));
}

#[test]
fn a_failure_is_said_to_people_too() {
    let now = Instant::now();
    let mut task = here(now);
    task.handle_message("working hard".to_owned(), now);
    task.handle_end(error("lost"), now);
    assert_eq!(shown(&task)["statusMessage"], "lost");
    assert_eq!(shown(&task)["error"], json!({ "code": -32603, "message": "lost" }));
}

#[test]
fn a_notification_says_which_subscription_it_is_for() {
    let task = here(Instant::now());
    let meta = json!({ "io.modelcontextprotocol/subscriptionId": 9 });
    let view = task.view(None).unwrap().notice(meta.as_object().unwrap().clone());
    assert!(!view.is_over());
    let notice = serde_json::to_value(view).unwrap();
    assert_eq!((&notice["_meta"], notice.get("resultType")), (&meta, None));
}

#[test]
fn open_questions_are_shown_and_answered_ones_are_not() {
    let now = Instant::now();
    let mut task = at_peer(now);
    task.handle_questions(asked(&["a", "b", "c"]), now).unwrap();
    task.handle_answer("b", now);
    assert_eq!(task.take_questions().len(), 2);
    let request = json!({ "method": "roots/list", "params": {} });
    assert_eq!(shown(&task)["inputRequests"], json!({ "a": request, "c": request }));
}

#[test]
fn what_a_peer_says_crosses_as_it_is() {
    let now = Instant::now();
    let mut from_legacy = LegacyTask::new("theirs", "noon");
    from_legacy.poll_interval = Some(7);
    from_legacy.other.insert("x".to_owned(), json!(1));
    let mut from_modern = Task::new("theirs", "noon").with_poll_interval_ms(7);
    from_modern.other = from_legacy.other.clone();
    for said in [Said::from(from_legacy), Said::from(from_modern)] {
        let task = begun(WorkPlace::Peer, said, now);
        let shown = serde_json::to_value(task.view(None).unwrap().got()).unwrap();
        let expected = json!({ "resultType": "complete", "taskId": "t", "status": "working",
            "createdAt": "noon", "lastUpdatedAt": "noon", "ttlMs": 60_000, "pollIntervalMs": 7,
            "x": 1 });
        assert_eq!(shown, expected);
        let legacy = serde_json::to_value(task.legacy_view()).unwrap();
        let expected = json!({ "taskId": "t", "status": "working", "createdAt": "noon",
            "lastUpdatedAt": "noon", "ttl": 60_000, "pollInterval": 7, "x": 1 });
        assert_eq!(legacy, expected);
    }
}

/// A task of a peer that has ended so, as a modern and as a legacy client see it.
fn ended(said: Task, end: Option<End>) -> (Task, LegacyTask) {
    let now = Instant::now();
    let ttl_ms = said.ttl_ms;
    let seed = TaskSeed { ttl_ms, ..seed(WorkPlace::Peer, said.into()) };
    let mut task = TaskMachine::new(seed, BOUNDS, now);
    if let Some(end) = end {
        let report = Report { said: task.said.clone(), ..over("") };
        let ending = ending(&mut task, report, now);
        task.handle_ending(ending, end).unwrap();
    }
    (serde_json::from_value(shown(&task)).unwrap(), task.legacy_view())
}

#[test]
fn a_tool_that_failed_is_a_failed_task_in_one_era_and_a_completed_one_in_the_other() {
    let task = Task::new("t", "2025-11-25T10:30:00Z").with_ttl_ms(5).with_poll_interval_ms(1);
    let text = json!({ "content": [], "isError": true });
    let (modern, legacy) = ended(task.clone(), Some(result(&text.to_string())));
    assert_eq!((&legacy.status, legacy.ttl), (&TaskStatus::Failed, Some(5)));
    assert_eq!(modern, task.completed(text.as_object().unwrap().clone()));
}

#[test]
fn a_task_keeps_its_error_and_its_state() {
    let running = Task::new("t", "2025-11-25T10:30:00Z").with_status_message("m").with_ttl_ms(5);
    let no = ErrorObject::new(7, "no");
    for (end, expected) in [
        (None, running.clone()),
        (Some(End::Error(no.clone())), running.clone().failed(no)),
        (Some(End::Cancelled), running.clone().cancelled()),
    ] {
        let (modern, legacy) = ended(running.clone(), end);
        assert_eq!((&legacy.status, &modern), (&expected.status, &expected));
    }
}
