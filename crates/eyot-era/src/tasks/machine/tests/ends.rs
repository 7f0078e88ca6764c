//! How a task ends, and that it ends once.

use eyot_stdx::QuotaUsage;

use super::*;

#[test]
fn a_cancelled_task_ends_at_once_where_the_work_is_here() {
    let now = Instant::now();
    let mut task = here(now);
    task.handle_questions(asked(&["a"]), now).unwrap();
    assert_eq!(task.handle_cancel(now), Ok(()));
    assert_eq!(task.status(), TaskStatus::Cancelled);
    assert_eq!(actions(&mut task), [Action::Cancel, Action::Release]);
    assert_eq!(task.handle_cancel(now), Err(EndKind::Cancelled));
    assert!(!task.handle_answer("a", now));
    assert_eq!(actions(&mut task), []);
}

#[test]
fn a_peer_is_asked_to_stop_as_often_as_the_client_asks() {
    let now = Instant::now();
    let mut task = at_peer(now);
    for _ in 0..2 {
        assert_eq!(task.handle_cancel(now), Ok(()));
        assert_eq!(actions(&mut task), [Action::Cancel]);
        assert_eq!(task.status(), TaskStatus::Working);
    }
    assert!(task.handle_end(End::Cancelled, now));
    assert_eq!(task.handle_cancel(now), Err(EndKind::Cancelled));
    assert_eq!(actions(&mut task), [Action::Release]);
}

#[test]
fn a_task_that_cannot_go_on_ends_and_its_work_is_told_to_stop() {
    let now = Instant::now();
    let mut task = at_peer(now);
    assert!(task.handle_failure(error("refused"), now));
    assert!(!task.handle_failure(End::Cancelled, now));
    assert_eq!((task.status(), message(&task)), (TaskStatus::Failed, "refused"));
    assert_eq!(actions(&mut task), [Action::Cancel, Action::Release]);
}

#[test]
fn the_first_end_is_the_end() {
    let now = Instant::now();
    let ends = || [End::Cancelled, result("{}"), error("sunk")];
    for (first, status) in
        ends().into_iter().zip([TaskStatus::Cancelled, TaskStatus::Completed, TaskStatus::Failed])
    {
        let mut task = here(now);
        assert!(task.handle_end(first, now));
        for later in ends() {
            assert!(!task.handle_end(later, now));
        }
        assert_eq!(task.status(), status);
        assert_eq!(actions(&mut task), [Action::Release]);
    }
}

#[test]
fn a_task_of_a_peer_ends_when_its_result_is_here() {
    let now = Instant::now();
    let mut task = at_peer(now);
    let ending = ending(&mut task, over("done"), now);
    assert_eq!((task.status(), message(&task)), (TaskStatus::Working, "begun"));
    assert!(task.handle_ending(ending, result(r#"{"a":1}"#)).unwrap().is_none());
    assert_eq!((task.status(), message(&task)), (TaskStatus::Completed, "done"));
    assert_eq!(task.poll_look(), None);
    assert!(matches!(task.handle_look(now), Want::Nothing));
    assert_eq!(actions(&mut task), [Action::Release]);
}

#[test]
fn two_requests_that_bring_the_same_end_end_the_task_once() {
    let now = Instant::now();
    let quota = room(2);
    let mut task = begun_in(&quota, WorkPlace::Peer, now);
    let late = look(&mut task, now);
    let (first, second) =
        (ending(&mut task, over("done"), now), ending(&mut task, over("done"), now));
    task.handle_ending(first, result("1")).unwrap();
    assert!(task.handle_ending(second, result("2")).unwrap().is_none());
    assert_eq!(quota.usage().bytes, 1);
    assert!(reports(&mut task, &late, working("late"), now));
    assert_eq!(shown(&task)["result"], 1);
}

#[test]
fn an_end_without_room_stays_at_the_work_and_is_the_end_all_the_same() {
    let now = Instant::now();
    let quota = Quota::new(QuotaLimits::things(2).with_bytes(5));
    let mut others = quota.acquire(None, 4).unwrap();
    let mut task = begun_in(&quota, WorkPlace::Peer, now);
    let late = look(&mut task, now);
    let first = ending(&mut task, over("done"), now);
    let left = task.handle_ending(first, result("[1]")).unwrap().unwrap();
    assert_eq!(task.status(), TaskStatus::Completed);
    assert!(task.view(None).is_none());
    assert_eq!(serde_json::to_value(task.view(Some(&left))).unwrap()["result"], json!([1]));
    assert_eq!((actions(&mut task), task.poll_look().is_some()), (vec![], true));
    assert_eq!(task.handle_cancel(now), Err(EndKind::Result));
    // A report from before the end is no answer to who looks now.
    let want = task.handle_report(&late, working("late"), now).unwrap();
    let Want::Report(again) = want else { panic!("{want:?}") };
    let taken_back = task.handle_report(&again, working("begun anew"), now).unwrap_err();
    assert_eq!(taken_back, TaskError::Contradiction);
    let second = ending(&mut task, over("done"), now);
    let other = task.handle_ending(second, error("sunk")).unwrap_err();
    assert_eq!(other.to_string(), "the task has ended, and does not stand by its end");
    let version = task.version;
    let third = ending(&mut task, over("done"), now);
    assert!(task.handle_ending(third, result("[1]")).unwrap().is_some());
    others.shrink(4);
    let fourth = ending(&mut task, over("done"), now);
    assert!(task.handle_ending(fourth, result("[1]")).unwrap().is_none());
    assert_eq!((shown(&task)["result"].clone(), task.version), (json!([1]), version));
    assert_eq!((actions(&mut task), quota.usage().bytes), (vec![Action::Release], 3));
    drop((task, others));
    assert_eq!(quota.usage(), QuotaUsage::default());
}

#[test]
fn work_in_this_process_whose_result_has_no_room_has_failed() {
    let now = Instant::now();
    let quota = room(4);
    let mut task = begun_in(&quota, WorkPlace::Here, now);
    assert!(task.handle_end(result("[1,2]"), now));
    let data = json!({ "limit": "task results", "retryable": false });
    assert_eq!(shown(&task)["error"]["data"], data);
    assert_eq!((task.status(), quota.usage().bytes), (TaskStatus::Failed, 0));
    drop(task);
    let ada = Arc::from("ada");
    let permit = quota.acquire(Some(&ada), 0).ok();
    let seed = TaskSeed { permit, ..seed(WorkPlace::Here, said("begun")) };
    let mut task = TaskMachine::new(seed, BOUNDS, now);
    assert!(task.handle_end(result("[12]"), now));
    assert_eq!((task.status(), task.principal()), (TaskStatus::Completed, Some(&ada)));
    assert_eq!(quota.usage_of(Some("ada")).bytes, 4);
}

#[test]
fn an_end_that_is_heard_early_waits_for_the_word_that_it_is_the_end() {
    let now = Instant::now();
    let mut task = at_peer(now);
    task.handle_early_end(result("1"), now);
    assert_eq!((task.status(), task.poll_look()), (TaskStatus::Working, Some(now)));
    let ending = ending(&mut task, over("done"), now);
    let early = task.take_early_end().unwrap();
    task.handle_ending(ending, early).unwrap();
    assert_eq!(task.status(), TaskStatus::Completed);
    task.handle_early_end(error("late"), now);
    assert!(task.take_early_end().is_none());
}

#[test]
fn a_task_whose_time_is_over_fails_and_its_work_is_told_to_stop() {
    let now = Instant::now();
    for place in [WorkPlace::Here, WorkPlace::Peer] {
        let mut task = begun(place, said("begun"), now);
        task.handle_timeout(now + SECOND * 59);
        assert!(!task.is_over());
        task.handle_timeout(now + SECOND * 60);
        assert_eq!(message(&task), "the task took longer than it is kept");
        assert_eq!((task.status(), task.poll_timeout()), (TaskStatus::Failed, None));
        assert_eq!(actions(&mut task), [Action::Cancel, Action::Release]);
        task.handle_timeout(now + SECOND * 61);
        assert_eq!(actions(&mut task), []);
    }
}

#[test]
fn work_that_has_ended_is_let_go_with_the_time_of_its_task_and_not_cancelled() {
    let now = Instant::now();
    let quota = Quota::new(QuotaLimits::things(2).with_bytes(5));
    let others = quota.acquire(None, 5).unwrap();
    let mut task = begun_in(&quota, WorkPlace::Peer, now);
    let (first, second) =
        (ending(&mut task, over("done"), now), ending(&mut task, over("done"), now));
    task.handle_ending(first, result("1")).unwrap();
    task.handle_timeout(now + SECOND * 60);
    assert_eq!(actions(&mut task), [Action::Release]);
    assert!(matches!(task.handle_look(now), Want::Nothing));
    // Who has it already may bring it still.
    drop(others);
    task.handle_ending(second, result("1")).unwrap();
    assert_eq!((shown(&task)["result"].clone(), actions(&mut task)), (json!(1), vec![]));
}

#[test]
fn the_answer_to_the_request_is_the_end() {
    use eyot_jsonrpc::{Id, Message};

    let id = || Id::from_number(1);
    let failed = ErrorObject::new(-32603, "sunk");
    for (end, kind) in [
        (End::of_answer(&Message::response(id(), &json!({ "x": 1 }))), EndKind::Result),
        (End::of_answer(&Message::error_response(Some(id()), &failed)), EndKind::Error),
        // A request is no answer.
        (End::of_answer(&Message::request(id(), "ping", &json!({}))), EndKind::Error),
        (result(r#"{"isError":true}"#), EndKind::FailedResult),
        (result(r#"{"isError":false}"#), EndKind::Result),
        (result(r#"{"text":"\"isError\":true"}"#), EndKind::Result),
        (result(r#"[{"isError":true}]"#), EndKind::Result),
        (End::Cancelled, EndKind::Cancelled),
    ] {
        assert_eq!(end.kind(), kind, "{end:?}");
        assert_eq!(end.bytes() > 0, matches!(kind, EndKind::Result | EndKind::FailedResult));
    }
}
