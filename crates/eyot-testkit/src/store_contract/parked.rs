//! Promises about parked calls and the key.

use bytes::Bytes;
use eyot_session::{Fence, ParkedCall, Store, StoreError};

use crate::block_on;
use crate::samples::done;

pub(super) const CHECKS: &[fn(&dyn Store)] = &[
    a_parked_call_is_found_once_more_by_its_new_owner,
    what_is_parked_again_takes_the_place_of_what_was,
    who_has_lost_a_call_can_neither_park_nor_forget_it,
    an_expired_call_is_not_found_and_swept,
    a_call_that_was_forgotten_can_be_parked_anew,
    the_key_stays_the_same,
];

const EXPIRES_MS: u64 = 1_000;

fn call(name: &str, content: &'static str) -> ParkedCall {
    ParkedCall {
        name: name.to_owned(),
        fence: Fence(1),
        expires_ms: EXPIRES_MS,
        content: Bytes::from_static(content.as_bytes()),
    }
}

fn taken(store: &dyn Store, name: &str) -> Option<ParkedCall> {
    done(store.take_over(name.to_owned(), EXPIRES_MS - 1))
}

fn a_parked_call_is_found_once_more_by_its_new_owner(store: &dyn Store) {
    done(store.park(call("a", "first")));
    done(store.park(call("b", "other")));
    assert_eq!(taken(store, "a"), Some(ParkedCall { fence: Fence(2), ..call("a", "first") }));
    assert_eq!(taken(store, "a"), Some(ParkedCall { fence: Fence(3), ..call("a", "first") }));
    assert_eq!(taken(store, "c"), None);
}

fn what_is_parked_again_takes_the_place_of_what_was(store: &dyn Store) {
    done(store.park(call("a", "first")));
    done(store.park(ParkedCall { expires_ms: EXPIRES_MS * 2, ..call("a", "second") }));
    let found = taken(store, "a").expect("it is parked");
    assert_eq!((&*found.content, found.expires_ms), (&b"second"[..], EXPIRES_MS * 2));
}

fn who_has_lost_a_call_can_neither_park_nor_forget_it(store: &dyn Store) {
    done(store.park(call("a", "first")));
    let owned = taken(store, "a").expect("it is parked");
    assert_eq!(block_on(store.park(call("a", "late"))), Err(StoreError::Fenced));
    assert_eq!(block_on(store.unpark("a".to_owned(), Fence(1))), Err(StoreError::Fenced));
    done(store.park(ParkedCall { content: Bytes::from_static(b"mine"), ..owned }));
    assert_eq!(taken(store, "a").map(|it| it.content), Some(Bytes::from_static(b"mine")));
}

fn an_expired_call_is_not_found_and_swept(store: &dyn Store) {
    done(store.park(call("a", "first")));
    done(store.park(ParkedCall { expires_ms: EXPIRES_MS * 2, ..call("b", "later") }));
    assert_eq!(done(store.take_over("a".to_owned(), EXPIRES_MS)), None);
    assert_eq!(done(store.sweep(EXPIRES_MS, 9)), []);
    assert_eq!(taken(store, "a"), None, "at any given time");
    assert!(taken(store, "b").is_some());
}

fn a_call_that_was_forgotten_can_be_parked_anew(store: &dyn Store) {
    done(store.park(call("a", "first")));
    done(store.unpark("a".to_owned(), Fence(1)));
    done(store.unpark("a".to_owned(), Fence(1)));
    assert_eq!(taken(store, "a"), None);
    done(store.park(ParkedCall { fence: Fence(7), ..call("a", "new") }));
    assert_eq!(taken(store, "a").map(|it| it.fence), Some(Fence(8)));
}

fn the_key_stays_the_same(store: &dyn Store) {
    let key = done(store.seal_key());
    assert!(done(store.seal_key()).ct_eq(key.expose()));
    assert!(!key.ct_eq(&[0; 32]));
}
