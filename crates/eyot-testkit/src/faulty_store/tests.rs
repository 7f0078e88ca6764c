//! Each fault happens to the operation that it was planned for.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use eyot_session::{LogLimits, SessionId, SessionRecord, Sessions, Store, StoreError};
use eyot_store_memory::MemoryStore;

use super::{Fault, FaultyStore};
use crate::{block_on, check_store, samples};

fn faulty() -> FaultyStore {
    FaultyStore::new(Arc::new(MemoryStore::new(LogLimits::default())))
}

fn id() -> SessionId {
    record().id
}

fn record() -> SessionRecord {
    samples::record(&samples::session_id("faulty"))
}

#[test]
fn without_faults_it_keeps_every_promise() {
    check_store(&|limits| Arc::new(FaultyStore::new(Arc::new(MemoryStore::new(limits)))));
}

#[test]
fn only_the_nth_operation_fails() {
    let store = faulty();
    store.faults().fail_nth(2, Fault::Refused(StoreError::Backpressure));
    let outcomes = [(); 3].map(|()| block_on(store.load(id(), 0)));
    assert_eq!(outcomes, [Ok(None), Err(StoreError::Backpressure), Ok(None)]);
    assert_eq!(store.faults().operations(), 3);
}

#[test]
fn a_refused_operation_is_not_done_and_a_lost_answer_is() {
    let store = faulty();
    store.faults().fail_nth(1, Fault::Refused(StoreError::Fenced));
    assert_eq!(block_on(store.create(record())), Err(StoreError::Fenced));
    assert_eq!(block_on(store.load(id(), 0)), Ok(None));
    store.faults().fail_nth(1, Fault::AnswerLost(StoreError::Fenced));
    assert_eq!(block_on(store.create(record())), Err(StoreError::Fenced));
    assert_eq!(block_on(store.load(id(), 0)), Ok(Some(record())));
}

#[test]
fn all_operations_fail_until_the_store_is_healed() {
    let store = faulty();
    block_on(store.create(record())).unwrap();
    store.faults().fail_all(Fault::Refused(StoreError::Backpressure));
    assert_eq!(block_on(store.load(id(), 0)), Err(StoreError::Backpressure));
    assert_eq!(store.health(), Err(StoreError::Backpressure));
    store.touch(&id(), 900);
    store.faults().heal();
    assert_eq!(block_on(store.load(id(), 0)), Ok(Some(record())));
    assert_eq!(store.health(), Ok(()));
}

#[test]
fn held_answers_are_given_when_they_are_released() {
    let store = faulty();
    store.faults().hold();
    let mut created = pin!(store.create(record()));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(created.as_mut().poll(&mut context), Poll::Pending);
    store.faults().release();
    assert_eq!(created.as_mut().poll(&mut context), Poll::Ready(Ok(())));
}

#[test]
fn a_release_wakes_those_who_wait() {
    let store = faulty();
    store.faults().hold();
    let answer = store.create(record());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || block_on(answer));
        store.faults().release();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}
