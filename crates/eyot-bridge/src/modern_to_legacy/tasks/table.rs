//! The tasks of modern clients, by the ids that these know.

use std::sync::Arc;

use eyot_era::tasks::TaskTable;
use parking_lot::Mutex;

use super::entry::TaskEntry;
use eyot_upstream::clock::now;

/// Every task that has not expired.
#[derive(Debug, Default)]
pub(crate) struct KnownTasks(Mutex<TaskTable<Arc<TaskEntry>>>);

impl KnownTasks {
    /// Adds a task: from here on its client finds it.
    pub(crate) fn insert(&self, entry: &Arc<TaskEntry>) {
        self.sweep();
        let row =
            entry.read(|task| (Arc::clone(task.id()), task.principal().cloned(), task.expires()));
        let (id, principal, expires) = row;
        self.0.lock().insert(id, principal, expires, Arc::clone(entry));
    }

    /// The task of that id, if `principal` may ask for it.
    pub(crate) fn find(&self, id: &str, principal: Option<&Arc<str>>) -> Option<Arc<TaskEntry>> {
        self.sweep();
        self.0.lock().find(id, principal, now()).cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sweep();
        self.0.lock().is_empty()
    }

    /// Takes a task out.
    pub(crate) fn remove(&self, id: &str) {
        let removed = self.0.lock().remove(id);
        // Dropped without the lock: a task lets go of its session.
        drop(removed);
    }

    /// Forgets the tasks whose time is over.
    pub(crate) fn sweep(&self) {
        let expired = self.0.lock().handle_timeout(now());
        expired.iter().for_each(TaskEntry::expire);
    }
}
