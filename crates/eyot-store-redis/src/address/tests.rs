//! URLs of servers.

use super::{Address, Kind};

fn one(url: &str) -> Kind {
    Address::parse(url).unwrap().0
}

fn is_one(url: &str, expected: &str) {
    assert!(one(url) == Kind::One(expected.to_owned()), "{url}");
}

#[test]
fn one_server_is_named_as_everywhere() {
    is_one("redis://host", "redis://host");
    is_one("valkey://u:p@host:1/2", "redis://u:p@host:1/2");
    is_one("valkeys://host", "rediss://host");
    is_one("unix:///run/redis.sock", "unix:///run/redis.sock");
}

#[test]
fn each_server_of_a_cluster_gets_the_credentials() {
    let urls = ["rediss://u:p@a:1", "rediss://u:p@b"].map(str::to_owned).to_vec();
    assert!(one("rediss+cluster://u:p@a:1,b") == Kind::Cluster(urls));
}

#[test]
fn the_primary_of_sentinels_gets_the_credentials_and_the_database() {
    let expected = Kind::Sentinel {
        sentinels: vec!["redis://a:1".to_owned(), "redis://b:2".to_owned()],
        name: "main".to_owned(),
        primary: "redis://u:p@primary/3".to_owned(),
    };
    assert!(one("redis+sentinel://u:p@a:1,b:2/main/3") == expected);
}

#[test]
fn what_is_no_address_is_refused_without_its_password() {
    for url in [
        "host:6379",
        "http://u:secret@host",
        "redis://",
        "redis://u:secret@a,b",
        "redis+cluster://u:secret@a,,b",
        "redis+cluster://u:secret@a/1",
        "redis+sentinel://u:secret@a",
        "redis+other://u:secret@a",
        "unix+cluster:///a",
    ] {
        let refusal = Address::parse(url).unwrap_err().to_string();
        assert!(!refusal.contains("secret"), "{refusal}");
    }
}
