//! The sessions that this process serves, found by their ids.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::active_session::ActiveSession;

/// Sessions in shards, each behind a lock of its own: that is held for one look-up, or while one
/// shard is listed.
pub(crate) struct SessionShards {
    /// Their number is a power of two.
    shards: Box<[Mutex<Shard>]>,
    len: AtomicUsize,
}

type Shard = HashSet<ById, BuildHasherDefault<IdHasher>>;

impl SessionShards {
    /// Shards for so many sessions, of which each then has a few hundred.
    pub(crate) fn new(sessions_max: usize) -> Self {
        let shards = sessions_max.div_ceil(SHARD_SESSIONS).clamp(1, SHARDS_MAX).next_power_of_two();
        let shards = (0..shards).map(|_| Mutex::default()).collect();
        Self { shards, len: AtomicUsize::new(0) }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<ActiveSession>> {
        self.shard(id)?.lock().get(id).map(|it| Arc::clone(&it.0))
    }

    /// Adds a session, in the place of one that has its id.
    pub(crate) fn insert(&self, session: Arc<ActiveSession>) {
        let Some(shard) = self.shard(session.handle().id().as_str()) else { return };
        if shard.lock().replace(ById(session)).is_none() {
            self.len.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn remove(&self, id: &str) {
        let removed = self.shard(id).and_then(|it| it.lock().take(id));
        if removed.is_some() {
            self.len.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The sessions, shard by shard. A shard is listed when its turn comes.
    pub(crate) fn lists(&self) -> impl Iterator<Item = Vec<Arc<ActiveSession>>> {
        self.shards.iter().map(|it| it.lock().iter().map(|it| Arc::clone(&it.0)).collect())
    }

    fn shard(&self, id: &str) -> Option<&Mutex<Shard>> {
        let hash = BuildHasherDefault::<IdHasher>::default().hash_one(id);
        // The upper half: the lower bits choose the place in the shard.
        let index = usize::try_from(hash >> 32).unwrap_or_default();
        self.shards.get(index & (self.shards.len() - 1))
    }
}

impl fmt::Debug for SessionShards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionShards").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// A session, found by its id.
struct ById(Arc<ActiveSession>);

impl Borrow<str> for ById {
    fn borrow(&self) -> &str {
        self.0.handle().id().as_str()
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Borrow::<str>::borrow(self).hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        Borrow::<str>::borrow(self) == Borrow::<str>::borrow(other)
    }
}

impl Eq for ById {}

/// Spreads the first eight letters of an id, which are 48 random bits.
///
/// No client can flood a place of the maps: only ids that a [`Registry`] has drawn are ever
/// inserted. It draws one for each `initialize` and adopts none that a client names; those from the
/// store are ids that a registry has stored, of this process or of an earlier one.
///
/// [`Registry`]: crate::registry::Registry
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        // Nothing shorter is an id of ours; the byte that ends a text comes here, too.
        if let Some(letters) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*letters);
        }
    }

    fn finish(&self) -> u64 {
        // Of a letter six bits are random, and the map looks at the lowest bits and the highest.
        let product = u128::from(self.0) * u128::from(SPREAD);
        let [low, high] = [product & u128::from(u64::MAX), product >> 64];
        u64::try_from(low ^ high).unwrap_or_default()
    }
}

/// 2^64 divided by the golden ratio, which is odd and has its bits well mixed.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// Sessions of one shard, when there are as many as may be.
const SHARD_SESSIONS: usize = 512;
const SHARDS_MAX: usize = 4_096;

#[cfg(test)]
mod tests;
