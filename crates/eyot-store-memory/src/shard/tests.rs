//! Nothing about a stream outlives it.

use eyot_session::{LogLimits, SessionId, StreamNo};
use eyot_testkit::samples::{EXPIRES_MS, FENCE, call_stream, record, session_id};

use super::Shard;

/// A shard with one session, of which nine streams have ended.
fn filled() -> (Shard, SessionId) {
    let limits = LogLimits { finished_streams_max: 2, ..LogLimits::default() };
    let (mut shard, id) = (Shard::default(), session_id("filled"));
    shard.create(record(&id)).unwrap();
    for no in (1..=9).map(StreamNo) {
        shard.owned(&id, FENCE).unwrap().open(&call_stream(no)).unwrap();
        shard.finish(&id, FENCE, no, u64::from(no.0)).unwrap();
        shard.forget_oldest(&id, &limits);
    }
    (shard, id)
}

#[test]
fn a_forgotten_stream_does_not_wait_for_its_expiry() {
    let (mut shard, id) = filled();
    let kept: Vec<StreamNo> = shard.finished.iter().map(|(_, _, no)| *no).collect();
    assert_eq!(kept, [8, 9].map(StreamNo));
    shard.sweep_streams(u64::MAX);
    assert!(shard.entry(&id).unwrap().streams().unwrap().finished().next().is_none());
}

#[test]
fn the_streams_of_a_removed_session_do_not_wait_for_their_expiry() {
    let (mut shard, id) = filled();
    assert!(shard.remove(&id));
    assert!(shard.finished.is_empty());
}

#[test]
fn the_streams_of_a_swept_session_do_not_wait_for_their_expiry() {
    let (mut shard, id) = filled();
    assert_eq!(shard.sweep_sessions(EXPIRES_MS, 1), [id]);
    assert!(shard.finished.is_empty());
}
