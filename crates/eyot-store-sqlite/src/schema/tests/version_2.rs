//! Files that a program of schema version 2 has written. A text beside them says how they were
//! made.
//!
//! Nothing in a copy is changed before it is opened: their sessions and their parked call live for
//! a hundred years. Only a stream that has ended has expired by now; it stays until it is swept.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use eyot_session::{
    Claimant, EventId, EventLog, Fence, ItemChange, NodeId, Page, ParkedCalls, RECORD_VERSION,
    SessionId, SessionState, Sessions, Store, StreamKind, StreamNo, UpstreamCursor, UpstreamName,
    UpstreamRef,
};
use eyot_testkit::block_on;
use eyot_testkit::samples::{START, cursor, cursor_of, done, event, named, with_cursor};
use rusqlite::Connection;
use serde_json::Value;

use super::version;
use crate::{SqliteOptions, SqliteStore};

/// A copy of a file, and what its client has seen.
struct Fixture {
    folder: tempfile::TempDir,
    told: Value,
}

impl Fixture {
    fn new(name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/store-v2");
        let told = std::fs::read(source.join(format!("{name}.json"))).unwrap();
        let told = serde_json::from_slice(&told).unwrap();
        let it = Self { folder: tempfile::tempdir().unwrap(), told };
        std::fs::copy(source.join(format!("{name}.db")), it.path()).unwrap();
        assert_eq!(version(&it.raw()), 2);
        it
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("eyot.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path(), SqliteOptions::default()).unwrap()
    }

    fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn told(&self, pointer: &str) -> &str {
        self.told.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    fn session_id(&self, name: &str) -> SessionId {
        SessionId::parse(self.told(&format!("/{name}/id"))).unwrap()
    }

    /// The upstream session that was opened as the n-th.
    fn upstream(&self, number: usize, revision: &str) -> UpstreamRef {
        UpstreamRef {
            target: Some(self.told("/target").into()),
            session_id: Some(format!("upstream-{number}").into()),
            revision: Some(revision.into()),
            generation: 1,
            ..UpstreamRef::default()
        }
    }
}

/// The events that were read, as the client saw them.
fn seen(page: &Page) -> Vec<(String, Value)> {
    let stream = page.stream.no;
    let id = |position| EventId { stream, position }.to_string();
    let message = |data: &Bytes| serde_json::from_slice(data).unwrap();
    page.events.iter().map(|it| (id(it.position), message(&it.data))).collect()
}

/// The events that the client got on a stream.
fn told(events: &Value) -> Vec<(String, Value)> {
    let events = events.as_array().unwrap().iter();
    events.map(|it| (it["id"].as_str().unwrap().to_owned(), it["message"].clone())).collect()
}

fn cursors(page: &Page) -> Vec<UpstreamCursor> {
    page.events.iter().filter_map(|it| it.upstream_cursor.clone()).collect()
}

#[test]
fn sessions_have_their_upstream_under_the_default_name() {
    let fixture = Fixture::new("sessions");
    let store = fixture.open();
    let upstreams = |number, revision| {
        [(UpstreamName::DEFAULT, fixture.upstream(number, revision))].into_iter().collect()
    };
    let busy = SessionState {
        is_initialized: true,
        log_level: Some("warning".into()),
        upstreams: upstreams(1, "2025-11-25"),
        items: [ItemChange::Subscribe("file:///a".into())].into_iter().collect(),
    };
    let idle = SessionState {
        is_initialized: true,
        upstreams: upstreams(2, "2025-03-26"),
        ..SessionState::default()
    };
    for (name, state) in [("busy", busy), ("idle", idle)] {
        let record = done(store.load(fixture.session_id(name), 0)).unwrap();
        assert_eq!(record.state, state);
        assert_eq!(record.revision.as_str(), fixture.told(&format!("/{name}/revision")));
        assert_eq!((record.principal, record.fence), (None, Fence(1)));
        let initialize: Value = serde_json::from_slice(&record.initialize).unwrap();
        assert_eq!(initialize["clientInfo"]["name"], "maker");
    }
    assert_eq!(done(store.list(None, 9)).len(), 2);
}

#[test]
fn streams_have_their_events_and_cursors_of_the_default_upstream() {
    let fixture = Fixture::new("sessions");
    let store = fixture.open();
    let id = fixture.session_id("busy");
    let streams = [
        (0, "standalone", None, ["n1", "n2"]),
        (1, "finished", Some(&b"3"[..]), ["e1", "e2"]),
        (2, "open", Some(&b"4"[..]), ["p1", "p2"]),
    ];
    for (no, name, request_id, given) in streams {
        let page = done(store.read(id.clone(), StreamNo(no), START, 9));
        assert_eq!(seen(&page), told(&fixture.told["busy"][name]), "{name}");
        assert_eq!(cursors(&page), given.map(cursor), "{name}");
        assert_eq!(page.last_upstream_cursors, [cursor(given[1])].into_iter().collect());
        assert_eq!(page.stream.request_id.as_deref(), request_id);
        assert_eq!(page.stream.kind == StreamKind::Standalone, no == 0);
        assert_eq!(page.stream.upstream_cursor, (name == "open").then(|| cursor("p0")));
        assert_eq!(page.is_end, name == "finished");
    }
}

#[test]
fn a_session_goes_on_in_the_version_of_today() {
    let fixture = Fixture::new("sessions");
    let store = fixture.open();
    let id = fixture.session_id("busy");
    let stranger =
        store.claim(id.clone(), Claimant::new(NodeId::new("b"), Some("stranger".into())), 0);
    assert_eq!(done(stranger), None);
    let claimed = done(store.claim(id.clone(), Claimant::new(NodeId::new("b"), None), 0)).unwrap();
    assert_eq!((claimed.record.fence, claimed.next_stream), (Fence(2), StreamNo(3)));
    let mut state = claimed.record.state;
    state.upstreams.insert(named(), UpstreamRef::default());
    done(store.update(id.clone(), Fence(2), state.clone()));
    let next = with_cursor(event(Fence(2), 1, "{}"), cursor_of(named(), "o1"));
    done(store.append(id.clone(), Fence(2), StreamNo(2), vec![next]));
    done(store.shutdown());

    let store = fixture.open();
    assert_eq!(done(store.load(id.clone(), 0)).map(|it| it.state), Some(state));
    let page = done(store.read(id.clone(), StreamNo(2), START, 9));
    assert_eq!(cursors(&page), [cursor("p1"), cursor("p2"), cursor_of(named(), "o1")]);
    let last = [cursor("p2"), cursor_of(named(), "o1")].into_iter().collect();
    assert_eq!(page.last_upstream_cursors, last);
    let version = |id: &SessionId| -> u32 {
        let version = "SELECT version FROM session WHERE sid = ?1";
        fixture.raw().query_row(version, [id.as_str()], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&id), RECORD_VERSION);
    assert_eq!(version(&fixture.session_id("idle")), 1, "only what changes is written");
}

#[test]
fn a_parked_call_is_there_with_the_key_of_what_its_client_keeps() {
    let fixture = Fixture::new("parked");
    let (name, key): (String, Vec<u8>) = {
        let raw = fixture.raw();
        let both = "SELECT name, key FROM parked, seal_key";
        raw.query_row(both, (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let store = fixture.open();
    assert!(done(store.seal_key()).ct_eq(&key));
    let parked = done(store.take_over(name.clone(), 0)).unwrap();
    assert_eq!(parked.fence, Fence(2));
    let content: Value = serde_json::from_slice(&parked.content).unwrap();
    assert_eq!(content["target"], fixture.told("/target"));
    assert_eq!(content["stage"]["asked"][1]["cursor"], "e1");
    assert_eq!(block_on(store.unpark(name, Fence(2))), Ok(()));
}
