//! The tasks that one client listens to.
//!
//! There is no queue: a task counts its changes, and a listener gets the state as it is when there
//! is room to send it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_era::tasks::Watcher;
use eyot_jsonrpc::{Id, Message};
use eyot_types::{JsonObject, Method, meta};

use super::entry::TaskEntry;

/// Looks at tasks in turn, for one listener.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The listener's number.
    watcher: u64,
    /// The tasks that may still change, each with the change that the listener was last told.
    tasks: VecDeque<(Arc<TaskEntry>, Watcher)>,
}

impl Watch {
    /// Begins with the state of each task, which may have changed before the listener came.
    pub(crate) fn new(watcher: u64, tasks: Vec<Arc<TaskEntry>>) -> Self {
        Self { watcher, tasks: tasks.into_iter().map(|it| (it, Watcher::default())).collect() }
    }

    /// The next state of a task, as a notification for the subscription with that id.
    ///
    /// "Each notification carries a complete `DetailedTask` for the current status, identical to
    /// what `tasks/get` would have returned at that moment" (tasks extension, Task Status
    /// Notifications).
    pub(crate) fn poll_notice(&mut self, subscription: &Id, cx: &Context<'_>) -> Poll<Message> {
        for _ in 0..self.tasks.len() {
            let Some((task, mut seen)) = self.tasks.pop_front() else { break };
            let polled = task.poll_changed(
                self.watcher,
                &mut seen,
                |view| {
                    let mut meta = JsonObject::new();
                    meta::set_subscription_id(&mut meta, subscription);
                    let is_over = view.is_over();
                    let notice = Message::notification(Method::Tasks.as_str(), &view.notice(meta));
                    (notice, is_over)
                },
                cx,
            );
            let is_over = matches!(polled, Poll::Ready((_, true)));
            if !is_over {
                self.tasks.push_back((task, seen));
            }
            if let Poll::Ready((notice, _)) = polled {
                return Poll::Ready(notice);
            }
        }
        Poll::Pending
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|(task, _)| task.forget(self.watcher));
    }
}
