//! Which redirects stay on the origin.

use super::*;

#[track_caller]
fn check(location: &str, expected: Option<&str>) {
    let target = Target::parse("http://Up.example:8080/a/mcp?key=1").unwrap();
    let found = target.within(target.path(), location);
    assert_eq!(found.map(|it| it.to_string()).as_deref(), expected, "{location}");
}

#[test]
fn location_on_the_same_origin_is_a_target() {
    check("/b", Some("/b"));
    check("/b?x=1#part", Some("/b?x=1"));
    check("mcp/", Some("/a/mcp/"));
    check("../b/./c", Some("/b/c"));
    check("../../../b", Some("/b"));
    check("?x=2", Some("/a/mcp?x=2"));
    check("http://up.example:8080/b", Some("/b"));
    check("//up.EXAMPLE:8080/b", Some("/b"));
    check("http://up.example:8080", Some("/"));
}

#[test]
fn location_on_another_origin_is_none() {
    for location in [
        "https://up.example:8080/b",
        "http://up.example/b",
        "http://up.example:8081/b",
        "http://other.example:8080/b",
        "//other.example/b",
        "http://up.example:8080@other.example/b",
        "http://user@up.example:8080/b",
        "javascript://x/y",
        "http://",
    ] {
        check(location, None);
    }
}

#[test]
fn loopback_is_known_by_its_names_and_addresses() {
    let is_loopback = |url: &str| Target::parse(url).unwrap().is_loopback();
    for url in ["http://localhost/", "http://127.0.0.1:1/", "http://127.9.9.9/", "http://[::1]:1/"]
    {
        assert!(is_loopback(url), "{url}");
    }
    for url in ["http://localhost.example/", "http://10.0.0.1/", "http://[::2]:1/"] {
        assert!(!is_loopback(url), "{url}");
    }
}
