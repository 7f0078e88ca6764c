//! Store files that an earlier program has written; see `tests/fixtures/store-v2`.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde_json::Value;

use super::Upstream;

/// A copy of such a file, and the messages that its clients got.
///
/// One thing in the copy is changed before it is opened: its data is bound to the URL of its
/// upstream, whose port is gone, so the URL of a present upstream is written in its place. SQL does
/// that, not a store, so that the file keeps its version.
#[derive(Debug)]
pub(crate) struct EarlierStore {
    folder: tempfile::TempDir,
    pub(crate) told: Value,
}

impl EarlierStore {
    pub(crate) fn before(upstream: &Upstream, name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/store-v2");
        let told = std::fs::read(source.join(format!("{name}.json"))).unwrap();
        let told = serde_json::from_slice(&told).unwrap();
        let store = Self { folder: tempfile::tempdir().unwrap(), told };
        std::fs::copy(source.join(format!("{name}.db")), store.path()).unwrap();
        let connection = Connection::open(store.path()).unwrap();
        let target = store.told["target"].as_str().unwrap();
        move_sessions(&connection, target, &upstream.url());
        move_parked_calls(&connection, target, &upstream.url());
        store
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("sessions.db")
    }
}

fn move_sessions(connection: &Connection, from: &str, to: &str) {
    let mut sessions = connection.prepare("SELECT sid, version, state FROM session").unwrap();
    let rows = sessions.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    for row in rows {
        let (id, version, state): (String, i64, Vec<u8>) = row.unwrap();
        assert_eq!(version, 1);
        let state = replaced(state, from, to);
        let checksum =
            sum(crc32c::crc32c_append(sum(0, id.as_bytes()), &version.to_le_bytes()), &state);
        let update = "UPDATE session SET state = ?2, state_checksum = ?3 WHERE sid = ?1";
        connection.execute(update, params![id, state, checksum]).unwrap();
    }
}

fn move_parked_calls(connection: &Connection, from: &str, to: &str) {
    let mut parked = connection.prepare("SELECT name, content FROM parked").unwrap();
    let rows = parked.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    for row in rows {
        let (name, content): (String, Vec<u8>) = row.unwrap();
        let content = replaced(content, from, to);
        let checksum = sum(sum(0, name.as_bytes()), &content);
        let update = "UPDATE parked SET content = ?2, checksum = ?3 WHERE name = ?1";
        connection.execute(update, params![name, content, checksum]).unwrap();
    }
}

fn replaced(json: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let json = String::from_utf8(json).unwrap();
    assert_eq!(json.matches(from).count(), 1, "{json}");
    json.replace(from, to).into_bytes()
}

/// Adds a field to a checksum as the store does: with its length before it.
fn sum(checksum: u32, field: &[u8]) -> u32 {
    let length = i64::try_from(field.len()).unwrap().to_le_bytes();
    crc32c::crc32c_append(crc32c::crc32c_append(checksum, &length), field)
}
