//! Parked calls by their names.

mod driver;

use std::collections::HashMap;
use std::sync::Arc;

use eyot_era::parked::{Action, Record, RecordStage};
use eyot_jsonrpc::ErrorObject;
use eyot_service::{Limits, SharedTotal, TotalQuota, limit_reached};
use eyot_stdx::QuotaPermit;
use eyot_upstream::Runtime;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

pub(crate) use self::driver::ParkedDriver;
use super::call::UpstreamCall;
use super::record::{Claim, Records, UpstreamPosition};
use super::shared::CallShared;

/// The parked calls of one upstream.
#[derive(Debug)]
pub(crate) struct ParkedCalls {
    pub(crate) records: Arc<Records>,
    /// Held while the record of an earlier process is read, so that a call is taken over once. Its
    /// name chooses the semaphore.
    restoring: Vec<Semaphore>,
    quota: TotalQuota,
    table: Mutex<Table>,
    limits: Arc<Limits>,
}

#[derive(Debug, Default)]
struct Table(HashMap<Arc<str>, Row>);

#[derive(Debug)]
struct Row {
    entry: Entry,
    _permit: QuotaPermit,
}

/// One call: its machine, and its upstream.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) claim: Claim,
    pub(crate) shared: Arc<CallShared>,
    pub(crate) upstream: UpstreamPlace,
}

/// The upstream of a call.
#[derive(Clone, Debug)]
pub(crate) enum UpstreamPlace {
    Here(Arc<UpstreamCall>),
    /// It is not connected; an earlier process has left it at this position.
    There(Option<Arc<UpstreamPosition>>),
}

impl ParkedCalls {
    pub(crate) fn new(records: Arc<Records>, Runtime { totals, limits, .. }: &Runtime) -> Self {
        let restoring = (0..RESTORING).map(|_| Semaphore::new(1)).collect();
        let (quota, limits) = (totals.of(SharedTotal::ParkedCalls), Arc::clone(limits));
        Self { records, restoring, quota, table: Mutex::default(), limits }
    }

    /// Waits until no other client reads the record of this call.
    pub(crate) async fn restoring(&self, name: &str) -> Option<SemaphorePermit<'_>> {
        let sum = name.bytes().fold(0_usize, |sum, byte| sum.wrapping_add(byte.into()));
        self.restoring.get(sum % RESTORING)?.acquire().await.ok()
    }

    /// Gives a name to a call whose client is to be asked for the first time, and starts its
    /// driver.
    ///
    /// # Errors
    /// The error for the client when there is no room.
    pub(crate) fn park(
        self: &Arc<Self>,
        call: &Arc<UpstreamCall>,
        principal: Option<&Arc<str>>,
    ) -> Result<Arc<str>, ErrorObject> {
        let permit = self.permit(principal)?;
        let claim = Claim::new();
        let name = Arc::clone(&claim.name);
        let (shared, upstream) = (Arc::clone(&call.shared), UpstreamPlace::Here(Arc::clone(call)));
        self.insert(Entry { claim: claim.clone(), shared, upstream }, permit);
        match self.drive(claim, call) {
            true => Ok(name),
            false => Err(limit_reached("upstream's queue")),
        }
    }

    /// Starts the driver of a call; `false`, and the call is forgotten, when its session has too
    /// much to do.
    fn drive(self: &Arc<Self>, claim: Claim, call: &Arc<UpstreamCall>) -> bool {
        let name = Arc::clone(&claim.name);
        let driver = ParkedDriver::new(self, claim, call);
        let is_driven = call.session.run_on_driver(driver.run());
        if !is_driven {
            self.remove(&name, &call.shared);
        }
        is_driven
    }

    /// Leave for one call more of this principal.
    ///
    /// # Errors
    /// The error for the client when there is no room.
    pub(crate) fn permit(&self, principal: Option<&Arc<str>>) -> Result<QuotaPermit, ErrorObject> {
        self.quota.acquire(principal, 0)
    }

    /// Takes a call in: one that parks now, or that an earlier process has left.
    pub(crate) fn insert(&self, entry: Entry, permit: QuotaPermit) {
        let name = Arc::clone(&entry.claim.name);
        let row = Row { entry, _permit: permit };
        let replaced = self.table.lock().insert(name, row);
        // Dropped without the lock.
        drop(replaced);
    }

    /// A call of an earlier process has an upstream again.
    ///
    /// # Errors
    /// The error for its clients when its session has too much to do.
    pub(crate) fn connect(
        self: &Arc<Self>,
        claim: &Claim,
        call: &Arc<UpstreamCall>,
    ) -> Result<(), ErrorObject> {
        if let Some(row) = self.table.lock().0.get_mut(&claim.name) {
            row.entry.upstream = UpstreamPlace::Here(Arc::clone(call));
        }
        match self.drive(claim.clone(), call) {
            true => Ok(()),
            false => Err(limit_reached("upstream's queue")),
        }
    }

    /// A call of an earlier process cannot go on: the clients that wait are told, and it is
    /// forgotten.
    pub(crate) fn lose(&self, entry: &Entry, error: &ErrorObject) {
        let Entry { claim, shared, .. } = entry;
        shared.work(|parked, _| parked.handle_lost(error));
        while let Some(action) = shared.next_action() {
            match action {
                Action::Forget => self.records.forget(claim),
                // Such a record holds no position.
                Action::Store(Record { round, stage: RecordStage::Over }, ttl) => {
                    let over = Record { round, stage: RecordStage::Over };
                    drop(self.records.write(claim, over, ttl));
                }
                // There is no upstream to tell.
                _ => {}
            }
        }
        self.remove(&claim.name, shared);
    }

    pub(crate) fn find(&self, name: &str) -> Option<Entry> {
        self.table.lock().0.get(name).map(|it| it.entry.clone())
    }

    /// Forgets a call, if this is still the one of that name.
    pub(crate) fn remove(&self, name: &str, shared: &Arc<CallShared>) {
        let removed = self.table.lock().remove(name, shared);
        // Dropped without the lock: the call may hold the last handle of its session.
        drop(removed);
    }

    pub(crate) fn len(&self) -> usize {
        self.table.lock().0.len()
    }
}

impl Table {
    fn insert(&mut self, name: Arc<str>, row: Row) -> Option<Row> {
        let replaced = self.0.insert(name, row);
        eyot_metrics::parked_calls(self.0.len());
        replaced
    }

    fn remove(&mut self, name: &str, shared: &Arc<CallShared>) -> Option<Row> {
        self.0.get(name).filter(|it| Arc::ptr_eq(&it.entry.shared, shared))?;
        let removed = self.0.remove(name);
        eyot_metrics::parked_calls(self.0.len());
        removed
    }
}

/// Calls that can be taken over at once, if their names choose different semaphores.
const RESTORING: usize = 64;

#[cfg(test)]
mod tests;
