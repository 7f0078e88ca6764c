//! The store in memory keeps every promise of the traits, and no more memory than it counts.

use std::sync::Arc;

use bytes::Bytes;
use eyot_session::{Event, EventLog, LogLimits, SessionRecord, Sessions};
use eyot_testkit::check_store;
use eyot_testkit::samples::{CALL, FENCE, done, event, opened, record, session_id};

use super::MemoryStore;

#[test]
fn every_promise_is_kept() {
    check_store(&|limits| Arc::new(MemoryStore::new(limits)));
}

#[test]
fn buffers_of_the_caller_are_not_held() {
    let store = MemoryStore::new(LogLimits::default());
    let buffer = Bytes::from(vec![b'x'; 65_536]);
    let id = session_id("holder");
    done(store.create(SessionRecord { initialize: buffer.slice(..9), ..record(&id) }));
    let id = opened(&store, "holder-of-events");
    let slice = Event { data: buffer.slice(9..20), ..event(FENCE, 1, "") };
    done(store.append(id, FENCE, CALL, vec![slice]));
    assert!(buffer.is_unique());
}

#[test]
fn debug_output_shows_nothing_of_the_sessions() {
    let store = MemoryStore::new(LogLimits::default());
    done(store.create(record(&session_id("private"))));
    let text = format!("{store:?}");
    assert!(!text.contains("private") && !text.contains("checker"), "{text}");
}
