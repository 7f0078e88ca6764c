//! Sessions are found by their ids, however many there are.

use std::collections::HashSet;

use eyot_service::{Limits, SessionHandle, SharedTotal, TotalQuota};
use eyot_session::{Fence, LogLimits, SessionId, SessionMachine};
use eyot_stdx::random_token;
use eyot_store_memory::MemoryStore;
use eyot_types::Revision;

use super::*;

/// Makes sessions that are stored nowhere.
struct Maker {
    store: Arc<MemoryStore>,
    quota: TotalQuota,
}

impl Maker {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new(LogLimits::default()));
        Self { store, quota: TotalQuota::new(SharedTotal::Sessions, &Limits::default()) }
    }

    fn session(&self, id: &str) -> Arc<ActiveSession> {
        let id = SessionId::parse(id).unwrap();
        let store = Arc::<MemoryStore>::clone(&self.store);
        let handle = SessionHandle::new(id, None, Fence(1), Default::default(), store);
        let machine = SessionMachine::open(Revision::LATEST_LEGACY, Default::default(), 0);
        let place = self.quota.acquire(None, 0).unwrap();
        Arc::new(ActiveSession::new(handle, machine, place))
    }
}

fn ids(shards: &SessionShards) -> HashSet<String> {
    shards.lists().flatten().map(|it| it.handle().id().as_str().to_owned()).collect()
}

#[test]
fn shards_hold_what_one_set_would_hold() {
    let (maker, shards) = (Maker::new(), SessionShards::new(10_000));
    let mut model = HashSet::new();
    for round in 0..2_000 {
        let id = random_token(16);
        shards.insert(maker.session(&id));
        model.insert(id.clone());
        if round % 3 == 0 {
            shards.remove(&id);
            model.remove(&id);
            assert!(shards.get(&id).is_none());
        }
    }
    assert_eq!((ids(&shards), shards.len()), (model.clone(), model.len()));
    assert!(
        model
            .iter()
            .all(|it| shards.get(it).is_some_and(|found| { found.handle().id().as_str() == it }))
    );
}

#[test]
fn session_of_the_same_id_takes_the_place_and_counts_once() {
    let (maker, shards) = (Maker::new(), SessionShards::new(10_000));
    let id = random_token(16);
    let [first, second] = [maker.session(&id), maker.session(&id)];
    shards.insert(first);
    shards.insert(Arc::clone(&second));
    assert_eq!(shards.len(), 1);
    assert!(Arc::ptr_eq(&shards.get(&id).unwrap(), &second));
    shards.remove(&id);
    shards.remove(&id);
    assert_eq!(shards.len(), 0);
}

/// Whatever a client names is looked for, and short texts are no ids of ours.
#[test]
fn texts_of_any_length_find_nothing() {
    let shards = SessionShards::new(0);
    for text in ["", "a", "1234567", "12345678", "ä in an id of many letters"] {
        assert!(shards.get(text).is_none());
        shards.remove(text);
    }
    assert_eq!(shards.len(), 0);
}

/// Listing one shard is the most that is done under one lock.
#[test]
fn shards_stay_small_with_as_many_sessions_as_may_be() {
    const SESSIONS: usize = 20_000;
    let shards = SessionShards::new(SESSIONS);
    let mut sizes = vec![0; shards.shards.len()];
    for _ in 0..SESSIONS {
        let shard = shards.shard(&random_token(16)).unwrap();
        let place = shards.shards.iter().position(|it| std::ptr::eq(it, shard)).unwrap();
        sizes[place] += 1;
    }
    assert!(sizes.iter().all(|it| *it <= 2 * SHARD_SESSIONS), "{sizes:?}");
}
