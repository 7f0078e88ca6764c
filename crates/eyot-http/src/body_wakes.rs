//! The wakes that hyper's channel of a body costs.
//!
//! To take data out of the channel wakes the connection, so that it reads on. One task does both: it
//! would run once more for nothing, and with it all that it serves, when the body has ended.

use std::cell::Cell;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

thread_local! {
    /// What this thread does with wakes of connections.
    static WAKES: Cell<Wakes> = const { Cell::new(Wakes::Pass) };
}

#[derive(Default)]
enum Wakes {
    #[default]
    Pass,
    /// The body is being polled: the wake is kept, if there is one.
    Keep(Option<Arc<Task>>),
}

/// The waker of a connection's task, as hyper has it.
#[derive(Debug)]
pub(crate) struct TaskWaker {
    task: Arc<Task>,
    waker: Waker,
}

#[derive(Debug)]
struct Task(Mutex<Waker>);

impl TaskWaker {
    pub(crate) fn new() -> Self {
        let task = Arc::new(Task(Mutex::new(Waker::noop().clone())));
        let waker = Waker::from(Arc::clone(&task));
        Self { task, waker }
    }

    /// Polls the connection.
    pub(crate) fn poll<T>(
        &self,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.task.0.lock().clone_from(cx.waker());
        poll(&mut Context::from_waker(&self.waker))
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        match WAKES.take() {
            Wakes::Pass => self.pass(),
            Wakes::Keep(_) => WAKES.set(Wakes::Keep(Some(self))),
        }
    }
}

impl Task {
    fn pass(&self) {
        let task = self.0.lock().clone();
        task.wake();
    }
}

/// Polls a body. Its connection is woken only if the body is to go on.
pub(crate) fn poll_body<B, T>(
    body: &mut B,
    poll: impl FnOnce(&mut B) -> T,
    has_ended: impl FnOnce(&B) -> bool,
) -> T {
    WAKES.set(Wakes::Keep(None));
    let keeping = Keeping;
    let polled = poll(body);
    let kept = WAKES.take();
    drop(keeping);
    if let Wakes::Keep(Some(task)) = kept
        && !has_ended(body)
    {
        task.pass();
    }
    polled
}

/// Lets wakes pass again in the end, even after a panic.
struct Keeping;

impl Drop for Keeping {
    fn drop(&mut self) {
        WAKES.set(Wakes::Pass);
    }
}

#[cfg(test)]
mod tests;
