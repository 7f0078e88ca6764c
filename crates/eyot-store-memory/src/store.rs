//! The store: sixteen shards, each behind its own lock.

use std::array;
use std::fmt;
use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eyot_session::{
    Claimant, Claimed, EventLog, Fence, ItemChange, Leases, LogLimits, NodeId, NodeLease, Page,
    ParkedCall, ParkedCalls, Position, SessionId, SessionRecord, SessionState, Sessions, Store,
    StoreError, StoreFuture, StreamNo, StreamWrite,
};
use eyot_stdx::{Secret, random_bytes};
use parking_lot::Mutex;

use crate::entry::Entry;
use crate::lease_table::LeaseTable;
use crate::parked::Parked;
use crate::shard::Shard;

/// With this many, a sweep of 10,000 sessions holds each lock for a few microseconds.
const SHARDS: usize = 16;

/// Keeps sessions and events in memory.
///
/// An append is "durable" when it is in memory: nothing survives the process. Memory is bounded by
/// [`LogLimits`] per stream, and per session for the streams that have ended; the caller must bound
/// the number of sessions and of open streams.
pub struct MemoryStore {
    shards: [Mutex<Shard>; SHARDS],
    parked: Mutex<Parked>,
    leases: Mutex<LeaseTable>,
    seal_key: Secret<[u8; 32]>,
    limits: LogLimits,
    is_closed: AtomicBool,
}

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new(limits: LogLimits) -> Self {
        Self {
            shards: array::from_fn(|_| Mutex::default()),
            parked: Mutex::default(),
            leases: Mutex::default(),
            seal_key: Secret::new(random_bytes()),
            limits,
            is_closed: AtomicBool::new(false),
        }
    }

    /// Does the work on the shard of `id`, unless the store is closed.
    fn with<T: Send + 'static>(
        &self,
        id: &SessionId,
        work: impl FnOnce(&mut Shard) -> Result<T, StoreError>,
    ) -> StoreFuture<T> {
        let outcome = self.health().and_then(|()| work(&mut self.shard(id).lock()));
        Box::pin(ready(outcome))
    }

    /// Does the work on the parked calls, unless the store is closed.
    fn with_parked<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Parked) -> Result<T, StoreError>,
    ) -> StoreFuture<T> {
        let outcome = self.health().and_then(|()| work(&mut self.parked.lock()));
        Box::pin(ready(outcome))
    }

    /// The end of an id is random, also where the ids of one maker begin alike.
    fn shard(&self, id: &SessionId) -> &Mutex<Shard> {
        let [first, ..] = &self.shards;
        let last = match id.as_str().as_bytes() {
            [.., a, b] => usize::from(*a).wrapping_mul(7) ^ usize::from(*b),
            _ => 0,
        };
        self.shards.get(last % SHARDS).unwrap_or(first)
    }

    fn sweep_now(&self, now_ms: u64, limit: usize) -> Vec<SessionId> {
        self.parked.lock().sweep(now_ms);
        let mut swept = Vec::new();
        for shard in &self.shards {
            let left = limit - swept.len();
            swept.append(&mut shard.lock().sweep(now_ms, left));
        }
        swept
    }

    fn list_now(&self, after: Option<&SessionId>, limit: usize) -> Vec<SessionRecord> {
        let mut ids: Vec<SessionId> =
            self.shards.iter().flat_map(|shard| shard.lock().ids_after(after)).collect();
        ids.sort_unstable();
        let records = ids.iter().filter_map(|id| {
            self.shard(id).lock().entry(id).ok().map(|entry| entry.record().clone())
        });
        records.take(limit).collect()
    }
}

/// Shows none of the stored data, which is private.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn health(&self) -> Result<(), StoreError> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable { reason: "store is closed".to_owned() });
        }
        Ok(())
    }

    fn seal_key(&self) -> StoreFuture<Secret<[u8; 32]>> {
        Box::pin(ready(self.health().map(|()| self.seal_key.clone())))
    }

    fn shutdown(&self) -> StoreFuture<()> {
        self.is_closed.store(true, Ordering::Release);
        Box::pin(ready(Ok(())))
    }
}

impl Sessions for MemoryStore {
    fn create(&self, record: SessionRecord) -> StoreFuture<()> {
        let id = record.id.clone();
        self.with(&id, |shard| shard.create(record))
    }

    fn load(&self, id: SessionId, now_ms: u64) -> StoreFuture<Option<SessionRecord>> {
        self.with(&id, |shard| Ok(shard.live(&id, now_ms).map(|entry| entry.record().clone())))
    }

    fn claim(
        &self,
        id: SessionId,
        claimant: Claimant,
        now_ms: u64,
    ) -> StoreFuture<Option<Claimed>> {
        self.with(&id, |shard| {
            let theirs =
                |entry: &&mut Entry| entry.record().belongs_to(claimant.principal.as_deref());
            let Some(entry) = shard.live(&id, now_ms).filter(theirs) else { return Ok(None) };
            match claimant.seen {
                Some(fence) if entry.check(fence).is_err() => Err(StoreError::Conflict),
                _ => Ok(Some(entry.claim(claimant.node))),
            }
        })
    }

    fn release(&self, id: SessionId, fence: Fence) -> StoreFuture<()> {
        self.with(&id, |shard| shard.owned(&id, fence).map(Entry::release))
    }

    fn update(&self, id: SessionId, fence: Fence, state: SessionState) -> StoreFuture<()> {
        self.with(&id, |shard| shard.owned(&id, fence).map(|entry| entry.update(state)))
    }

    fn change_items(
        &self,
        id: SessionId,
        fence: Fence,
        changes: Vec<ItemChange>,
    ) -> StoreFuture<()> {
        self.with(&id, |shard| shard.owned(&id, fence).map(|entry| entry.change_items(changes)))
    }

    fn touch(&self, id: &SessionId, expires_ms: u64) {
        if let Ok(entry) = self.shard(id).lock().entry(id) {
            entry.touch(expires_ms);
        }
    }

    fn remove(&self, id: SessionId) -> StoreFuture<bool> {
        self.with(&id, |shard| Ok(shard.remove(&id)))
    }

    fn sweep(&self, now_ms: u64, limit: usize) -> StoreFuture<Vec<SessionId>> {
        let outcome = self.health().map(|()| self.sweep_now(now_ms, limit));
        Box::pin(ready(outcome))
    }

    fn list(&self, after: Option<SessionId>, limit: usize) -> StoreFuture<Vec<SessionRecord>> {
        let outcome = self.health().map(|()| self.list_now(after.as_ref(), limit));
        Box::pin(ready(outcome))
    }
}

impl Leases for MemoryStore {
    /// It holds until it is ended: who uses this store does not outlive it.
    fn renew(&self, lease: NodeLease, _: Duration) -> StoreFuture<()> {
        Box::pin(ready(self.health().map(|()| self.leases.lock().renew(lease))))
    }

    fn lease(&self, node: NodeId) -> StoreFuture<Option<NodeLease>> {
        let found = self.leases.lock().all().find(|it| it.node == node).cloned();
        Box::pin(ready(self.health().map(|()| found)))
    }

    fn leases(&self) -> StoreFuture<Vec<NodeLease>> {
        let found = self.leases.lock().all().cloned().collect();
        Box::pin(ready(self.health().map(|()| found)))
    }

    fn end_lease(&self, node: NodeId) -> StoreFuture<()> {
        Box::pin(ready(self.health().map(|()| self.leases.lock().end(&node))))
    }
}

impl EventLog for MemoryStore {
    fn write(&self, id: SessionId, fence: Fence, write: StreamWrite) -> StoreFuture<()> {
        let limits = &self.limits;
        self.with(&id, |shard| shard.write(&id, fence, &write, limits))
    }

    fn read(
        &self,
        id: SessionId,
        stream: StreamNo,
        after: Position,
        limit: usize,
    ) -> StoreFuture<Page> {
        self.with(&id, |shard| shard.entry(&id)?.streams()?.get(stream)?.read(after, limit))
    }
}

impl ParkedCalls for MemoryStore {
    fn park(&self, call: ParkedCall) -> StoreFuture<()> {
        self.with_parked(|parked| parked.park(call))
    }

    fn take_over(&self, name: String, now_ms: u64) -> StoreFuture<Option<ParkedCall>> {
        self.with_parked(|parked| Ok(parked.take_over(&name, now_ms)))
    }

    fn unpark(&self, name: String, fence: Fence) -> StoreFuture<()> {
        self.with_parked(|parked| parked.unpark(&name, fence))
    }
}

#[cfg(test)]
mod tests;
