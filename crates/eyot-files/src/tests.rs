//! A file has its old text or the new one, and nothing is lost.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::{Backups, Readers, Watch, read, replace, write_new};

fn folder(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, text).unwrap();
    (folder, file)
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn replaced_file_keeps_its_mode_and_leaves_nothing_beside_it() {
    let (folder, file) = folder("old");
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    replace(&file, b"old", b"new").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn file_that_has_changed_meanwhile_is_left_as_it_is() {
    let (folder, file) = folder("of another");
    let error = replace(&file, b"old", b"new").unwrap_err();
    assert!(error.to_string().contains("meanwhile"));
    assert_eq!(fs::read(&file).unwrap(), b"of another");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn read_only_file_is_left_as_it_is() {
    let (_folder, file) = folder("old");
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    assert!(replace(&file, b"old", b"new").unwrap_err().to_string().contains("read-only"));
    assert_eq!(fs::read(&file).unwrap(), b"old");
}

#[test]
fn new_file_is_for_its_readers() {
    let (folder, file) = folder("old");
    write_new(&file, b"new", Readers::User).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(write_new(&folder.path().join("none/file"), b"", Readers::Usual).is_err());
}

#[test]
fn file_is_read_up_to_the_bound() {
    let (_folder, file) = folder("four");
    assert_eq!(read(&file, 3).unwrap(), b"fou");
}

#[test]
fn backups_are_kept_once_and_given_the_newest_first() {
    let (folder, file) = folder("now");
    let backups = Backups::of(&file, 100);
    let kept = ["one", "two", "one"].map(|it| backups.keep(it.as_bytes()).unwrap());
    assert_eq!(kept[0], kept[2]);
    assert_eq!(names(folder.path()), ["file", "file.eyot-backup", "file.eyot-backup.2"]);
    assert_eq!(backups.texts(), [b"two", b"one"]);
    backups.forget(b"one");
    assert_eq!(backups.texts(), [b"two"]);
    assert_eq!(backups.keep(b"three").unwrap(), kept[0]);
}

#[test]
fn a_change_of_any_file_is_seen_once_also_that_it_comes_and_goes() {
    let (folder, file) = folder("one");
    let other = folder.path().join("other");
    let mut watch = Watch::of([file.clone(), other.clone()]);
    assert!(!watch.has_changed());
    fs::write(&other, "it comes").unwrap();
    assert!(watch.has_changed() && !watch.has_changed());
    fs::remove_file(&other).unwrap();
    assert!(watch.has_changed() && !watch.has_changed());
    fs::write(&file, "longer than it was").unwrap();
    // It is still looked at, and what has come of it meanwhile is not lost.
    watch.follow([file]);
    assert!(watch.has_changed());
    fs::write(&other, "it is not looked at").unwrap();
    assert!(!watch.has_changed());
}
