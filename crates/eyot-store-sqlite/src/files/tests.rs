//! Files that were there before, with the rights of others.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use eyot_session::StoreError;
use tempfile::TempDir;

use super::{StoreFile, beside};

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("eyot.db");
    (folder, path)
}

fn put(path: &Path, mode: u32) {
    fs::write(path, "").unwrap();
    set_mode(path, mode);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[track_caller]
fn check_unsafe(path: &Path, reason: &str) {
    match StoreFile::prepare(path) {
        Err(StoreError::Unsafe { reason: found }) => assert!(found.contains(reason), "{found}"),
        other => panic!("expected that it {reason}, got {other:?}"),
    }
}

#[test]
fn files_of_ours_lose_the_rights_of_others() {
    for open in [0o666, 0o644, 0o640, 0o604, 0o777] {
        let (_folder, path) = folder();
        let files = ["", "-wal", "-shm", "-journal"].map(|ending| beside(&path, ending));
        files.iter().for_each(|it| put(it, open));
        StoreFile::prepare(&path).unwrap();
        files.iter().for_each(|it| assert_eq!(mode(it), open & 0o700, "{open:o} {it:?}"));
    }
}

#[test]
fn link_of_ours_leads_to_a_file_that_is_checked_as_any() {
    let (_folder, path) = folder();
    let link = path.with_file_name("link.db");
    put(&path, 0o644);
    put(&beside(&path, "-wal"), 0o644);
    symlink(&path, &link).unwrap();
    assert_eq!(StoreFile::prepare(&link).unwrap().path(), path);
    assert_eq!((mode(&path), mode(&beside(&path, "-wal"))), (0o600, 0o600));
}

#[test]
fn link_that_leads_nowhere_is_refused() {
    let (_folder, path) = folder();
    symlink(path.with_file_name("nowhere"), &path).unwrap();
    assert!(matches!(StoreFile::prepare(&path), Err(StoreError::Unavailable { .. })));
}

#[test]
fn link_in_the_place_of_a_file_of_sqlite_is_refused() {
    let (_folder, path) = folder();
    let elsewhere = path.with_file_name("elsewhere");
    put(&elsewhere, 0o600);
    symlink(&elsewhere, beside(&path, "-wal")).unwrap();
    check_unsafe(&path, "-wal is a link");
}

#[test]
fn something_else_than_a_file_is_refused() {
    let (_folder, path) = folder();
    fs::create_dir(&path).unwrap();
    assert!(matches!(StoreFile::prepare(&path), Err(StoreError::Unavailable { .. })));
}

#[test]
fn folder_of_its_own_loses_the_right_of_others_to_write() {
    let (folder, path) = folder();
    put(&path, 0o600);
    put(&beside(&path, "-wal"), 0o600);
    set_mode(folder.path(), 0o777);
    StoreFile::prepare(&path).unwrap();
    assert_eq!(mode(folder.path()), 0o755);
}

#[test]
fn folder_with_other_things_that_everybody_may_write_is_refused() {
    let (folder, path) = folder();
    put(&path.with_file_name("other"), 0o600);
    set_mode(folder.path(), 0o777);
    check_unsafe(&path, "can be written by everybody");
    assert_eq!(mode(folder.path()), 0o777);
    assert!(!path.exists());
}

#[test]
fn folder_where_each_user_owns_their_files_is_taken() {
    let (folder, path) = folder();
    put(&path.with_file_name("other"), 0o600);
    set_mode(folder.path(), 0o1777);
    StoreFile::prepare(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn file_of_another_user_is_refused() {
    let (_folder, path) = folder();
    put(&path, 0o600);
    let other = rustix::fs::Uid::from_raw(65_534);
    if rustix::fs::chown(&path, Some(other), None).is_err() {
        // Only root can give a file away.
        return;
    }
    check_unsafe(&path, "belongs to user 65534");
}
