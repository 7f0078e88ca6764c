//! Where the store of an upstream is.

use std::fs;

use super::*;

fn server(key: &str) -> Target {
    Target::command("server", ["--api-key", key])
}

#[test]
fn a_store_outlives_the_secrets_of_its_upstream() {
    let folder = tempfile::tempdir().unwrap();
    let place = |target: &Target| store_in(folder.path(), target).unwrap();
    assert_eq!(place(&server("old")), place(&server("new")));
    assert_ne!(place(&server("old")), place(&Target::command("other", ["--api-key", "old"])));
}

#[test]
fn a_store_of_an_earlier_version_is_moved() {
    let folder = tempfile::tempdir().unwrap();
    let earlier = fnv(server("old").plain_name().expose().as_bytes());
    let earlier = folder.path().join(format!("sessions-{earlier:016x}.db"));
    fs::write(&earlier, "store").unwrap();
    fs::write(earlier.with_extension("db-wal"), "log").unwrap();
    let place = store_in(folder.path(), &server("old")).unwrap();
    assert_eq!(fs::read_to_string(&place).unwrap(), "store");
    assert_eq!(fs::read_to_string(place.with_extension("db-wal")).unwrap(), "log");
    assert!(!earlier.exists());
    // One that is there is never replaced.
    fs::write(&earlier, "other").unwrap();
    assert_eq!(store_in(folder.path(), &server("old")).unwrap(), place);
    assert_eq!(fs::read_to_string(&place).unwrap(), "store");
}
