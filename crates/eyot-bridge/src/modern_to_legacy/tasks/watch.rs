//! The tasks that one subscription listens to.
//!
//! An upstream need not say that a task has changed, so the tasks are looked at as often as it says;
//! when it does say so, at once.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Id, Message};
use eyot_types::{JsonObject, Method, Task, TaskNotificationParams, meta};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

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
    /// What the upstream had said before it was looked at.
    version: u64,
    /// `None`: there is no such task any more.
    task: Option<Task>,
}

impl TaskWatch {
    /// Begins with the state of each task: it may have changed before anybody listened.
    pub(crate) fn new(tasks: Vec<Arc<TaskEntry>>) -> Self {
        let ids = tasks.iter().map(|it| it.id.as_ref().to_owned()).collect();
        let looking = tasks.into_iter().map(|entry| changed(entry, None));
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
        while let Some(Seen { entry, version, task }) = self.looking.next().await {
            let Some(task) = task else { continue };
            if !task.status.is_terminal() {
                self.looking.push(changed(entry, Some((version, task.clone()))));
            }
            let mut params = TaskNotificationParams::new(task);
            let mut metadata = JsonObject::new();
            meta::set_subscription_id(&mut metadata, subscription);
            params.meta = Some(metadata);
            return Message::notification(Method::Tasks.as_str(), &params);
        }
        std::future::pending().await
    }
}

/// Looks at a task until it is not as it was.
fn changed(entry: Arc<TaskEntry>, known: Option<(u64, Task)>) -> BoxFuture<'static, Seen> {
    Box::pin(async move {
        let (mut version, known) = known.map_or((0, None), |(version, it)| (version, Some(it)));
        loop {
            if let Some(known) = &known {
                let interval = known.poll_interval_ms.map_or(INTERVAL, Duration::from_millis);
                let interval = interval.clamp(INTERVAL_MIN, INTERVAL_MAX);
                entry.questions.changed_since(version, interval).await;
            }
            version = entry.questions.version();
            match entry.look().await {
                Ok(Ok(task)) if known.as_ref() != Some(&task) => {
                    return Seen { entry, version, task: Some(task) };
                }
                Ok(Ok(_)) => {}
                Ok(Err(_)) => return Seen { entry, version, task: None },
                Err(fault) => {
                    tracing::debug!(%fault, "a task was not looked at");
                    tokio::time::sleep(INTERVAL).await;
                }
            }
        }
    })
}

/// Between two looks at a task whose server does not say.
const INTERVAL: Duration = Duration::from_secs(5);
/// Bounds of what a server may say.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
const INTERVAL_MAX: Duration = Duration::from_secs(60);
