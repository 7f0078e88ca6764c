//! The tasks that one subscription listens to.

use std::sync::Arc;

use eyot_era::tasks::{End, Watcher};
use eyot_jsonrpc::{Id, Message};
use eyot_types::{JsonObject, Method, meta};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use super::ask_target::TaskTarget as _;
use super::entry::TaskEntry;

/// Waits for the next change of any of its tasks.
#[derive(Default)]
pub(crate) struct TaskWatch {
    ids: Vec<String>,
    looking: FuturesUnordered<BoxFuture<'static, Seen>>,
}

/// A task after a change.
struct Seen {
    entry: Arc<TaskEntry>,
    watcher: Watcher,
    /// The end of the task, if it is not kept here.
    left: Option<End>,
    /// There is no such task any more.
    is_gone: bool,
}

impl TaskWatch {
    /// Begins with the state of each task: it may have changed before the client listened.
    pub(crate) fn new(tasks: Vec<Arc<TaskEntry>>) -> Self {
        let ids = tasks.iter().map(|it| it.read(|task| task.id().as_ref().to_owned())).collect();
        let looking = tasks.into_iter().map(|entry| {
            entry.handle_changed();
            changed(entry, Watcher::default())
        });
        Self { ids, looking: looking.collect() }
    }

    /// The ids of its tasks; `None` when it has none.
    pub(crate) fn ids(&self) -> Option<Vec<String>> {
        Some(self.ids.clone()).filter(|it| !it.is_empty())
    }

    /// The next state of a task, for the subscription of that id; never comes when there is none.
    ///
    /// "Each notification carries a complete `DetailedTask` for the current status, identical to
    /// what `tasks/get` would have returned at that moment" (tasks extension, Task Status
    /// Notifications).
    pub(crate) async fn next(&mut self, subscription: &Id) -> Message {
        while let Some(Seen { entry, watcher, left, is_gone }) = self.looking.next().await {
            let shown = entry.show(left.as_ref(), |view| {
                let mut metadata = JsonObject::new();
                meta::set_subscription_id(&mut metadata, subscription);
                let notice = Message::notification(Method::Tasks.as_str(), &view.notice(metadata));
                meta::with_exact_subscription_id(notice, subscription)
            });
            let is_over = entry.read(|it| it.is_over());
            if !is_gone && !is_over {
                self.looking.push(changed(entry, watcher));
            }
            if let (Ok(notice), false) = (shown, is_gone) {
                return notice;
            }
        }
        std::future::pending().await
    }
}

/// Waits until a task is not as the watcher saw it.
fn changed(entry: Arc<TaskEntry>, mut watcher: Watcher) -> BoxFuture<'static, Seen> {
    Box::pin(async move {
        let news = entry.news(&mut watcher).await;
        let (is_gone, left) = (news.is_err(), news.unwrap_or_default());
        Seen { entry, watcher, left, is_gone }
    })
}
