//! The part of the sessions that one lock guards.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasherDefault;

use eyot_session::{Fence, LogLimits, SessionId, SessionRecord, StoreError, StreamWrite};

use crate::entry::Entry;
use crate::id_hasher::IdHasher;

#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// Boxed, because a map keeps up to half of its slots empty.
    entries: HashMap<SessionId, Box<Entry>, BuildHasherDefault<IdHasher>>,
    /// Each session once, after [`Entry::due_ms`]. That is not later than its first expiry, but may
    /// be earlier: a session lives longer with each request, and is moved only when it is due.
    due: BTreeSet<(u64, SessionId)>,
}

impl Shard {
    pub(crate) fn create(&mut self, record: SessionRecord) -> Result<(), StoreError> {
        if self.entries.contains_key(&record.id) {
            return Err(StoreError::Conflict);
        }
        let id = record.id.clone();
        self.entries.insert(id.clone(), Box::new(Entry::new(record)));
        self.expect_expiry(&id);
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

    pub(crate) fn write(
        &mut self,
        id: &SessionId,
        fence: Fence,
        write: &StreamWrite,
        limits: &LogLimits,
    ) -> Result<(), StoreError> {
        let entry = self.owned(id, fence)?;
        entry.write(write, limits)?;
        if entry.first_expiry_ms() < entry.due_ms {
            self.expect_expiry(id);
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, id: &SessionId) -> bool {
        let removed = self.entries.remove_entry(id);
        removed.is_some_and(|(id, entry)| self.due.remove(&(entry.due_ms, id)))
    }

    /// Forgets streams that have expired, and up to `limit` sessions. Looks at no session before
    /// it is due.
    pub(crate) fn sweep(&mut self, now_ms: u64, limit: usize) -> Vec<SessionId> {
        let mut swept = Vec::new();
        while self.due.first().is_some_and(|(due_ms, _)| *due_ms <= now_ms)
            && let Some((_, id)) = self.due.pop_first()
            && let Some(entry) = self.entries.get_mut(&id)
        {
            entry.due_ms = u64::MAX;
            entry.forget_expired_streams(now_ms);
            if !entry.is_expired(now_ms) {
                self.expect_expiry(&id);
            } else if swept.len() < limit {
                self.entries.remove(&id);
                swept.push(id);
            } else {
                self.expect_expiry(&id);
                break;
            }
        }
        swept
    }

    /// Moves the session to where it is due.
    fn expect_expiry(&mut self, id: &SessionId) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        let due_ms = entry.first_expiry_ms();
        let mut key = (std::mem::replace(&mut entry.due_ms, due_ms), entry.record().id.clone());
        self.due.remove(&key);
        key.0 = due_ms;
        self.due.insert(key);
    }

    pub(crate) fn ids_after(&self, after: Option<&SessionId>) -> Vec<SessionId> {
        self.entries.keys().filter(|id| after.is_none_or(|after| *id > after)).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
