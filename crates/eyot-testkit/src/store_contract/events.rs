//! Promises about streams and their events.

use bytes::Bytes;
use eyot_session::{
    Claimant, Event, Fence, NodeId, Page, Position, SessionId, Store, StoreError, StreamEnd,
    StreamKind, StreamNo, StreamRecord, StreamWrite, UpstreamCursors, WrittenStream,
};

use crate::samples::{
    CALL, FENCE, START, call_stream, cursor, cursor_of, done, ended, event, named, numbered_events,
    opened, principal, read_after, record, refused, seqs, session_id, with_cursor,
};

pub(super) const CHECKS: &[fn(&dyn Store)] = &[
    events_are_read_as_they_were_appended,
    a_page_begins_strictly_after_a_position,
    only_the_last_page_of_a_finished_stream_is_its_end,
    a_position_beyond_the_newest_event_is_no_error,
    an_open_stream_may_be_opened_again,
    a_finished_stream_takes_nothing_more,
    an_end_whose_events_are_refused_is_no_end,
    the_last_events_and_the_end_are_one_write,
    a_whole_stream_is_one_write,
    a_write_that_opens_a_stream_does_all_or_nothing,
    a_write_may_open_a_stream_that_is_open,
    a_stream_that_was_not_opened_is_unknown,
    only_the_current_fence_may_write,
    events_of_a_later_owner_come_after_all_earlier_ones,
    events_out_of_order_are_refused_as_a_whole,
    streams_do_not_mix,
    the_last_cursor_of_the_upstream_is_kept,
    each_upstream_has_a_last_cursor_of_its_own,
    cursors_go_with_their_stream,
    stream_numbers_are_never_given_twice,
];

fn events_are_read_as_they_were_appended(store: &dyn Store) {
    let id = opened(store, "as-appended");
    let mut events = numbered_events(4);
    events.push(with_cursor(event(FENCE, 5, ""), cursor_of(named(), "up/5")));
    let large = Event { data: Bytes::from(vec![0xff; 1 << 20]), ..event(FENCE, 6, "") };
    events.push(with_cursor(large, cursor("")));
    let (first, rest) = events.split_at(1);
    done(store.append(id.clone(), FENCE, CALL, first.to_vec()));
    done(store.append(id.clone(), FENCE, CALL, Vec::new()));
    done(store.append(id.clone(), FENCE, CALL, rest.to_vec()));
    let page = Page {
        stream: call_stream(CALL),
        events,
        is_end: false,
        last_upstream_cursors: [cursor(""), cursor_of(named(), "up/5")].into_iter().collect(),
    };
    assert_eq!(read_after(store, &id, START), page);
}

fn a_page_begins_strictly_after_a_position(store: &dyn Store) {
    let id = opened(store, "pages");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(5)));
    let read = |seq: u64, limit: usize| {
        let after = Position { fence: FENCE, seq };
        seqs(&done(store.read(id.clone(), CALL, after, limit)))
    };
    assert_eq!(read(0, 2), [1, 2]);
    assert_eq!(read(2, 2), [3, 4]);
    assert_eq!(read(4, 2), [5]);
    assert!(read(2, 0).is_empty());
}

fn only_the_last_page_of_a_finished_stream_is_its_end(store: &dyn Store) {
    let id = opened(store, "ends");
    let is_end = |after: u64, limit: usize| {
        let after = Position { fence: FENCE, seq: after };
        done(store.read(id.clone(), CALL, after, limit)).is_end
    };
    done(store.append(id.clone(), FENCE, CALL, numbered_events(3)));
    assert!(!is_end(0, 9), "the stream is open");
    done(store.finish(id.clone(), FENCE, CALL, ended(0)));
    assert!(is_end(0, 9));
    assert!(is_end(0, 3));
    assert!(!is_end(0, 2), "one event is missing");
    assert!(!is_end(2, 0), "one event is missing");
    assert!(is_end(3, 0));

    let empty = opened(store, "ends-empty");
    done(store.finish(empty.clone(), FENCE, CALL, ended(0)));
    assert!(read_after(store, &empty, START).is_end);
}

fn a_position_beyond_the_newest_event_is_no_error(store: &dyn Store) {
    let id = opened(store, "beyond");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(2)));
    for after in [(FENCE, 2), (FENCE, u64::MAX), (Fence(u64::MAX), u64::MAX)] {
        let after = Position { fence: after.0, seq: after.1 };
        let page = read_after(store, &id, after);
        assert!(page.events.is_empty(), "after {after:?}");
        assert!(!page.is_end);
    }
}

fn an_open_stream_may_be_opened_again(store: &dyn Store) {
    let id = opened(store, "open-again");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(2)));
    let other = StreamRecord { kind: StreamKind::Standalone, ..call_stream(CALL) };
    done(store.open(id.clone(), FENCE, other));
    let page = read_after(store, &id, START);
    assert_eq!(page.stream, call_stream(CALL));
    assert_eq!(seqs(&page), [1, 2]);
}

fn the_last_events_and_the_end_are_one_write(store: &dyn Store) {
    let id = opened(store, "ended");
    let end = StreamEnd { last: numbered_events(2), at_ms: 0 };
    done(store.finish(id.clone(), FENCE, CALL, end.clone()));
    let page = read_after(store, &id, START);
    assert_eq!(seqs(&page), [1, 2]);
    assert!(page.is_end);
    refused(store.finish(id, FENCE, CALL, end), &StoreError::Conflict);
}

fn a_whole_stream_is_one_write(store: &dyn Store) {
    let id = session_id("whole");
    done(store.create(record(&id)));
    let stream = WrittenStream::New(call_stream(CALL));
    let write = StreamWrite { stream, events: numbered_events(3), end_ms: Some(0) };
    done(store.write(id.clone(), FENCE, write.clone()));
    let page = read_after(store, &id, START);
    assert_eq!((&page.stream, &page.events), (&call_stream(CALL), &numbered_events(3)));
    assert!(page.is_end);
    refused(store.write(id.clone(), FENCE, write), &StoreError::Conflict);
    done(store.finish(id.clone(), FENCE, CALL, ended(0)));
    let claimed = done(store.claim(id, Claimant::new(NodeId::new("b"), principal()), 0));
    assert_eq!(claimed.map(|it| it.next_stream), Some(StreamNo(CALL.0 + 1)));
}

fn a_write_that_opens_a_stream_does_all_or_nothing(store: &dyn Store) {
    let id = session_id("all-or-nothing");
    done(store.create(record(&id)));
    let mut events = numbered_events(2);
    events.reverse();
    let stream = WrittenStream::New(call_stream(CALL));
    let write = StreamWrite { stream, events, end_ms: Some(0) };
    refused(store.write(id.clone(), FENCE, write.clone()), &StoreError::Conflict);
    refused(store.write(id.clone(), FENCE.next(), write), &StoreError::Fenced);
    refused(store.read(id.clone(), CALL, START, 9), &StoreError::NotFound);
    let claimed = done(store.claim(id, Claimant::new(NodeId::new("b"), principal()), 0));
    assert_eq!(claimed.map(|it| it.next_stream), Some(StreamNo(1)));
}

fn a_write_may_open_a_stream_that_is_open(store: &dyn Store) {
    let id = opened(store, "open-again-with-events");
    let other = StreamRecord { kind: StreamKind::Standalone, ..call_stream(CALL) };
    let stream = WrittenStream::New(other);
    done(store.write(
        id.clone(),
        FENCE,
        StreamWrite { stream, events: numbered_events(2), end_ms: None },
    ));
    let page = read_after(store, &id, START);
    assert_eq!(page.stream, call_stream(CALL));
    assert_eq!(seqs(&page), [1, 2]);
}

fn an_end_whose_events_are_refused_is_no_end(store: &dyn Store) {
    let id = opened(store, "not-ended");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(2)));
    let end = StreamEnd { last: numbered_events(1), at_ms: 0 };
    refused(store.finish(id.clone(), FENCE, CALL, end), &StoreError::Conflict);
    assert!(!read_after(store, &id, START).is_end);
}

fn a_finished_stream_takes_nothing_more(store: &dyn Store) {
    let id = opened(store, "finished");
    done(store.finish(id.clone(), FENCE, CALL, ended(0)));
    done(store.finish(id.clone(), FENCE, CALL, ended(1)));
    let append = store.append(id.clone(), FENCE, CALL, numbered_events(1));
    refused(append, &StoreError::Conflict);
    refused(store.open(id.clone(), FENCE, call_stream(CALL)), &StoreError::Conflict);
    assert!(read_after(store, &id, START).events.is_empty());
}

fn a_stream_that_was_not_opened_is_unknown(store: &dyn Store) {
    let id = opened(store, "not-opened");
    let other = StreamNo(CALL.0 + 1);
    let append = store.append(id.clone(), FENCE, other, numbered_events(1));
    refused(append, &StoreError::NotFound);
    refused(store.finish(id.clone(), FENCE, other, ended(0)), &StoreError::NotFound);
    refused(store.read(id, other, START, 9), &StoreError::NotFound);
}

fn only_the_current_fence_may_write(store: &dyn Store) {
    let id = opened(store, "fenced");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(1)));
    done(store.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()), 0));
    let late = vec![event(FENCE, 2, "of the owner before")];
    refused(store.append(id.clone(), FENCE, CALL, late), &StoreError::Fenced);
    refused(store.finish(id.clone(), FENCE, CALL, ended(0)), &StoreError::Fenced);
    refused(store.open(id.clone(), FENCE, call_stream(StreamNo(2))), &StoreError::Fenced);
    let early = vec![event(FENCE, 2, "of no stream yet")];
    refused(store.append(id.clone(), Fence(9), CALL, early), &StoreError::Fenced);
    let page = read_after(store, &id, START);
    assert_eq!(seqs(&page), [1]);
    assert!(!page.is_end);
}

fn events_of_a_later_owner_come_after_all_earlier_ones(store: &dyn Store) {
    let id = opened(store, "taken-over");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(2)));
    done(store.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()), 0));
    let later = event(FENCE.next(), 1, "of the later owner");
    done(store.append(id.clone(), FENCE.next(), CALL, vec![later.clone()]));
    assert_eq!(seqs(&read_after(store, &id, START)), [1, 2, 1]);
    // The client saw events of the first owner that were lost with it.
    let lost = Position { fence: FENCE, seq: 900 };
    assert_eq!(read_after(store, &id, lost).events, [later]);
}

fn events_out_of_order_are_refused_as_a_whole(store: &dyn Store) {
    let id = opened(store, "out-of-order");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(2)));
    for seqs in [[2, 3], [3, 3], [4, 3]] {
        let events = seqs.map(|seq| event(FENCE, seq, "late")).to_vec();
        refused(store.append(id.clone(), FENCE, CALL, events), &StoreError::Conflict);
    }
    assert_eq!(read_after(store, &id, START).events, numbered_events(2));
    let with_gap = vec![event(FENCE, 9, "after a gap")];
    done(store.append(id.clone(), FENCE, CALL, with_gap));
    assert_eq!(seqs(&read_after(store, &id, START)), [1, 2, 9]);
}

fn streams_do_not_mix(store: &dyn Store) {
    let sessions = ["mixed", "mixed-2"].map(session_id);
    let places = sessions.iter().flat_map(|id| [0, 1, 300].map(|no| (id, StreamNo(no))));
    let said = |id: &SessionId, no: StreamNo| format!("{} {}", id.as_str(), no.0);
    for id in &sessions {
        done(store.create(record(id)));
    }
    for (id, no) in places.clone() {
        done(store.open(id.clone(), FENCE, call_stream(no)));
        let event = event(FENCE, 1, &said(id, no));
        done(store.append(id.clone(), FENCE, no, vec![event]));
    }
    for (id, no) in places {
        let page = done(store.read(id.clone(), no, START, 9));
        assert_eq!(page.stream, call_stream(no));
        assert_eq!(page.events, [event(FENCE, 1, &said(id, no))]);
    }
}

fn the_last_cursor_of_the_upstream_is_kept(store: &dyn Store) {
    let id = session_id("cursors");
    let stream = StreamRecord { upstream_cursor: Some(cursor("primed")), ..call_stream(CALL) };
    done(store.create(record(&id)));
    done(store.open(id.clone(), FENCE, stream));
    let primed = [cursor("primed")].into_iter().collect();
    assert_eq!(read_after(store, &id, START).last_upstream_cursors, primed);
    let events = vec![
        with_cursor(event(FENCE, 1, "one"), cursor("up/1")),
        with_cursor(event(FENCE, 2, "two"), cursor("up/2")),
        event(FENCE, 3, "an event of our own"),
    ];
    done(store.append(id.clone(), FENCE, CALL, events));
    let page = done(store.read(id, CALL, START, 1));
    let last = [cursor("up/2")].into_iter().collect();
    assert_eq!(page.last_upstream_cursors, last, "also beyond the page");
}

fn each_upstream_has_a_last_cursor_of_its_own(store: &dyn Store) {
    let id = session_id("cursors-of-several");
    let primed = Some(cursor_of(named(), "primed"));
    let stream = StreamRecord { upstream_cursor: primed, ..call_stream(CALL) };
    done(store.create(record(&id)));
    done(store.open(id.clone(), FENCE, stream.clone()));
    let read = || read_after(store, &id, START);
    let named_first = [cursor_of(named(), "primed")].into_iter().collect();
    assert_eq!(read().last_upstream_cursors, named_first);

    let first = with_cursor(event(FENCE, 1, "one"), cursor("1"));
    done(store.append(id.clone(), FENCE, CALL, vec![first]));
    let both = [cursor("1"), cursor_of(named(), "primed")].into_iter().collect();
    assert_eq!(read().last_upstream_cursors, both);

    let events = ["n1", "n2"].map(|text| cursor_of(named(), text));
    let events = [2, 3].into_iter().zip(events);
    let events = events.map(|(seq, cursor)| with_cursor(event(FENCE, seq, "named"), cursor));
    done(store.append(id.clone(), FENCE, CALL, events.collect()));
    let page = read();
    assert_eq!(page.stream, stream);
    let last = [cursor("1"), cursor_of(named(), "n2")].into_iter().collect();
    assert_eq!(page.last_upstream_cursors, last);
    let of_events = page.events.into_iter().map(|event| event.upstream_cursor);
    let n1 = cursor_of(named(), "n1");
    assert!(of_events.eq([cursor("1"), n1, cursor_of(named(), "n2")].map(Some)));
}

fn cursors_go_with_their_stream(store: &dyn Store) {
    let id = opened(store, "cursors-gone");
    let event = || with_cursor(event(FENCE, 1, "named"), cursor_of(named(), "n1"));
    done(store.append(id.clone(), FENCE, CALL, vec![event()]));
    done(store.finish(id.clone(), FENCE, CALL, ended(0)));
    done(store.sweep(KEEP_DONE_MS, 0));
    done(store.open(id.clone(), FENCE, call_stream(CALL)));
    assert_eq!(read_after(store, &id, START).last_upstream_cursors, UpstreamCursors::default());

    done(store.append(id.clone(), FENCE, CALL, vec![event()]));
    done(store.remove(id.clone()));
    done(store.create(record(&id)));
    done(store.open(id.clone(), FENCE, call_stream(CALL)));
    assert_eq!(read_after(store, &id, START).last_upstream_cursors, UpstreamCursors::default());
}

fn stream_numbers_are_never_given_twice(store: &dyn Store) {
    let id = session_id("numbers");
    done(store.create(record(&id)));
    for no in [StreamNo::STANDALONE, StreamNo(4), StreamNo(2)] {
        done(store.open(id.clone(), FENCE, call_stream(no)));
    }
    done(store.finish(id.clone(), FENCE, StreamNo(4), ended(0)));
    done(store.sweep(KEEP_DONE_MS, 0));
    refused(store.read(id.clone(), StreamNo(4), START, 9), &StoreError::NotFound);
    let claimed = done(store.claim(id, Claimant::new(NodeId::new("b"), principal()), 0));
    assert_eq!(claimed.map(|it| it.next_stream), Some(StreamNo(5)));
}

/// The time when a stream that ended at 0 is forgotten.
const KEEP_DONE_MS: u64 = 300_000;
