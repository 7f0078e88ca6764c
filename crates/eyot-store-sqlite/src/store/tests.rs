//! The store in a file: the data that survives crashes, and how it fails.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eyot_session::{
    Claimant, EventLog, Fence, LogLimits, NewEvent, NodeId, SessionRecord, Sessions, Store,
    StoreError, StreamNo, StreamWrite, WrittenStream,
};
use eyot_testkit::samples::{
    CALL, EXPIRES_MS, FENCE, START, call_stream, cursor_of, done, ended, event, full_state, items,
    named, numbered_events, opened, principal, read_after, record, refused, seqs, session_id,
    with_cursor,
};
use eyot_testkit::{block_on, check_store};
use rusqlite::Connection;
use tempfile::TempDir;

use super::SqliteStore;
use crate::{Durability, SqliteOptions};

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("eyot.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path(), SqliteOptions::default()).unwrap()
    }

    fn open_error(&self) -> StoreError {
        SqliteStore::open(self.path(), SqliteOptions::default()).unwrap_err()
    }

    /// A connection that knows nothing of the store.
    fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    /// Flips one bit of the only place in the file where these bytes stand.
    fn flip_bit_of(&self, bytes: &[u8]) {
        let mut content = fs::read(self.path()).unwrap();
        let mut places = content.windows(bytes.len()).enumerate().filter(|(_, it)| *it == bytes);
        let (place, _) = places.next().unwrap();
        assert!(places.next().is_none());
        content[place] ^= 0b100;
        fs::write(self.path(), content).unwrap();
    }
}

fn is_unavailable<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable { .. }))
}

fn check_every_promise(durability: Durability) {
    let place = Place::new();
    let count = Cell::new(0);
    check_store(&|limits| {
        count.set(count.get() + 1);
        let path = place.folder.path().join(format!("{}.db", count.get()));
        let options = SqliteOptions { durability, limits, ..SqliteOptions::default() };
        Arc::new(SqliteStore::open(path, options).unwrap())
    });
}

#[test]
fn every_promise_is_kept_by_each_commit() {
    check_every_promise(Durability::PowerLoss);
}

#[test]
fn every_promise_is_kept_by_the_operating_system() {
    check_every_promise(Durability::ProcessCrash);
}

#[test]
fn an_orderly_end_leaves_one_whole_file() {
    let place = Place::new();
    let store = place.open();
    let id = opened(&store, "whole");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(3)));
    store.touch(&id, EXPIRES_MS * 2);
    done(store.shutdown());
    let files: Vec<_> = fs::read_dir(place.folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");

    let store = place.open();
    let expected = SessionRecord { expires_ms: EXPIRES_MS * 2, ..record(&id) };
    assert_eq!(done(store.load(id.clone(), 0)), Some(expected));
    assert_eq!(read_after(&store, &id, START).events, numbered_events(3));
}

#[test]
fn a_crash_loses_nothing_that_was_acknowledged() {
    let place = Place::new();
    let store = place.open();
    let id = opened(&store, "crashed");
    done(store.update(id.clone(), FENCE, full_state()));
    done(store.change_items(id.clone(), FENCE, items()));
    for event in numbered_events(100) {
        done(store.append(id.clone(), FENCE, CALL, vec![event]));
    }
    // The files in the state that a killed process leaves.
    let after_crash = Place::new();
    for ending in ["", "-wal"] {
        let copy = |place: &Place| format!("{}{ending}", place.path().display());
        fs::copy(copy(&place), copy(&after_crash)).unwrap();
    }
    let store = after_crash.open();
    let expected = SessionRecord { state: full_state(), ..record(&id) };
    assert_eq!(done(store.load(id.clone(), 0)), Some(expected));
    assert_eq!(read_after(&store, &id, START).events, numbered_events(100));
}

#[test]
fn a_dropped_store_finishes_its_work_and_ends_its_threads() {
    let place = Place::new();
    let store = place.open();
    let id = session_id("dropped");
    let created = store.create(record(&id));
    let end = store.intake.watch_end();
    drop(store);
    assert_eq!(block_on(created), Ok(()));
    assert!(block_on(end).is_err(), "the other side is dropped, never used");
    assert!(done(place.open().load(id, 0)).is_some());
}

#[test]
fn a_claim_through_another_handle_fences_this_one() {
    let place = Place::new();
    let (old, new) = (place.open(), place.open());
    let id = opened(&old, "two-handles");
    done(old.append(id.clone(), FENCE, CALL, numbered_events(1)));
    let claimed =
        done(new.claim(id.clone(), Claimant::new(NodeId::new("node-b"), principal()), 0)).unwrap();
    assert_eq!(claimed.record.fence, Fence(4));
    let late = vec![event(FENCE, 2, "late")];
    refused(old.append(id.clone(), FENCE, CALL, late), &StoreError::Fenced);
    let next = vec![event(Fence(4), 1, "next")];
    done(new.append(id.clone(), Fence(4), CALL, next));
    assert_eq!(seqs(&read_after(&old, &id, START)), [1, 1]);
}

#[test]
fn a_file_is_read_beside_its_writer_and_after_it() {
    let place = Place::new();
    let writer = place.open();
    let id = opened(&writer, "read-only");
    let reader = SqliteStore::open_readonly(place.path()).unwrap();
    assert_eq!(done(reader.list(None, 9)), [record(&id)]);
    let reason = "opened for reading only".to_owned();
    let read_only = StoreError::ReadOnly { reason };
    refused(reader.remove(id.clone()), &read_only);
    reader.touch(&id, u64::MAX);
    assert_eq!(reader.health(), Err(read_only));
    assert!(done(reader.load(id.clone(), EXPIRES_MS)).is_none());
    done(reader.shutdown());
    assert!(is_unavailable(&block_on(reader.list(None, 9))));

    done(writer.shutdown());
    let reader = SqliteStore::open_readonly(place.path()).unwrap();
    assert_eq!(done(reader.list(None, 9)), [record(&id)]);
}

#[test]
fn nothing_is_made_by_opening_for_reading() {
    let place = Place::new();
    let opened = SqliteStore::open_readonly(place.path());
    assert!(is_unavailable(&opened), "{opened:?}");
    assert!(!place.path().exists());
}

#[test]
fn a_full_file_stops_writes_and_serves_reads() {
    let place = Place::new();
    let options = SqliteOptions { file_bytes_max: Some(200 << 10), ..SqliteOptions::default() };
    let store = SqliteStore::open(place.path(), options).unwrap();
    let id = opened(&store, "full");
    let large = |seq: u64| vec![event(FENCE, seq, &"x".repeat(10_000))];
    let mut acknowledged = 0;
    let error = loop {
        match block_on(store.append(id.clone(), FENCE, CALL, large(acknowledged + 1))) {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert!((5..20).contains(&acknowledged), "{acknowledged}");
    assert_eq!(store.health(), Err(error.clone()));
    refused(store.create(record(&session_id("late"))), &error);
    let count = || read_after(&store, &id, START).events.len();
    assert_eq!(u64::try_from(count()), Ok(acknowledged));

    done(store.shutdown());
    let store = place.open();
    done(store.append(id, FENCE, CALL, large(acknowledged + 1)));
    assert_eq!(store.health(), Ok(()));
}

#[test]
fn a_locked_file_is_unavailable_until_it_is_free() {
    let place = Place::new();
    let busy_timeout = Duration::from_millis(1);
    let options = SqliteOptions { busy_timeout, ..SqliteOptions::default() };
    let store = SqliteStore::open(place.path(), options).unwrap();
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let created = block_on(store.create(record(&session_id("locked"))));
    assert!(is_unavailable(&created), "{created:?}");
    assert!(is_unavailable(&store.health()));
    other.execute_batch("COMMIT").unwrap();
    done(store.create(record(&session_id("locked"))));
    assert_eq!(store.health(), Ok(()));
}

#[test]
fn writes_beyond_the_bound_are_refused_and_the_others_done() {
    let place = Place::new();
    let options = SqliteOptions { queue_ops_max: 3, ..SqliteOptions::default() };
    let store = SqliteStore::open(place.path(), options).unwrap();
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The writer holds a batch and waits for the lock.
    let outcomes: Vec<_> = (0..20)
        .map(|number| store.create(record(&session_id(&format!("bound-{number}")))))
        .collect();
    other.execute_batch("COMMIT").unwrap();
    let outcomes: Vec<_> = outcomes.into_iter().map(block_on).collect();
    let done = outcomes.iter().filter(|it| it.is_ok()).count();
    let refused = outcomes.iter().filter(|it| **it == Err(StoreError::Backpressure)).count();
    assert!((3..=6).contains(&done), "{outcomes:?}");
    assert_eq!(done + refused, 20);
}

#[test]
fn a_write_that_fails_alone_fails_alone() {
    let place = Place::new();
    let store = place.open();
    let id = opened(&store, "alone");
    let bad = StreamNo(7);
    done(store.open(id.clone(), FENCE, call_stream(bad)));
    let other = place.raw();
    other
        .execute_batch(
            "CREATE TRIGGER fail BEFORE INSERT ON event WHEN NEW.stream = 7 \
             BEGIN SELECT RAISE(ABORT, 'as asked'); END; BEGIN IMMEDIATE",
        )
        .unwrap();
    let append = |no: StreamNo, event: NewEvent| store.append(id.clone(), FENCE, no, vec![event]);
    // All writes except the first wait for the lock together.
    let first = append(CALL, event(FENCE, 1, "event 1"));
    let second = append(CALL, event(FENCE, 2, "event 2"));
    let failing = append(bad, event(FENCE, 1, "event 1"));
    let third = append(CALL, event(FENCE, 3, "event 3"));
    store.touch(&id, EXPIRES_MS * 2);
    other.execute_batch("COMMIT").unwrap();
    for append in [first, second, third] {
        done(append);
    }
    let failed = block_on(failing);
    assert!(is_unavailable(&failed), "{failed:?}");
    assert_eq!(store.health(), Ok(()));
    assert_eq!(read_after(&store, &id, START).events, numbered_events(3));
    assert!(done(store.load(id.clone(), EXPIRES_MS)).is_some());
}

#[test]
fn a_damaged_event_is_not_delivered() {
    let place = Place::new();
    let store = place.open();
    let id = opened(&store, "damaged-event");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(3)));
    done(store.shutdown());
    place.flip_bit_of(b"event 2");
    let store = place.open();
    let read = |limit: usize| block_on(store.read(id.clone(), CALL, START, limit));
    assert_eq!(seqs(&read(1).unwrap()), [1]);
    assert!(matches!(read(3), Err(StoreError::Corrupt { .. })), "{:?}", read(3));
}

#[test]
fn a_damaged_session_is_not_delivered_and_hides_no_other() {
    for part in ["checker", "käthe", "logLevel", "2025-06-18"] {
        let place = Place::new();
        let store = place.open();
        let damaged = session_id("damaged");
        done(store.create(record(&damaged)));
        done(store.shutdown());
        place.flip_bit_of(part.as_bytes());
        let store = place.open();
        let whole = record(&session_id("whole"));
        done(store.create(whole.clone()));
        for outcome in [
            block_on(store.load(damaged.clone(), 0)).map(drop),
            block_on(store.claim(damaged.clone(), Claimant::new(NodeId::new("b"), principal()), 0))
                .map(drop),
        ] {
            assert!(matches!(outcome, Err(StoreError::Corrupt { .. })), "{part}: {outcome:?}");
        }
        assert_eq!(done(store.list(None, 1)), [whole]);
        assert!(done(store.remove(damaged)));
    }
}

#[test]
fn a_damaged_stream_is_neither_read_nor_written() {
    let place = Place::new();
    let store = place.open();
    let id = opened(&store, "damaged-stream");
    done(store.shutdown());
    place.flip_bit_of(b"request 1");
    let store = place.open();
    for outcome in [
        block_on(store.read(id.clone(), CALL, START, 9)).map(drop),
        block_on(store.append(id.clone(), FENCE, CALL, numbered_events(1))),
        block_on(store.finish(id, FENCE, CALL, ended(0))),
    ] {
        assert!(matches!(outcome, Err(StoreError::Corrupt { .. })), "{outcome:?}");
    }
}

#[test]
fn a_damaged_cursor_resumes_no_upstream() {
    for change in ["cursor = X'00'", "upstream = 'other'", "upstream = 'no name'"] {
        let place = Place::new();
        let store = place.open();
        let id = opened(&store, "damaged-cursor");
        let named = with_cursor(event(FENCE, 1, "event 1"), cursor_of(named(), "n1"));
        done(store.append(id.clone(), FENCE, CALL, vec![named]));
        done(store.shutdown());
        place.raw().execute(&format!("UPDATE stream_cursor SET {change}"), ()).unwrap();
        let read = block_on(place.open().read(id, CALL, START, 9));
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{change}: {read:?}");
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_with_its_path() {
    let place = Place::new();
    let contents = [vec![b'?'; 8_192], b"not long".to_vec()];
    for content in contents {
        fs::write(place.path(), &content).unwrap();
        let error = place.open_error();
        let path = place.path().display().to_string();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains(&path), "{error}");
        assert_eq!(fs::read(place.path()).unwrap(), content, "nothing was changed");
    }
}

#[test]
fn a_folder_is_unavailable_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let error = SqliteStore::open(folder.path(), SqliteOptions::default()).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
}

#[test]
fn numbers_beyond_every_clock_are_stored() {
    let place = Place::new();
    let store = place.open();
    let id = session_id("forever");
    done(store.create(SessionRecord { expires_ms: u64::MAX, created_ms: u64::MAX, ..record(&id) }));
    let loaded = done(store.load(id, i64::MAX as u64 - 1)).unwrap();
    assert_eq!(loaded.expires_ms, i64::MAX as u64);
}

#[test]
fn many_swept_sessions_make_the_file_smaller() {
    let place = Place::new();
    let options = SqliteOptions {
        limits: LogLimits { bytes_per_stream_max: 32 << 20, ..LogLimits::default() },
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(place.path(), options).unwrap();
    let id = opened(&store, "large");
    let events = (1..=20).map(|seq| event(FENCE, seq, &"x".repeat(1 << 20))).collect();
    done(store.append(id, FENCE, CALL, events));
    let pages =
        || -> i64 { place.raw().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap() };
    let before = pages();
    assert_eq!(done(store.sweep(EXPIRES_MS, 9)).len(), 1);
    assert!(pages() <= before - 200, "{before} pages, then {}", pages());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made").join("too").join("eyot.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    done(store.create(record(&session_id("private"))));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for ending in ["", "-wal", "-shm"] {
        let file = format!("{}{ending}", path.display());
        assert_eq!(mode(Path::new(&file)), 0o600, "{file}");
    }
    assert!(!format!("{store:?}").contains("private"));
}

/// What one process knows of a session is worth nothing once another has written.
#[test]
fn writes_of_another_process_are_noticed_by_the_next_write() {
    let place = Place::new();
    let (first, second) = (place.open(), place.open());
    let id = opened(&first, "in-two-hands");
    done(first.append(id.clone(), FENCE, CALL, numbered_events(1)));
    done(second.claim(id.clone(), Claimant::new(NodeId::new("b"), principal()), 0));
    refused(
        first.append(id.clone(), FENCE, CALL, vec![event(FENCE, 2, "late")]),
        &StoreError::Fenced,
    );
    let fence = FENCE.next();
    done(second.append(id.clone(), fence, CALL, vec![event(fence, 1, "of the second")]));
    done(first.claim(id.clone(), Claimant::new(NodeId::new("a"), principal()), 0));
    refused(
        first.append(id.clone(), fence.next(), CALL, vec![event(fence, 1, "again")]),
        &StoreError::Conflict,
    );
    done(second.remove(id.clone()));
    let events = vec![event(fence.next(), 1, "of no session")];
    refused(first.append(id, fence.next(), CALL, events), &StoreError::NotFound);
}

#[test]
fn forgotten_streams_are_unknown_at_once_and_deleted_soon() {
    let place = Place::new();
    let store = place.open();
    let id = opened(&store, "forgotten");
    let kept = i64::try_from(LogLimits::default().finished_streams_max).unwrap();
    let in_file = || {
        let count = "SELECT count(*) FROM stream WHERE expires_ms IS NOT NULL";
        place.raw().query_row(count, (), |row| row.get::<_, i64>(0)).unwrap()
    };
    for no in (2..200).map(StreamNo) {
        let stream = WrittenStream::New(call_stream(no));
        let write = StreamWrite { stream, events: numbered_events(1), end_ms: Some(no.0.into()) };
        done(store.write(id.clone(), FENCE, write));
        assert!(in_file() <= kept + kept / 8);
    }
    for (no, is_kept) in [(135, false), (136, true), (199, true)] {
        let page = block_on(store.read(id.clone(), StreamNo(no), START, 9));
        assert_eq!(page.is_ok(), is_kept, "stream {no}: {page:?}");
    }
    assert!(in_file() > kept, "stream 135 is in the file");
    // Its number can be used like that of any stream that is not there.
    done(store.open(id.clone(), FENCE, call_stream(StreamNo(135))));
    assert!(done(store.read(id, StreamNo(135), START, 9)).events.is_empty());
}
