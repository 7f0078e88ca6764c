//! What the tasks of upstreams share: how many there may be, how much their results may take,
//! and how long they are kept.

use std::sync::Arc;

use eyot_era::tasks::{PollBounds, Said, TaskBounds, TaskMachine, TaskSeed, WorkPlace};
use eyot_jsonrpc::ErrorObject;
use eyot_service::{Limits, SharedTotal, TotalQuota, Totals, unix_ms};
use eyot_stdx::QuotaPermit;

use crate::clock::now;

/// Begins the tasks of one upstream; those of all upstreams count together.
#[derive(Debug)]
pub struct TaskQuota {
    quota: TotalQuota,
    bounds: TaskBounds,
}

impl TaskQuota {
    /// No task was begun yet.
    pub fn new(totals: &Totals, limits: &Limits) -> Arc<Self> {
        let bounds = TaskBounds {
            ttl_max: limits.memory.task_ttl,
            questions_max: limits.memory.task_questions_max,
            polling: PollBounds::default(),
        };
        Arc::new(Self { quota: totals.of(SharedTotal::Tasks), bounds })
    }

    /// Leave for one more task.
    ///
    /// # Errors
    /// The error for the client when there is none.
    pub fn permit(&self, principal: Option<&Arc<str>>) -> Result<QuotaPermit, ErrorObject> {
        let permit = self.quota.acquire(principal, 0);
        self.count();
        permit
    }

    /// A task that begins now, under an id with "sufficient entropy that a third party cannot
    /// enumerate or guess" it (tasks extension, Security Considerations).
    pub fn begin(
        &self,
        permit: QuotaPermit,
        place: WorkPlace,
        said: Said,
        ttl_ms: Option<u64>,
    ) -> TaskMachine {
        let id = eyot_stdx::random_token(ID_BYTES).into();
        let permit = Some(permit);
        let seed = TaskSeed { id, permit, place, said, ttl_ms, unix_ms: unix_ms() };
        TaskMachine::new(seed, self.bounds, now())
    }

    /// Brings the number of tasks into the metrics.
    pub fn count(&self) {
        eyot_metrics::tasks(self.quota.usage().things);
    }
}

/// Random bytes of an id.
const ID_BYTES: usize = 24;

#[cfg(test)]
mod tests;
