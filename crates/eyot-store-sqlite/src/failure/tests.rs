//! Each error of SQLite has one meaning for callers.

use rusqlite::ffi;

use super::{Error, ends_writing, store_error};

#[track_caller]
fn check(code: i32, expected: &str, ends: bool) {
    let error = Error::SqliteFailure(ffi::Error::new(code), Some("as asked".to_owned()));
    let name = format!("{:?}", store_error(&error));
    assert!(name.starts_with(expected), "{name}");
    assert!(name.contains("as asked"), "{name}");
    assert_eq!(ends_writing(&error), ends);
}

#[test]
fn a_failed_disk_ends_writing() {
    check(ffi::SQLITE_FULL, "Full", true);
    check(ffi::SQLITE_IOERR, "Unavailable", true);
    check(ffi::SQLITE_IOERR_FSYNC, "Unavailable", true);
    check(ffi::SQLITE_READONLY, "ReadOnly", true);
    check(ffi::SQLITE_READONLY_DIRECTORY, "ReadOnly", true);
}

#[test]
fn everything_else_may_pass() {
    check(ffi::SQLITE_BUSY, "Unavailable", false);
    check(ffi::SQLITE_LOCKED, "Unavailable", false);
    check(ffi::SQLITE_NOMEM, "Unavailable", false);
    check(ffi::SQLITE_CONSTRAINT, "Unavailable", false);
    check(ffi::SQLITE_CORRUPT, "Corrupt", false);
    check(ffi::SQLITE_NOTADB, "Corrupt", false);
}

#[test]
fn a_value_of_the_wrong_shape_is_damage() {
    let error = Error::IntegralValueOutOfRange(3, -1);
    assert!(matches!(store_error(&error), eyot_session::StoreError::Corrupt { .. }));
}
