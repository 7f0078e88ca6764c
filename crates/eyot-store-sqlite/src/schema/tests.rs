//! Files of other versions and of other programs.

mod version_2;

use std::fs;
use std::path::{Path, PathBuf};

use eyot_session::StoreError;
use rusqlite::Connection;

use super::{MIGRATIONS, check_current, migrate};
use crate::failure::Failure;

fn file(folder: &tempfile::TempDir) -> (PathBuf, Connection) {
    let path = folder.path().join("eyot.db");
    let connection = Connection::open(&path).unwrap();
    (path, connection)
}

fn version(connection: &Connection) -> usize {
    let version: u32 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    usize::try_from(version).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
    let mut names: Vec<String> = names.map(|it| it.into_string().unwrap()).collect();
    names.sort();
    names
}

fn with_next(next: &'static str) -> Vec<&'static str> {
    [MIGRATIONS, &[next]].concat()
}

#[test]
fn a_new_file_gets_the_newest_version_without_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut connection) = file(&folder);
    migrate(&mut connection, &path, MIGRATIONS).unwrap();
    migrate(&mut connection, &path, MIGRATIONS).unwrap();
    assert_eq!(version(&connection), MIGRATIONS.len());
    check_current(&connection).unwrap();
    assert_eq!(files(folder.path()), ["eyot.db"]);
}

#[test]
fn an_older_file_is_copied_and_then_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut connection) = file(&folder);
    migrate(&mut connection, &path, MIGRATIONS).unwrap();
    // The rest of a migration that was cut short.
    fs::write(folder.path().join("eyot.db.backup.unfinished"), "half").unwrap();

    let next = "ALTER TABLE session ADD COLUMN colour TEXT";
    migrate(&mut connection, &path, &with_next(next)).unwrap();
    assert_eq!(version(&connection), MIGRATIONS.len() + 1);
    connection.execute("SELECT colour FROM session", ()).unwrap_or(0);

    let backup = format!("eyot.db.v{}.backup", MIGRATIONS.len());
    assert_eq!(files(folder.path()), ["eyot.db".to_owned(), backup.clone()]);
    let copy = Connection::open(folder.path().join(backup)).unwrap();
    check_current(&copy).unwrap();
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut connection) = file(&folder);
    migrate(&mut connection, &path, MIGRATIONS).unwrap();
    let next = "ALTER TABLE session ADD COLUMN colour TEXT; SELECT nonsense";
    assert!(migrate(&mut connection, &path, &with_next(next)).is_err());
    assert_eq!(version(&connection), MIGRATIONS.len());
    assert!(connection.prepare("SELECT colour FROM session").is_err());
}

#[test]
fn a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut connection) = file(&folder);
    migrate(&mut connection, &path, MIGRATIONS).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let known = u32::try_from(MIGRATIONS.len()).unwrap();
    let unsupported = StoreError::Unsupported { found: 99, known };
    let opened = crate::SqliteStore::open(&path, crate::SqliteOptions::default());
    assert_eq!(opened.unwrap_err(), unsupported);
    assert_eq!(crate::SqliteStore::open_readonly(&path).unwrap_err(), unsupported);
}

#[test]
fn an_earlier_version_is_not_read_without_a_migration() {
    let folder = tempfile::tempdir().unwrap();
    let (_, connection) = file(&folder);
    let checked = check_current(&connection);
    assert!(matches!(checked, Err(Failure::Refused(StoreError::Unavailable { .. }))));
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut connection) = file(&folder);
    connection.execute_batch("CREATE TABLE theirs(x)").unwrap();
    let migrated = migrate(&mut connection, &path, MIGRATIONS);
    assert!(matches!(migrated, Err(Failure::Refused(StoreError::Corrupt { .. }))));
    let tables = "SELECT count(*) FROM sqlite_schema";
    assert_eq!(connection.query_row(tables, (), |row| row.get(0)), Ok(1));
}
