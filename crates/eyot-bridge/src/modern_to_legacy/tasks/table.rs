//! The tasks of modern clients, by the ids that these know.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::entry::TaskEntry;

/// Every task that has not expired.
#[derive(Debug, Default)]
pub(crate) struct TaskTable(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    tasks: HashMap<Arc<str>, Arc<TaskEntry>>,
    by_expiry: BTreeSet<(Instant, Arc<str>)>,
}

impl TaskTable {
    /// Adds a task: from here on its client finds it.
    pub(crate) fn insert(&self, task: Arc<TaskEntry>) {
        self.sweep();
        let mut state = self.0.lock();
        state.by_expiry.insert((task.expires, Arc::clone(&task.id)));
        state.tasks.insert(Arc::clone(&task.id), task);
    }

    /// The task of that id, if `principal` may ask for it: an unknown task, one that has expired
    /// and one of somebody else are the same to a client.
    pub(crate) fn find(&self, id: &str, principal: Option<&Arc<str>>) -> Option<Arc<TaskEntry>> {
        self.sweep();
        let task = self.0.lock().tasks.get(id).cloned();
        task.filter(|it| it.principal.as_ref() == principal)
    }

    /// Takes a task out.
    pub(crate) fn remove(&self, id: &str) -> Option<Arc<TaskEntry>> {
        let mut state = self.0.lock();
        let task = state.tasks.remove(id)?;
        state.by_expiry.remove(&(task.expires, Arc::clone(&task.id)));
        Some(task)
    }

    /// Forgets what has expired.
    fn sweep(&self) {
        let now = Instant::now();
        let mut expired = Vec::new();
        let mut state = self.0.lock();
        while let Some((expires, _)) = state.by_expiry.first()
            && *expires <= now
            && let Some((_, id)) = state.by_expiry.pop_first()
        {
            expired.extend(state.tasks.remove(&id));
        }
        drop(state);
        // Dropped without the lock: a task lets go of its session.
        drop(expired);
    }
}
