//! A store that has a key and nothing else.

use std::future::ready;

use eyot_session::{
    Claimed, EventLog, Fence, ItemChange, NodeId, Page, ParkedCall, ParkedCalls, Position,
    SessionId, SessionRecord, SessionState, Sessions, Store, StoreError, StoreFuture, StreamNo,
    StreamWrite,
};
use eyot_stdx::Secret;

use super::*;

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

    fn claim(
        &self,
        _: SessionId,
        _: Option<Arc<str>>,
        _: NodeId,
        _: u64,
    ) -> StoreFuture<Option<Claimed>> {
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
