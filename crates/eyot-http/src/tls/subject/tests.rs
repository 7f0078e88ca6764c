//! Whose certificate it is.

use eyot_testkit::Authority;

use super::*;
use crate::tls::identity::certificates;

fn name(common_name: &str, others: &[&str]) -> Option<String> {
    let identity = Authority::new().client(common_name, others);
    name_of(&certificates(identity.certificate.as_bytes()).unwrap()[0])
}

#[test]
fn common_name_goes_first() {
    assert_eq!(name("alice", &["b.example"]).as_deref(), Some("alice"));
    assert_eq!(name("Åsa of the eyot", &[]).as_deref(), Some("Åsa of the eyot"));
    let long = "a".repeat(200);
    assert_eq!(name(&long, &[]), Some(long));
}

#[test]
fn without_a_common_name_it_is_a_dns_name_or_else_a_uri() {
    let uri = "spiffe://eyot.example/agent";
    assert_eq!(name("", &[uri, "b.example", "c.example"]).as_deref(), Some("b.example"));
    assert_eq!(name("", &[uri]).as_deref(), Some(uri));
    assert_eq!(name("", &[]), None);
}

#[test]
fn name_that_does_not_fit_a_log_is_none() {
    assert_eq!(name(&"a".repeat(300), &[]), None);
    assert_eq!(name("a\nb", &["b.example"]), None);
    assert_eq!(name("  ", &[]), None);
}

#[test]
fn subject_that_cannot_be_read_has_no_common_name() {
    let one = [&[SET, 12, SEQUENCE, 10, OBJECT_ID, 3][..], COMMON_NAME, b"\x0c\x03abc"].concat();
    assert_eq!(common_names(&one), Some(vec!["abc".to_owned()]));
    for end in 1..one.len() {
        assert_eq!(common_names(&one[..end]), None, "{end}");
    }
    let two = [&one[..], &one[..]].concat();
    assert_eq!(common_names(&two).unwrap().len(), 2);
    let other_text = [&one[..11], b"\x1e\x03abc"].concat();
    assert_eq!(common_names(&other_text), None);
}
