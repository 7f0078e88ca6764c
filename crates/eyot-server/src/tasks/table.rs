//! The tasks of one server, in memory.
//!
//! Whatever kept them elsewhere would offer the same: a place before the work begins, creation
//! before the answer, look-ups by id and principal, and an end by time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_jsonrpc::ErrorObject;
use eyot_service::unix_ms;
use eyot_stdx::random_token;
use eyot_types::codes;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::entry::TaskEntry;
use super::kept::Kept;
use super::policy::TaskOptions;
use super::record::TaskRecord;
use crate::call::running::RunningCall;

/// Every task that has not expired.
#[derive(Debug)]
pub(crate) struct Tasks {
    pub(crate) options: TaskOptions,
    table: Arc<Mutex<Table>>,
    kept: Arc<Kept>,
}

#[derive(Debug, Default)]
struct Table {
    tasks: HashMap<Arc<str>, Arc<TaskEntry>>,
    by_expiry: BTreeSet<(Instant, Arc<str>)>,
    /// Tasks, and calls that may still become one.
    count: usize,
    by_principal: HashMap<Arc<str>, usize>,
}

/// Room for one task, taken before its handler runs; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Room {
    table: Arc<Mutex<Table>>,
    kept: Arc<Kept>,
    principal: Option<Arc<str>>,
    is_taken: bool,
}

impl Table {
    /// Counts one more, if there is room for it.
    fn take(&mut self, principal: Option<&Arc<str>>, options: &TaskOptions) -> bool {
        let of_principal = principal.and_then(|it| self.by_principal.get(it)).copied();
        if self.count >= options.max || of_principal.unwrap_or(0) >= options.per_principal_max {
            return false;
        }
        self.count += 1;
        if let Some(principal) = principal {
            *self.by_principal.entry(Arc::clone(principal)).or_default() += 1;
        }
        true
    }

    fn release(&mut self, principal: Option<&Arc<str>>) {
        self.count = self.count.saturating_sub(1);
        if let Some(principal) = principal
            && let Some(count) = self.by_principal.get_mut(principal)
        {
            *count -= 1;
            if *count == 0 {
                self.by_principal.remove(principal);
            }
        }
    }

    /// Takes out what has expired.
    fn expire(&mut self, now: Instant) -> Vec<Arc<TaskEntry>> {
        let mut expired = Vec::new();
        while let Some((expires, _)) = self.by_expiry.first()
            && *expires <= now
            && let Some((_, id)) = self.by_expiry.pop_first()
        {
            if let Some(task) = self.tasks.remove(&id) {
                self.release(task.read(|it| it.principal.clone()).as_ref());
                expired.push(task);
            }
        }
        if !expired.is_empty() {
            eyot_metrics::tasks(self.tasks.len());
        }
        expired
    }
}

impl Tasks {
    pub(crate) fn new(options: TaskOptions) -> Self {
        let kept = Arc::new(Kept::new(options.result_bytes_max));
        Self { options, table: Arc::default(), kept }
    }

    /// Room for one task more.
    pub(crate) fn room(&self, principal: Option<&Arc<str>>) -> Result<Room, ErrorObject> {
        self.sweep(Instant::now());
        if !self.table.lock().take(principal, &self.options) {
            return Err(codes::overloaded("tasks"));
        }
        let (table, kept) = (Arc::clone(&self.table), Arc::clone(&self.kept));
        Ok(Room { table, kept, principal: principal.cloned(), is_taken: false })
    }

    /// The task of that id, if `principal` may ask for it: an unknown task, one that has expired
    /// and one of somebody else are the same to a client. "Servers MUST perform authentication and
    /// authorization checks on each task-related request" (tasks extension, Security
    /// Considerations).
    pub(crate) fn find(&self, id: &str, principal: Option<&Arc<str>>) -> Option<Arc<TaskEntry>> {
        // Nobody may have looked for what has expired: not every host does so by itself.
        self.sweep(Instant::now());
        let task = self.table.lock().tasks.get(id).cloned()?;
        let is_theirs = task.read(|it| it.principal.as_ref() == principal);
        is_theirs.then_some(task)
    }

    /// Forgets what has expired.
    pub(crate) fn sweep(&self, now: Instant) {
        let expired = self.table.lock().expire(now);
        // Results are dropped without the lock: they may be large.
        drop(expired);
    }

    /// Whether nothing is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.lock().tasks.is_empty()
    }

    /// Bytes of the results that are kept.
    #[cfg(test)]
    pub(crate) fn result_bytes(&self) -> usize {
        self.kept.bytes()
    }

    /// Tasks, and calls that may still become one.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.table.lock().count
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
        mut self,
        call: Weak<dyn RunningCall>,
        ttl: Duration,
        poll_interval: Duration,
    ) -> Arc<TaskEntry> {
        self.is_taken = true;
        let id: Arc<str> = random_token(24).into();
        let ttl = ttl.min(TTL_MAX);
        let times = (millis(ttl), millis(poll_interval));
        let record = TaskRecord::new(Arc::clone(&id), self.principal.clone(), times, unix_ms());
        let expires = Instant::now() + ttl;
        let task = Arc::new(TaskEntry::new(record, call, expires, Arc::clone(&self.kept)));
        let mut table = self.table.lock();
        table.by_expiry.insert((expires, Arc::clone(&id)));
        table.tasks.insert(id, Arc::clone(&task));
        eyot_metrics::tasks(table.tasks.len());
        drop(table);
        task
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if !self.is_taken {
            self.table.lock().release(self.principal.as_ref());
        }
    }
}

/// Whole milliseconds, at least one.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// Longer than any process runs, and short enough to be added to any point in time.
const TTL_MAX: Duration = Duration::from_secs(10 * 365 * 86_400);
