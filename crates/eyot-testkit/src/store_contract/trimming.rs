//! Promises about the events that are kept and dropped.

use std::time::Duration;

use bytes::Bytes;
use eyot_session::{Event, LogLimits, Position, StoreError};

use super::make_store::MakeStore;
use crate::samples::{
    CALL, FENCE, START, cursor, done, ended, event, numbered_events, opened, read_after, refused,
    seqs, with_cursor,
};

pub(super) const CHECKS: &[fn(MakeStore<'_>)] = &[
    the_oldest_events_go_when_there_are_too_many,
    the_oldest_events_go_when_they_are_too_long,
    the_newest_event_stays_however_long,
    a_finished_stream_is_kept_for_its_time,
];

const LIMITS: LogLimits = LogLimits {
    events_per_stream_max: 3,
    bytes_per_stream_max: 100,
    keep_done: Duration::from_secs(60),
    finished_streams_max: 64,
    finished_bytes_max: 1 << 20,
};

fn the_oldest_events_go_when_there_are_too_many(make: MakeStore<'_>) {
    let store = make(LIMITS);
    let id = opened(&*store, "many");
    let first = with_cursor(event(FENCE, 1, "event 1"), cursor("up/1"));
    done(store.append(id.clone(), FENCE, CALL, vec![first]));
    let rest: Vec<Event> = numbered_events(7).into_iter().skip(1).collect();
    done(store.append(id.clone(), FENCE, CALL, rest));

    let oldest = Position { fence: FENCE, seq: 4 };
    for after in [START, Position { fence: FENCE, seq: 3 }] {
        refused(store.read(id.clone(), CALL, after, 9), &StoreError::Trimmed { oldest });
    }
    let page = read_after(&*store, &id, oldest);
    assert_eq!(seqs(&page), [5, 6, 7]);
    let cursors = [cursor("up/1")].into_iter().collect();
    assert_eq!(page.last_upstream_cursors, cursors, "kept although dropped");
    assert_eq!(seqs(&read_after(&*store, &id, Position { fence: FENCE, seq: 6 })), [7]);
}

fn the_oldest_events_go_when_they_are_too_long(make: MakeStore<'_>) {
    let store = make(LIMITS);
    let id = opened(&*store, "long");
    let data = "x".repeat(40);
    for seq in 1..=3 {
        done(store.append(id.clone(), FENCE, CALL, vec![event(FENCE, seq, &data)]));
    }
    let oldest = Position { fence: FENCE, seq: 1 };
    refused(store.read(id.clone(), CALL, START, 9), &StoreError::Trimmed { oldest });
    assert_eq!(seqs(&read_after(&*store, &id, oldest)), [2, 3]);
    // Exactly twenty bytes are free again.
    done(store.append(id.clone(), FENCE, CALL, vec![event(FENCE, 4, &data[..20])]));
    assert_eq!(seqs(&read_after(&*store, &id, oldest)), [2, 3, 4]);
}

fn the_newest_event_stays_however_long(make: MakeStore<'_>) {
    let limits = LogLimits { events_per_stream_max: 0, bytes_per_stream_max: 0, ..LIMITS };
    for limits in [LIMITS, limits] {
        let store = make(limits);
        let id = opened(&*store, "newest");
        let large = Event { data: Bytes::from(vec![b'x'; 500]), ..event(FENCE, 2, "") };
        done(store.append(id.clone(), FENCE, CALL, vec![event(FENCE, 1, "x"), large]));
        let oldest = Position { fence: FENCE, seq: 1 };
        refused(store.read(id.clone(), CALL, START, 9), &StoreError::Trimmed { oldest });
        assert_eq!(seqs(&read_after(&*store, &id, oldest)), [2]);
    }
}

fn a_finished_stream_is_kept_for_its_time(make: MakeStore<'_>) {
    let store = make(LIMITS);
    let [finished, open] = ["kept", "kept-open"].map(|text| opened(&*store, text));
    done(store.append(finished.clone(), FENCE, CALL, numbered_events(2)));
    done(store.finish(finished.clone(), FENCE, CALL, ended(500)));
    // The first end counts.
    done(store.finish(finished.clone(), FENCE, CALL, ended(900)));
    for id in [&finished, &open] {
        store.touch(id, u64::MAX);
    }
    done(store.sweep(60_499, 9));
    assert!(read_after(&*store, &finished, START).is_end);
    done(store.sweep(60_500, 9));
    refused(store.read(finished, CALL, START, 9), &StoreError::NotFound);
    assert!(!read_after(&*store, &open, START).is_end);
}
