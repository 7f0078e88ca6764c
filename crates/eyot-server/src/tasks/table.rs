//! The tasks of one server, in memory.
//!
//! A table of tasks that is kept elsewhere would offer the same operations: a place before the work
//! begins, creation before the answer, look-ups by id and principal, and an end by time.

use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_era::tasks::{PollBounds, Said, TaskBounds, TaskMachine, TaskSeed, TaskTable, WorkPlace};
use eyot_jsonrpc::ErrorObject;
use eyot_service::{Limits, MemoryLimits, SharedTotal, TotalQuota, unix_ms};
use eyot_stdx::{QuotaPermit, random_token};
use parking_lot::Mutex;

use super::entry::{TaskEntry, now};
use super::policy::TaskOptions;
use crate::call::running::RunningCall;

/// Every task that has not expired.
#[derive(Debug)]
pub(crate) struct Tasks {
    pub(crate) options: TaskOptions,
    pub(crate) limits: MemoryLimits,
    table: Arc<KnownTasks>,
    quota: TotalQuota,
}

type KnownTasks = Mutex<TaskTable<Arc<TaskEntry>>>;

/// Room for one task, taken before its handler runs; dropping it gives the room back.
#[derive(Debug)]
pub(crate) struct Room {
    table: Arc<KnownTasks>,
    permit: QuotaPermit,
    questions_max: usize,
}

impl Tasks {
    pub(crate) fn new(options: TaskOptions, limits: &Limits) -> Self {
        let quota = TotalQuota::new(SharedTotal::Tasks, limits);
        Self { options, limits: limits.memory, table: Arc::default(), quota }
    }

    /// Takes room for one more task.
    pub(crate) fn room(&self, principal: Option<&Arc<str>>) -> Result<Room, ErrorObject> {
        self.sweep();
        let permit = self.quota.acquire(principal, 0);
        let (table, questions_max) = (Arc::clone(&self.table), self.limits.task_questions_max);
        Ok(Room { table, permit: permit?, questions_max })
    }

    /// The task with that id, if `principal` may ask for it.
    pub(crate) fn find(&self, id: &str, principal: Option<&Arc<str>>) -> Option<Arc<TaskEntry>> {
        // Expired tasks may still be there: not every host sweeps by itself.
        self.sweep();
        self.table.lock().find(id, principal, now()).cloned()
    }

    /// Removes expired tasks.
    pub(crate) fn sweep(&self) {
        let mut table = self.table.lock();
        let expired = table.handle_timeout(now());
        if !expired.is_empty() {
            eyot_metrics::tasks(table.len());
        }
        drop(table);
        // Without the lock: results may be large, and watchers are told.
        expired.iter().for_each(|it| it.expire());
    }

    /// Whether there is no task.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.lock().is_empty()
    }

    /// Bytes of the results that are kept.
    #[cfg(test)]
    pub(crate) fn result_bytes(&self) -> usize {
        self.quota.usage().bytes
    }

    /// How many tasks there are, with the calls that may still become one.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.quota.usage().things
    }
}

impl Room {
    /// Creates the task of `call`. "A server MUST NOT return `CreateTaskResult` until the task is
    /// durably created — that is, until a `tasks/get` for the returned `taskId` would resolve"
    /// (tasks extension, Task Creation): from here on it does.
    ///
    /// The id is 192 random bits: "Servers MUST generate them with sufficient entropy that a third
    /// party cannot enumerate or guess them" (Security Considerations).
    pub(crate) fn create(
        self,
        call: Weak<dyn RunningCall>,
        ttl: Duration,
        poll_interval: Duration,
    ) -> Arc<TaskEntry> {
        let Self { table, permit, questions_max } = self;
        let (id, unix_ms) = (Arc::<str>::from(random_token(ID_BYTES)), unix_ms());
        let principal = permit.principal().cloned();
        let said = Said { poll_interval_ms: Some(millis(poll_interval)), ..Said::at(unix_ms) };
        let (permit, place) = (Some(permit), WorkPlace::Here);
        let seed = TaskSeed { id: Arc::clone(&id), permit, place, said, ttl_ms: None, unix_ms };
        let polling = PollBounds::default();
        let bounds = TaskBounds { ttl_max: ttl, questions_max, polling };
        let task = TaskMachine::new(seed, bounds, now());
        let expires = task.expires();
        let task = Arc::new(TaskEntry::new(task, call));
        let mut table = table.lock();
        table.insert(id, principal, expires, Arc::clone(&task));
        eyot_metrics::tasks(table.len());
        drop(table);
        task
    }
}

/// Whole milliseconds, at least one.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// How many random bytes an id has.
const ID_BYTES: usize = 24;
