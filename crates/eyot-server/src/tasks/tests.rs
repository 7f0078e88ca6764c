//! The table of tasks: room, identity and time.

use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use eyot_era::tasks::TaskMachine;
use eyot_jsonrpc::{ErrorObject, Id, Response};
use eyot_service::Limits;
use eyot_types::TaskStatus;
use serde_json::json;

use super::table::Room;
use super::{TaskEntry, TaskOptions, Tasks, Watch};
use crate::tests::gone;

const ADA: &str = "ada";
const BEN: &str = "ben";

fn tasks(max: usize, parts: usize) -> Tasks {
    let mut limits = Limits::default();
    limits.memory.tasks_max = max;
    limits.memory.task_results_bytes_max = 1_000;
    limits.principal_parts = parts;
    Tasks::new(TaskOptions::default(), &limits)
}

fn room(tasks: &Tasks, principal: Option<&str>) -> Result<Room, ErrorObject> {
    tasks.room(principal.map(Arc::from).as_ref())
}

fn create(tasks: &Tasks, principal: Option<&str>, ttl: Duration) -> Arc<TaskEntry> {
    let room = room(tasks, principal).unwrap();
    room.create(gone(), ttl, Duration::from_secs(1))
}

fn id(task: &TaskEntry) -> Arc<str> {
    task.read(|it| Arc::clone(it.id()))
}

fn finds(tasks: &Tasks, task: &TaskEntry, principal: Option<&str>) -> bool {
    tasks.find(&id(task), principal.map(Arc::from).as_ref()).is_some()
}

#[tokio::test(start_paused = true)]
async fn only_the_principal_of_a_task_finds_it() {
    let tasks = tasks(100, 1);
    let theirs = create(&tasks, Some(ADA), Duration::from_secs(60));
    let anonymous = create(&tasks, None, Duration::from_secs(60));
    for (principal, finds_theirs, finds_anonymous) in
        [(Some(ADA), true, false), (Some(BEN), false, false), (None, false, true)]
    {
        assert_eq!(finds(&tasks, &theirs, principal), finds_theirs, "{principal:?}");
        assert_eq!(finds(&tasks, &anonymous, principal), finds_anonymous, "{principal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_is_kept_until_its_time_is_over_and_no_longer() {
    let tasks = tasks(100, 1);
    let short = create(&tasks, None, Duration::from_millis(500));
    let long = create(&tasks, None, Duration::from_secs(60));
    tokio::time::sleep(Duration::from_millis(499)).await;
    assert!(finds(&tasks, &short, None));
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!finds(&tasks, &short, None));
    assert!(finds(&tasks, &long, None));
    assert_eq!(tasks.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_time_that_is_longer_than_any_process_runs_is_no_harm() {
    let tasks = tasks(100, 1);
    let task = create(&tasks, None, Duration::MAX);
    assert!(finds(&tasks, &task, None));
}

#[tokio::test(start_paused = true)]
async fn room_is_bounded_in_all_and_for_each_and_comes_back() {
    let tasks = tasks(3, 2);
    let first = room(&tasks, Some(ADA)).unwrap();
    let second = room(&tasks, Some(ADA)).unwrap();
    let full = room(&tasks, Some(ADA)).unwrap_err();
    assert_eq!(full.data.unwrap()["limit"], "tasks");
    let others = room(&tasks, Some(BEN)).unwrap();
    assert!(room(&tasks, None).is_err());
    // A call that became no task gives its room back, and so does a task whose time is over.
    drop(others);
    drop(room(&tasks, None).unwrap());
    first.create(gone(), Duration::from_secs(1), Duration::from_secs(1));
    assert!(room(&tasks, Some(ADA)).is_err());
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(room(&tasks, Some(ADA)).unwrap());
    drop(second);
    assert_eq!(tasks.count(), 0);
}

#[tokio::test]
async fn a_task_that_is_over_is_told_once_and_let_go() {
    let tasks = tasks(100, 1);
    let [over, open] = [(); 2].map(|()| create(&tasks, None, Duration::from_secs(60)));
    over.cancel();
    let mut watch = Watch::new(1, vec![Arc::clone(&over), Arc::clone(&open)]);
    let cx = Context::from_waker(Waker::noop());
    let subscription = Id::from_text("s1");
    let told = [(); 3].map(|()| watch.poll_notice(&subscription, &cx).is_ready());
    assert_eq!(told, [true, true, false]);
    // The table and this test hold the task that is over; the watch also holds the open one.
    assert_eq!([Arc::strong_count(&over), Arc::strong_count(&open)], [2, 3]);
    open.say("at it".to_owned());
    assert!(watch.poll_notice(&subscription, &cx).is_ready());
    assert!(watch.poll_notice(&subscription, &cx).is_pending());
}

#[tokio::test]
async fn ids_are_long_and_never_the_same() {
    let tasks = tasks(100, 1);
    let ids: std::collections::HashSet<_> =
        (0..100).map(|_| id(&create(&tasks, None, Duration::from_secs(60)))).collect();
    assert_eq!(ids.len(), 100);
    // 32 letters of 6 bits each.
    assert!(ids.iter().all(|it| it.len() == 32));
}

fn answer(text_bytes: usize) -> Response {
    Response::new(Id::from_text("1"), &"x".repeat(text_bytes - 2))
}

fn status(task: &TaskEntry) -> TaskStatus {
    task.read(TaskMachine::status)
}

#[tokio::test(start_paused = true)]
async fn results_have_their_room_together_and_give_it_back_with_their_time() {
    let tasks = tasks(100, 1);
    let minute = Duration::from_secs(60);
    let [first, second, third, fourth] = [(); 4].map(|()| create(&tasks, None, minute));
    first.finish(&answer(600));
    second.finish(&answer(401));
    assert_eq!([status(&first), status(&second)], [TaskStatus::Completed, TaskStatus::Failed]);
    second.read(|it| {
        let shown = serde_json::to_value(it.view(None)).unwrap();
        assert_eq!(shown["error"]["data"], json!({ "limit": "task results", "retryable": false }));
    });
    third.cancel();
    third.finish(&answer(400));
    assert_eq!((status(&third), tasks.result_bytes()), (TaskStatus::Cancelled, 600));
    fourth.finish(&answer(400));
    assert_eq!((status(&fourth), tasks.result_bytes()), (TaskStatus::Completed, 1_000));
    drop([first, second, third, fourth]);
    tokio::time::sleep(minute).await;
    tasks.sweep();
    assert_eq!(tasks.result_bytes(), 0);
}
