//! Names of upstreams, and what is kept by them.

use super::{UpstreamName, UpstreamRef, Upstreams};

fn name(text: &str) -> UpstreamName {
    UpstreamName::parse(text).unwrap()
}

fn generation(generation: u64) -> UpstreamRef {
    UpstreamRef { generation, ..UpstreamRef::default() }
}

#[test]
fn the_default_name_is_one_name_however_it_is_made() {
    assert_eq!(name("default"), UpstreamName::DEFAULT);
    assert_eq!(UpstreamName::default(), UpstreamName::DEFAULT);
    assert_eq!(UpstreamName::DEFAULT.as_str(), "default");
    assert!(UpstreamName::DEFAULT.is_default());
    assert!(!name("other").is_default());
    assert!(!name("Default").is_default());
}

#[test]
fn a_name_is_short_and_plain() {
    for text in ["a", "files-2_b.c", &"x".repeat(UpstreamName::BYTES_MAX)] {
        assert_eq!(name(text).to_string(), text);
    }
    for text in ["", "a b", "a/b", "ü", "a\n", &"x".repeat(UpstreamName::BYTES_MAX + 1)] {
        assert_eq!(UpstreamName::parse(text), None, "{text:?}");
    }
}

#[test]
fn each_name_has_one_upstream_in_order() {
    let mut upstreams = Upstreams::default();
    assert!(upstreams.is_empty());
    for (text, number) in [("b", 1), ("default", 2), ("a", 3), ("b", 4)] {
        upstreams.insert(name(text), generation(number));
    }
    let found: Vec<_> = upstreams.iter().map(|(it, at)| (it.as_str(), at.generation)).collect();
    assert_eq!(found, [("default", 2), ("a", 3), ("b", 4)]);
    assert_eq!(upstreams.get(&name("b")), Some(&generation(4)));
    assert_eq!(upstreams.get(&name("c")), None);
    assert!(!upstreams.is_empty());
    upstreams.remove(&name("b"));
    assert_eq!(upstreams.get(&name("b")), None);
    assert_eq!(upstreams.get(&name("a")), Some(&generation(3)));
}

#[test]
fn each_upstream_session_of_a_client_has_a_generation_of_its_own() {
    let mut upstreams = Upstreams::default();
    assert_eq!(upstreams.next_generation(), 1);
    for (text, number) in [("a", 1), ("b", 2), ("a", 3)] {
        assert_eq!(upstreams.next_generation(), number);
        upstreams.insert(name(text), generation(number));
    }
    assert_eq!(upstreams.of_generation(3), Some(&name("a")));
    assert_eq!(upstreams.of_generation(2), Some(&name("b")));
    assert_eq!(upstreams.of_generation(1), None);
}

#[test]
fn a_subscription_is_known_at_its_own_upstream_alone() {
    let names = [UpstreamName::DEFAULT, name("a"), name("a.b")];
    for own in &names {
        let subscription = own.subscription("file:///x");
        for other in &names {
            let uri = other.uri_of(&subscription);
            assert_eq!(uri, (own == other).then_some("file:///x"), "{own} {other}");
        }
    }
}
