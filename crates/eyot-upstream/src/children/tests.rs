//! Those that wait for a child.

use eyot_stdio::{ChildLimits, Command};
use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::Runtime;

fn children(limits: impl FnOnce(&mut Limits)) -> Children {
    let mut all = Limits::default();
    all.upstream.children_max = 1;
    limits(&mut all);
    Children::new(&all)
}

#[tokio::test(start_paused = true)]
async fn a_child_beyond_the_bound_waits_and_is_refused_in_the_end() {
    let children = children(|_| {});
    let first = children.admit(None).await.unwrap();
    let begun = Instant::now();
    let refused = children.admit(None).await.unwrap_err();
    assert_eq!(begun.elapsed(), Limits::default().upstream.children_wait_timeout);
    assert_eq!(refused.kind, eyot_service::FaultKind::Overloaded { retry_after: RETRY_AFTER });
    let (waited, ()) = tokio::join!(children.admit(None), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(first);
    });
    drop(waited.unwrap());
    assert_eq!(children.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_nobody_takes_any_more_goes_to_the_next() {
    let children = children(|_| {});
    let first = children.admit(None).await.unwrap();
    let mut gone = Box::pin(children.admit(None));
    let mut next = Box::pin(children.admit(None));
    assert!((&mut gone).now_or_never().is_none());
    assert!((&mut next).now_or_never().is_none());
    drop(first);
    drop(gone);
    let next = next.await.unwrap();
    assert_eq!(children.running(), 1);
    drop(next);
    assert_eq!(children.running(), 0);
}

/// Has one child that it does not use.
#[derive(Debug)]
struct Holder(Mutex<Option<ChildPermit>>);

impl HoldChildren for Holder {
    fn close_idle(&self, _only_of: Option<Option<&Arc<str>>>) -> bool {
        self.0.lock().take().is_some()
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_not_in_use_is_closed_for_another_one() {
    let children = children(|_| {});
    let holder = Arc::new(Holder(Mutex::new(Some(children.admit(None).await.unwrap()))));
    let weak: Weak<dyn HoldChildren> = Arc::downgrade(&holder) as _;
    children.add_holder(weak);
    let begun = Instant::now();
    let second = children.admit(None).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(holder.0.lock().is_none());
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_died_again_and_again_is_told_of_at_once() {
    let children = children(|_| {});
    for _ in 0..4 {
        children.admit(None).await.unwrap().note_death("upstream exited: exit code 3");
    }
    let fault = children.admit(None).await.unwrap_err();
    let reason = fault.error.data.unwrap()["reason"].to_string();
    assert!(reason.contains("exit code 3"), "{reason}");
    tokio::time::advance(Duration::from_millis(250)).await;
    drop(children.admit(None).await.unwrap());
}

/// A command whose child stays until its input ends.
fn cat() -> Command {
    Command { program: "cat".to_owned(), args: Vec::new(), env: Vec::new(), cwd: None }
}

fn runtime(limits: impl FnOnce(&mut Limits)) -> Runtime {
    let mut all = Limits::default();
    limits(&mut all);
    Runtime::new(TaskTracker::new(), CancellationToken::new(), Arc::new(all))
}

fn keep_spare(runtime: &Runtime) {
    let Runtime { children, shutdown, limits, tasks, .. } = runtime;
    let spare = SpareOf { command: cat(), owner: None, limits: ChildLimits::of(limits) };
    if let Some(keeping) = children.keep_spare(spare, shutdown.clone()) {
        tasks.spawn(keeping);
    }
}

/// Lets the task that keeps the spare child come to rest.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_spare_child_goes_to_the_next_that_needs_one() {
    let runtime = runtime(|_| {});
    let children = &runtime.children;
    let ada: Arc<str> = "ada".into();
    keep_spare(&runtime);
    settle().await;
    assert_eq!(children.running(), 1, "it counts");
    let other = Command { program: "tac".to_owned(), ..cat() };
    assert!(children.take_spare(&other, Some(&ada)).is_none());
    let spare = children.take_spare(&cat(), Some(&ada)).unwrap();
    assert!(children.take_spare(&cat(), Some(&ada)).is_none());
    keep_spare(&runtime);
    settle().await;
    assert_eq!(children.running(), 2);
    drop(spare);
    runtime.shutdown.cancel();
    runtime.tasks.close();
    runtime.tasks.wait().await;
    assert_eq!(children.running(), 0);
}

#[tokio::test]
async fn a_spare_child_makes_room_for_any_other() {
    let runtime = runtime(|limits| limits.upstream.children_max = 1);
    let children = &runtime.children;
    keep_spare(&runtime);
    settle().await;
    assert_eq!(children.running(), 1);
    let place = children.admit(None).await.unwrap();
    keep_spare(&runtime);
    settle().await;
    assert_eq!(children.running(), 1, "there is no room for a spare one");
    drop(place);
}
