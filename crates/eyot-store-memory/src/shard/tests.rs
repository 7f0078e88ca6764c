//! Nothing of a session outlives it, and a sweep looks only at what is due.

use eyot_session::{LogLimits, SessionId, StreamNo, StreamWrite, WrittenStream};
use eyot_testkit::samples::{EXPIRES_MS, FENCE, call_stream, record, session_id};

use super::Shard;

const LIMITS: LogLimits = LogLimits {
    events_per_stream_max: 9,
    bytes_per_stream_max: 99,
    keep_done: std::time::Duration::ZERO,
    finished_streams_max: 2,
    finished_bytes_max: 99,
};

/// A shard with one session, of which nine streams have ended.
fn filled() -> (Shard, SessionId) {
    let (mut shard, id) = (Shard::default(), session_id("filled"));
    shard.create(record(&id)).unwrap();
    for no in (1..=9).map(StreamNo) {
        end_stream(&mut shard, &id, no, u64::from(no.0));
    }
    (shard, id)
}

fn end_stream(shard: &mut Shard, id: &SessionId, no: StreamNo, end_ms: u64) {
    let stream = WrittenStream::New(call_stream(no));
    let write = StreamWrite { stream, events: Vec::new(), end_ms: Some(end_ms) };
    shard.write(id, FENCE, &write, &LIMITS).unwrap();
}

#[track_caller]
fn check_due(shard: &Shard, expected: &[(u64, &SessionId)]) {
    let due: Vec<_> = shard.due.iter().map(|(due_ms, id)| (*due_ms, id)).collect();
    assert_eq!(due, expected);
}

#[test]
fn session_is_due_when_the_first_of_its_streams_expires() {
    let (mut shard, id) = filled();
    check_due(&shard, &[(1, &id)]);
    assert!(shard.sweep(8, 9).is_empty());
    check_due(&shard, &[(9, &id)]);
    assert!(shard.sweep(9, 9).is_empty());
    check_due(&shard, &[(EXPIRES_MS, &id)]);
}

#[test]
fn session_that_lives_on_is_moved_once_it_is_due() {
    let (mut shard, id) = filled();
    shard.sweep(9, 9);
    for expires_ms in [EXPIRES_MS + 1, EXPIRES_MS + 2] {
        shard.entry(&id).unwrap().touch(expires_ms);
    }
    check_due(&shard, &[(EXPIRES_MS, &id)]);
    assert!(shard.sweep(EXPIRES_MS, 9).is_empty());
    check_due(&shard, &[(EXPIRES_MS + 2, &id)]);
}

#[test]
fn removed_session_is_not_due_any_more() {
    let (mut shard, id) = filled();
    assert!(shard.remove(&id));
    check_due(&shard, &[]);
}

#[test]
fn swept_session_is_not_due_any_more() {
    let (mut shard, id) = filled();
    assert_eq!(shard.sweep(EXPIRES_MS, 1), [id]);
    check_due(&shard, &[]);
}

#[test]
fn session_beyond_the_limit_of_a_sweep_is_due_at_once() {
    let (mut shard, id) = filled();
    assert!(shard.sweep(EXPIRES_MS, 0).is_empty());
    check_due(&shard, &[(EXPIRES_MS, &id)]);
    assert_eq!(shard.sweep(EXPIRES_MS, 1), [id]);
}
