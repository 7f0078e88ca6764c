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
}
