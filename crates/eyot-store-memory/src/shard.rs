//! The part of the sessions that one lock guards.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use eyot_session::{Fence, LogLimits, SessionId, SessionRecord, StoreError, StreamNo};

use crate::entry::Entry;

#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// Boxed, because a map keeps up to half of its slots empty.
    entries: HashMap<SessionId, Box<Entry>>,
    /// Streams that have ended, by the time at which they are forgotten.
    finished: BTreeSet<(u64, SessionId, StreamNo)>,
}

impl Shard {
    pub(crate) fn create(&mut self, record: SessionRecord) -> Result<(), StoreError> {
        if self.entries.contains_key(&record.id) {
            return Err(StoreError::Conflict);
        }
        self.entries.insert(record.id.clone(), Box::new(Entry::new(record)));
        Ok(())
    }

    /// The session even if it has expired.
    pub(crate) fn entry(&mut self, id: &SessionId) -> Result<&mut Entry, StoreError> {
        self.entries.get_mut(id).map(Box::as_mut).ok_or(StoreError::NotFound)
    }

    /// The session for a caller who claims to own it.
    pub(crate) fn owned(&mut self, id: &SessionId, fence: Fence) -> Result<&mut Entry, StoreError> {
        let entry = self.entry(id)?;
        entry.check(fence)?;
        Ok(entry)
    }

    /// The session unless it has expired.
    pub(crate) fn live(&mut self, id: &SessionId, now_ms: u64) -> Option<&mut Entry> {
        self.entry(id).ok().filter(|entry| !entry.is_expired(now_ms))
    }

    pub(crate) fn finish(
        &mut self,
        id: &SessionId,
        fence: Fence,
        no: StreamNo,
        expires_ms: u64,
    ) -> Result<(), StoreError> {
        if self.owned(id, fence)?.streams_mut()?.finish(no, expires_ms)? {
            self.finished.insert((expires_ms, id.clone(), no));
        }
        Ok(())
    }

    /// Forgets finished streams of the session while there are too many.
    pub(crate) fn forget_oldest(&mut self, id: &SessionId, limits: &LogLimits) {
        if let Ok(streams) = self.entry(id).and_then(Entry::streams_mut) {
            let forgotten = streams.forget_oldest(limits);
            self.forget_expiries(id, forgotten);
        }
    }

    pub(crate) fn remove(&mut self, id: &SessionId) -> bool {
        let removed = self.entries.remove(id);
        if let Some(streams) = removed.as_ref().and_then(|entry| entry.streams().ok()) {
            self.forget_expiries(id, streams.finished());
        }
        removed.is_some()
    }

    pub(crate) fn sweep_sessions(&mut self, now_ms: u64, limit: usize) -> Vec<SessionId> {
        let expired = self.entries.iter().filter(|(_, entry)| entry.is_expired(now_ms));
        let ids: Vec<SessionId> = expired.map(|(id, _)| id.clone()).take(limit).collect();
        for id in &ids {
            self.remove(id);
        }
        ids
    }

    pub(crate) fn sweep_streams(&mut self, now_ms: u64) {
        while self.finished.first().is_some_and(|(expires_ms, ..)| *expires_ms <= now_ms)
            && let Some((_, id, no)) = self.finished.pop_first()
        {
            if let Ok(streams) = self.entry(&id).and_then(Entry::streams_mut) {
                streams.forget_expired(no, now_ms);
            }
        }
    }

    fn forget_expiries(
        &mut self,
        id: &SessionId,
        streams: impl IntoIterator<Item = (u64, StreamNo)>,
    ) {
        for (expires_ms, no) in streams {
            self.finished.remove(&(expires_ms, id.clone(), no));
        }
    }

    pub(crate) fn ids_after(&self, after: Option<&SessionId>) -> Vec<SessionId> {
        self.entries.keys().filter(|id| after.is_none_or(|after| *id > after)).cloned().collect()
    }
}

pub(crate) fn after(now_ms: u64, wait: Duration) -> u64 {
    now_ms.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
