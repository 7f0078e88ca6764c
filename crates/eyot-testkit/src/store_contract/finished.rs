//! Promises about how many finished streams are kept.

use std::sync::Arc;

use eyot_session::{
    Claimant, LogLimits, NodeId, SessionId, Store, StoreError, StoreFuture, StreamEnd, StreamNo,
};

use super::make_store::MakeStore;
use crate::block_on;
use crate::samples::{
    FENCE, START, call_stream, done, ended, event, numbered_events, principal, record, session_id,
};

pub(super) const CHECKS: &[fn(MakeStore<'_>)] = &[
    the_oldest_finished_streams_go_when_there_are_too_many,
    the_oldest_finished_streams_go_when_they_are_too_long,
    the_newest_finished_stream_stays_however_long,
    the_streams_that_ended_first_go_with_any_numbers,
    open_streams_neither_count_nor_go,
    a_second_end_forgets_nothing,
    sessions_do_not_crowd_each_other_out,
    the_number_of_a_forgotten_stream_is_not_given_again,
    swept_streams_no_longer_count,
    finished_streams_are_bounded_by_default,
];

/// A session in a store that keeps only this many of its finished streams.
struct Fixture {
    store: Arc<dyn Store>,
    id: SessionId,
}

impl Fixture {
    fn new(make: MakeStore<'_>, finished_streams_max: usize, finished_bytes_max: usize) -> Self {
        let limits = LogLimits { finished_streams_max, finished_bytes_max, ..LogLimits::default() };
        let store = make(limits);
        let id = session_id("ending");
        done(store.create(record(&id)));
        Self { store, id }
    }

    fn open(&self, no: u32) {
        done(self.store.open(self.id.clone(), FENCE, call_stream(StreamNo(no))));
    }

    fn finish_at(&self, no: u32, at_ms: u64) {
        let end = StreamEnd { at_ms, ..answered(9) };
        done(self.store.finish(self.id.clone(), FENCE, StreamNo(no), end));
    }

    fn finish(&self, no: u32, len_bytes: usize) {
        done(self.store.finish(self.id.clone(), FENCE, StreamNo(no), answered(len_bytes)));
    }

    /// Opens and ends streams; the first one gets the number 1. Waits only after all calls.
    fn run(&self, lens_bytes: &[usize]) {
        let streams = (1..).map(StreamNo).zip(lens_bytes);
        let futures: Vec<StoreFuture<()>> = streams
            .flat_map(|(no, len_bytes)| {
                let opening = self.store.open(self.id.clone(), FENCE, call_stream(no));
                let end = answered(*len_bytes);
                [opening, self.store.finish(self.id.clone(), FENCE, no, end)]
            })
            .collect();
        futures.into_iter().for_each(done);
    }

    /// The streams up to number 9 that can be read; the others are unknown.
    #[track_caller]
    fn check_kept(&self, expected: &[u32]) {
        for no in 1..=9 {
            let page = block_on(self.store.read(self.id.clone(), StreamNo(no), START, 9));
            match page {
                Ok(_) => assert!(expected.contains(&no), "stream {no} was kept"),
                Err(error) => {
                    assert_eq!(error, StoreError::NotFound, "stream {no}");
                    assert!(!expected.contains(&no), "stream {no} was forgotten");
                }
            }
        }
    }
}

/// An end with an answer of this many bytes.
fn answered(len_bytes: usize) -> StreamEnd {
    StreamEnd { last: vec![event(FENCE, 1, &"x".repeat(len_bytes))], at_ms: 0 }
}

fn the_oldest_finished_streams_go_when_there_are_too_many(make: MakeStore<'_>) {
    let it = Fixture::new(make, 3, 1_000);
    it.run(&[0, 9, 0]);
    it.check_kept(&[1, 2, 3]);
    it.open(4);
    it.check_kept(&[1, 2, 3, 4]);
    it.finish(4, 9);
    it.check_kept(&[2, 3, 4]);
    it.open(5);
    it.finish(5, 0);
    it.check_kept(&[3, 4, 5]);
}

fn the_oldest_finished_streams_go_when_they_are_too_long(make: MakeStore<'_>) {
    let cases: [(&[usize], &[u32]); 5] = [
        (&[40, 60], &[1, 2]),
        (&[40, 61], &[2]),
        (&[10, 10, 10, 71], &[2, 3, 4]),
        (&[10, 0, 10, 90], &[2, 3, 4]),
        (&[101, 0, 0], &[2, 3]),
    ];
    for (lens_bytes, kept) in cases {
        let it = Fixture::new(make, 9, 100);
        it.run(lens_bytes);
        it.check_kept(kept);
    }
}

fn the_newest_finished_stream_stays_however_long(make: MakeStore<'_>) {
    for (streams_max, bytes_max) in [(9, 100), (0, 100), (9, 0), (0, 0)] {
        let it = Fixture::new(make, streams_max, bytes_max);
        it.run(&[500, 500, 500]);
        it.check_kept(&[3]);
    }
}

fn the_streams_that_ended_first_go_with_any_numbers(make: MakeStore<'_>) {
    let it = Fixture::new(make, 2, 1_000);
    for no in 1..=4 {
        it.open(no);
    }
    for (at_ms, no) in [(1, 2), (2, 4)] {
        it.finish_at(no, at_ms);
    }
    it.check_kept(&[1, 2, 3, 4]);
    it.finish_at(1, 3);
    it.check_kept(&[1, 3, 4]);
    it.finish_at(3, 4);
    it.check_kept(&[1, 3]);
}

fn open_streams_neither_count_nor_go(make: MakeStore<'_>) {
    let it = Fixture::new(make, 2, 100);
    for no in [1, 3, 5] {
        it.open(no);
        done(it.store.append(it.id.clone(), FENCE, StreamNo(no), numbered_events(50)));
    }
    for no in [2, 4] {
        it.open(no);
        it.finish(no, 50);
    }
    it.check_kept(&[1, 2, 3, 4, 5]);
    it.open(6);
    it.finish(6, 50);
    it.check_kept(&[1, 3, 4, 5, 6]);
    let page = done(it.store.read(it.id.clone(), StreamNo(1), START, 99));
    assert_eq!(page.events, numbered_events(50));
}

fn a_second_end_forgets_nothing(make: MakeStore<'_>) {
    let it = Fixture::new(make, 2, 100);
    it.run(&[40, 60]);
    for no in [1, 2, 2] {
        done(it.store.finish(it.id.clone(), FENCE, StreamNo(no), ended(0)));
        it.check_kept(&[1, 2]);
    }
    it.open(3);
    it.finish(3, 40);
    it.check_kept(&[2, 3]);
}

fn sessions_do_not_crowd_each_other_out(make: MakeStore<'_>) {
    let it = Fixture::new(make, 2, 100);
    let other = Fixture { store: Arc::clone(&it.store), id: session_id("ending-2") };
    done(other.store.create(record(&other.id)));
    it.run(&[40, 40]);
    other.run(&[0, 0, 0, 90]);
    it.check_kept(&[1, 2]);
    other.check_kept(&[3, 4]);
}

fn the_number_of_a_forgotten_stream_is_not_given_again(make: MakeStore<'_>) {
    let it = Fixture::new(make, 1, 100);
    for no in [8, 9] {
        it.open(no);
    }
    it.finish(9, 9);
    it.finish(8, 9);
    it.check_kept(&[9]);
    let claimed =
        done(it.store.claim(it.id.clone(), Claimant::new(NodeId::new("b"), principal()), 0));
    assert_eq!(claimed.map(|it| it.next_stream), Some(StreamNo(10)));
}

fn swept_streams_no_longer_count(make: MakeStore<'_>) {
    let it = Fixture::new(make, 2, 100);
    it.store.touch(&it.id, u64::MAX);
    it.run(&[50, 50]);
    done(it.store.sweep(300_000, 9));
    it.check_kept(&[]);
    for no in [3, 4] {
        it.open(no);
        it.finish(no, 50);
    }
    it.check_kept(&[3, 4]);
}

fn finished_streams_are_bounded_by_default(make: MakeStore<'_>) {
    let LogLimits { finished_streams_max, finished_bytes_max, .. } = LogLimits::default();
    let it = Fixture::new(make, finished_streams_max, finished_bytes_max);
    it.run(&[0; 66]);
    it.check_kept(&[3, 4, 5, 6, 7, 8, 9]);
    let it = Fixture::new(make, finished_streams_max, finished_bytes_max);
    it.run(&[64 << 10; 18]);
    it.check_kept(&[3, 4, 5, 6, 7, 8, 9]);
}
