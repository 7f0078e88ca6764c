//! Promises about the end of a store.

use eyot_session::{Claimant, LogLimits, NodeId, StoreError};

use super::make_store::MakeStore;
use crate::block_on;
use crate::samples::{
    CALL, EXPIRES_MS, FENCE, START, call_stream, done, ended, full_state, numbered_events, opened,
    principal, record, session_id,
};

pub(super) const CHECKS: &[fn(MakeStore<'_>)] = &[
    a_new_store_is_healthy_and_empty,
    what_was_accepted_before_the_end_is_done,
    nothing_is_accepted_after_the_end,
];

fn a_new_store_is_healthy_and_empty(make: MakeStore<'_>) {
    let store = make(LogLimits::default());
    assert_eq!(store.health(), Ok(()));
    assert_eq!(done(store.list(None, 9)), []);
    assert_eq!(done(store.sweep(u64::MAX, 9)), []);
}

fn what_was_accepted_before_the_end_is_done(make: MakeStore<'_>) {
    let store = make(LogLimits::default());
    let id = opened(&*store, "before-the-end");
    let appends: Vec<_> = numbered_events(50)
        .into_iter()
        .map(|event| store.append(id.clone(), FENCE, CALL, vec![event]))
        .collect();
    let read = store.read(id, CALL, START, 9);
    done(store.shutdown());
    for append in appends {
        done(append);
    }
    done(read);
    done(store.shutdown());
}

fn nothing_is_accepted_after_the_end(make: MakeStore<'_>) {
    let store = make(LogLimits::default());
    let id = opened(&*store, "after-the-end");
    let node = NodeId::new("b");
    done(store.shutdown());
    store.touch(&id, EXPIRES_MS * 2);
    let outcomes = [
        store.health(),
        block_on(store.create(record(&session_id("too-late")))),
        block_on(store.load(id.clone(), 0)).map(drop),
        block_on(store.claim(id.clone(), Claimant::new(node, principal()), 0)).map(drop),
        block_on(store.update(id.clone(), FENCE, full_state())),
        block_on(store.remove(id.clone())).map(drop),
        block_on(store.sweep(0, 9)).map(drop),
        block_on(store.list(None, 9)).map(drop),
        block_on(store.open(id.clone(), FENCE, call_stream(CALL))),
        block_on(store.append(id.clone(), FENCE, CALL, numbered_events(1))),
        block_on(store.finish(id.clone(), FENCE, CALL, ended(0))),
        block_on(store.read(id, CALL, START, 9)).map(drop),
        block_on(store.take_over("p".to_owned(), 0)).map(drop),
        block_on(store.unpark("p".to_owned(), FENCE)),
        block_on(store.seal_key()).map(drop),
    ];
    for (place, outcome) in outcomes.iter().enumerate() {
        let is_refused = matches!(outcome, Err(StoreError::Unavailable { .. }));
        assert!(is_refused, "outcome {place} is {outcome:?}");
    }
}
