//! The link from a call to the task that it has become.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::entry::TaskEntry;

/// Held by a call that may become a task.
#[derive(Debug, Default)]
pub(crate) struct TaskLink {
    task: OnceLock<Arc<TaskEntry>>,
    /// The handler's text about its work from before there was a task.
    message: Mutex<Option<String>>,
}

impl TaskLink {
    /// The task; `None` while the call is an ordinary one.
    pub(crate) fn task(&self) -> Option<&Arc<TaskEntry>> {
        self.task.get()
    }

    /// Sets the text for people about what the task does.
    pub(crate) fn say(&self, message: String) {
        let mut earlier = self.message.lock();
        match self.task.get() {
            None => *earlier = Some(message),
            Some(task) => {
                drop(earlier);
                task.say(message);
            }
        }
    }

    /// Notes that the call has become a task.
    pub(crate) fn set(&self, task: &Arc<TaskEntry>) {
        let mut earlier = self.message.lock();
        let task = self.task.get_or_init(|| Arc::clone(task));
        let message = earlier.take();
        drop(earlier);
        if let Some(message) = message {
            task.say(message);
        }
    }
}
