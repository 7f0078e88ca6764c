//! What is known holds as long as it may, and no longer.

use std::path::Path;

use eyot_testkit::samples::{FENCE, record, session_id};
use rusqlite::Connection;

use super::Tables;
use crate::connection::open_writer;
use crate::options::SqliteOptions;
use crate::owned::Owned;
use crate::sessions;

fn open(folder: &Path) -> Connection {
    open_writer(&folder.join("eyot.db"), &SqliteOptions::default()).unwrap()
}

fn in_transaction<T>(tables: &mut Tables<'_>, work: impl FnOnce(&mut Tables<'_>) -> T) -> T {
    tables.begin().unwrap();
    let done = work(tables);
    tables.commit().unwrap();
    done
}

#[test]
fn row_is_known_over_commits_of_its_own_connection_and_not_over_others() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (open(folder.path()), open(folder.path()));
    let (mut first, mut second) = (Tables::new(&first).unwrap(), Tables::new(&second).unwrap());
    let id = session_id("known");
    let owned = Owned { id: &id, fence: FENCE };
    in_transaction(&mut first, |it| sessions::create(it, &record(&id)).unwrap());
    in_transaction(&mut first, |it| it.check(owned).unwrap());
    for end in 20_000..20_100 {
        first.connection.pragma_update(None, "wal_autocheckpoint", 1).unwrap();
        let is_known = in_transaction(&mut first, |it| {
            sessions::touch(it.connection, &[(id.clone(), end)]).unwrap();
            it.known.get(&id).is_some()
        });
        assert!(is_known, "after {end}");
    }
    in_transaction(&mut second, |it| {
        sessions::touch(it.connection, &[(id.clone(), 30_000)]).unwrap();
    });
    assert!(in_transaction(&mut first, |it| it.known.get(&id).is_none()));
}

#[test]
fn nothing_is_known_after_a_transaction_was_undone() {
    let folder = tempfile::tempdir().unwrap();
    let connection = open(folder.path());
    let mut tables = Tables::new(&connection).unwrap();
    let id = session_id("undone");
    let owned = Owned { id: &id, fence: FENCE };
    tables.begin().unwrap();
    sessions::create(&mut tables, &record(&id)).unwrap();
    tables.check(owned).unwrap();
    tables.roll_back();
    tables.begin().unwrap();
    assert!(tables.check(owned).is_err());
    tables.roll_back();
}
