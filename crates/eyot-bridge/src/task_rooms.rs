//! How many tasks there may be, and how much their results may take.

use std::collections::HashMap;
use std::sync::Arc;

use eyot_jsonrpc::ErrorObject;
use eyot_service::Limits;
use eyot_types::codes;
use parking_lot::Mutex;

/// Counts the tasks of one upstream.
#[derive(Debug)]
pub(crate) struct TaskRooms {
    counts: Mutex<Counts>,
    limits: Arc<Limits>,
}

#[derive(Debug, Default)]
struct Counts {
    tasks: usize,
    by_principal: HashMap<Arc<str>, usize>,
    result_bytes: usize,
}

/// Room for one task and its result. Dropping it gives both back.
#[derive(Debug)]
pub(crate) struct TaskRoom {
    rooms: Arc<TaskRooms>,
    principal: Option<Arc<str>>,
    result_bytes: usize,
}

impl TaskRooms {
    pub(crate) fn new(limits: Arc<Limits>) -> Arc<Self> {
        Arc::new(Self { counts: Mutex::default(), limits })
    }

    /// Room for one more task.
    ///
    /// # Errors
    /// The error for the client when there is none.
    pub(crate) fn take(
        self: &Arc<Self>,
        principal: Option<&Arc<str>>,
    ) -> Result<TaskRoom, ErrorObject> {
        let Limits { tasks_max, tasks_per_principal_max, .. } = *self.limits;
        let mut counts = self.counts.lock();
        let of_principal = principal.and_then(|it| counts.by_principal.get(it)).copied();
        if counts.tasks >= tasks_max || of_principal.unwrap_or(0) >= tasks_per_principal_max {
            return Err(codes::overloaded("tasks"));
        }
        counts.tasks += 1;
        if let Some(principal) = principal {
            *counts.by_principal.entry(Arc::clone(principal)).or_default() += 1;
        }
        eyot_metrics::tasks(counts.tasks);
        drop(counts);
        let (rooms, principal) = (Arc::clone(self), principal.cloned());
        Ok(TaskRoom { rooms, principal, result_bytes: 0 })
    }

    /// Tasks that there are.
    #[cfg(test)]
    fn count(&self) -> usize {
        self.counts.lock().tasks
    }
}

impl TaskRoom {
    /// Takes room for a result of so many bytes; whether there was any.
    pub(crate) fn keep(&mut self, bytes: usize) -> bool {
        let mut counts = self.rooms.counts.lock();
        let kept = counts.result_bytes.saturating_add(bytes);
        if kept > self.rooms.limits.task_results_bytes_max {
            return false;
        }
        counts.result_bytes = kept;
        self.result_bytes += bytes;
        true
    }
}

impl Drop for TaskRoom {
    fn drop(&mut self) {
        let mut counts = self.rooms.counts.lock();
        counts.tasks = counts.tasks.saturating_sub(1);
        counts.result_bytes = counts.result_bytes.saturating_sub(self.result_bytes);
        eyot_metrics::tasks(counts.tasks);
        let Some(principal) = &self.principal else { return };
        if let Some(count) = counts.by_principal.get_mut(principal) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.by_principal.remove(principal);
            }
        }
    }
}

#[cfg(test)]
mod tests;
