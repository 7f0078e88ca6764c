//! A store that has a key and nothing else.

use std::future::ready;
use std::time::Duration;

use eyot_session::{
    Claimant, Claimed, EventLog, Fence, ItemChange, Leases, NodeId, NodeLease, Page, ParkedCall,
    ParkedCalls, Position, SessionId, SessionRecord, SessionState, Sessions, Store, StoreError,
    StoreFuture, StreamNo, StreamWrite,
};
use eyot_stdx::Secret;

/// A store that has a key and nothing else.
#[derive(Debug)]
pub(super) struct KeyStore;

fn nothing<T: Send + 'static>() -> StoreFuture<T> {
    Box::pin(ready(Err(StoreError::NotFound)))
}

impl Store for KeyStore {
    fn health(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn seal_key(&self) -> StoreFuture<Secret<[u8; 32]>> {
        Box::pin(ready(Ok(Secret::new([7; 32]))))
    }

    fn shutdown(&self) -> StoreFuture<()> {
        nothing()
    }
}

impl Sessions for KeyStore {
    fn create(&self, _: SessionRecord) -> StoreFuture<()> {
        nothing()
    }

    fn load(&self, _: SessionId, _: u64) -> StoreFuture<Option<SessionRecord>> {
        nothing()
    }

    fn claim(&self, _: SessionId, _: Claimant, _: u64) -> StoreFuture<Option<Claimed>> {
        nothing()
    }

    fn release(&self, _: SessionId, _: Fence) -> StoreFuture<()> {
        nothing()
    }

    fn update(&self, _: SessionId, _: Fence, _: SessionState) -> StoreFuture<()> {
        nothing()
    }

    fn change_items(&self, _: SessionId, _: Fence, _: Vec<ItemChange>) -> StoreFuture<()> {
        nothing()
    }

    fn touch(&self, _: &SessionId, _: u64) {}

    fn remove(&self, _: SessionId) -> StoreFuture<bool> {
        nothing()
    }

    fn sweep(&self, _: u64, _: usize) -> StoreFuture<Vec<SessionId>> {
        nothing()
    }

    fn list(&self, _: Option<SessionId>, _: usize) -> StoreFuture<Vec<SessionRecord>> {
        nothing()
    }
}

impl Leases for KeyStore {
    fn renew(&self, _: NodeLease, _: Duration) -> StoreFuture<()> {
        nothing()
    }

    fn lease(&self, _: NodeId) -> StoreFuture<Option<NodeLease>> {
        nothing()
    }

    fn leases(&self) -> StoreFuture<Vec<NodeLease>> {
        nothing()
    }

    fn end_lease(&self, _: NodeId) -> StoreFuture<()> {
        nothing()
    }
}

impl EventLog for KeyStore {
    fn write(&self, _: SessionId, _: Fence, _: StreamWrite) -> StoreFuture<()> {
        nothing()
    }

    fn read(&self, _: SessionId, _: StreamNo, _: Position, _: usize) -> StoreFuture<Page> {
        nothing()
    }
}

impl ParkedCalls for KeyStore {
    fn park(&self, _: ParkedCall) -> StoreFuture<()> {
        nothing()
    }

    fn take_over(&self, _: String, _: u64) -> StoreFuture<Option<ParkedCall>> {
        nothing()
    }

    fn unpark(&self, _: String, _: Fence) -> StoreFuture<()> {
        nothing()
    }
}
