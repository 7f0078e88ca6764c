//! A store that fails, loses answers or holds them back on demand.

mod faults;

use std::sync::Arc;
use std::time::Duration;

use eyot_session::{
    Claimant, Claimed, EventLog, Fence, ItemChange, Leases, NodeId, NodeLease, Page, ParkedCall,
    ParkedCalls, Position, SessionId, SessionRecord, SessionState, Sessions, Store, StoreError,
    StoreFuture, StreamNo, StreamWrite,
};
use eyot_stdx::Secret;

pub use self::faults::{Fault, Faults};

/// A store around another one. Its [`Faults`] decide what goes wrong.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Faults,
}

impl FaultyStore {
    /// Puts a store around `inner`; nothing goes wrong yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, faults: Faults::default() }
    }

    /// The handle that decides what goes wrong.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }
}

impl Store for FaultyStore {
    /// Fails while every operation fails.
    fn health(&self) -> Result<(), StoreError> {
        self.faults.check_lasting()?;
        self.inner.health()
    }

    fn seal_key(&self) -> StoreFuture<Secret<[u8; 32]>> {
        self.faults.apply(|| self.inner.seal_key())
    }

    fn shutdown(&self) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.shutdown())
    }
}

impl ParkedCalls for FaultyStore {
    fn park(&self, call: ParkedCall) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.park(call))
    }

    fn take_over(&self, name: String, now_ms: u64) -> StoreFuture<Option<ParkedCall>> {
        self.faults.apply(|| self.inner.take_over(name, now_ms))
    }

    fn unpark(&self, name: String, fence: Fence) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.unpark(name, fence))
    }
}

impl Sessions for FaultyStore {
    fn create(&self, record: SessionRecord) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.create(record))
    }

    fn load(&self, id: SessionId, now_ms: u64) -> StoreFuture<Option<SessionRecord>> {
        self.faults.apply(|| self.inner.load(id, now_ms))
    }

    fn claim(
        &self,
        id: SessionId,
        claimant: Claimant,
        now_ms: u64,
    ) -> StoreFuture<Option<Claimed>> {
        self.faults.apply(|| self.inner.claim(id, claimant, now_ms))
    }

    fn release(&self, id: SessionId, fence: Fence) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.release(id, fence))
    }

    fn update(&self, id: SessionId, fence: Fence, state: SessionState) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.update(id, fence, state))
    }

    fn change_items(
        &self,
        id: SessionId,
        fence: Fence,
        changes: Vec<ItemChange>,
    ) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.change_items(id, fence, changes))
    }

    /// Has no answer that could show a fault: it is not counted, and it is lost while every
    /// operation fails.
    fn touch(&self, id: &SessionId, expires_ms: u64) {
        if self.faults.check_lasting().is_ok() {
            self.inner.touch(id, expires_ms);
        }
    }

    fn remove(&self, id: SessionId) -> StoreFuture<bool> {
        self.faults.apply(|| self.inner.remove(id))
    }

    fn sweep(&self, now_ms: u64, limit: usize) -> StoreFuture<Vec<SessionId>> {
        self.faults.apply(|| self.inner.sweep(now_ms, limit))
    }

    fn list(&self, after: Option<SessionId>, limit: usize) -> StoreFuture<Vec<SessionRecord>> {
        self.faults.apply(|| self.inner.list(after, limit))
    }
}

impl Leases for FaultyStore {
    fn renew(&self, lease: NodeLease, time: Duration) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.renew(lease, time))
    }

    fn lease(&self, node: NodeId) -> StoreFuture<Option<NodeLease>> {
        self.faults.apply(|| self.inner.lease(node))
    }

    fn leases(&self) -> StoreFuture<Vec<NodeLease>> {
        self.faults.apply(|| self.inner.leases())
    }

    fn end_lease(&self, node: NodeId) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.end_lease(node))
    }
}

impl EventLog for FaultyStore {
    fn write(&self, id: SessionId, fence: Fence, write: StreamWrite) -> StoreFuture<()> {
        self.faults.apply(|| self.inner.write(id, fence, write))
    }

    fn read(
        &self,
        id: SessionId,
        stream: StreamNo,
        after: Position,
        limit: usize,
    ) -> StoreFuture<Page> {
        self.faults.apply(|| self.inner.read(id, stream, after, limit))
    }
}

#[cfg(test)]
mod tests;
