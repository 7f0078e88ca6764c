//! Names of stores.

use super::StoreUrl;
use crate::Durability;

#[test]
fn stores_are_named_by_scheme() {
    assert_eq!("memory:".parse(), Ok(StoreUrl::Memory));
    assert_eq!("sqlite:/a/b".parse(), Ok(StoreUrl::Sqlite("/a/b".into())));
    for text in ["redis://a", "valkey+sentinel://a,b/main", "unix:///run/valkey.sock"] {
        assert!(matches!(text.parse(), Ok(StoreUrl::Redis(_))), "{text}");
    }
    for text in ["", "sqlite", "sqlite:", "memory:x", "/a/b", "redis:a", "http://a"] {
        assert!(text.parse::<StoreUrl>().is_err(), "{text}");
    }
}

#[test]
fn a_name_shows_no_password() {
    for text in ["redis://u:secret@a", "redis+cluster://u:secret@a,b"] {
        let url: StoreUrl = text.parse().unwrap();
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}

#[test]
fn what_is_not_there_is_not_made_for_a_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    assert!(StoreUrl::Sqlite(path.clone()).open_to_read().is_err());
    assert!(!path.exists());
}

#[test]
fn an_engine_promises_no_more_than_it_can_keep() {
    assert!(StoreUrl::Memory.open(Durability::Quorum).is_err());
    assert!(StoreUrl::Memory.open(Durability::Sync).is_ok());
}
