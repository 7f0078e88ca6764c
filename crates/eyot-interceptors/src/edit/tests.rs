//! Splices that fit, and others.

use super::*;
use crate::pointer::{find, range_in};

const PAYLOAD: &str = r#"{ "a/b": [1, {"x": "y"}], "z": null }"#;

fn splice(range: Range<usize>, text: &str) -> Splice {
    Splice { range, text: text.to_owned() }
}

#[test]
fn bytes_beside_a_splice_stay_as_they_came() {
    let range = range_in(PAYLOAD, find(PAYLOAD, "/a~1b/1/x").unwrap().unwrap());
    let mut edit = Edit::Splices(vec![splice(range, "\"[gone]\"")]);
    let changed = edit.parts(PAYLOAD).unwrap().unwrap();
    assert_eq!(changed.concat(), r#"{ "a/b": [1, {"x": "[gone]"}], "z": null }"#);
}

#[test]
fn splices_that_overlap_or_do_not_fit_are_refused() {
    for ranges in [&[(0, 5), (3, 8)][..], &[(0, 1_000)], &[(5, 3)]] {
        let splices = ranges.iter().map(|(start, end)| splice(*start..*end, "")).collect();
        assert!(Edit::Splices(splices).parts(PAYLOAD).is_err());
    }
}

#[test]
fn splices_are_applied_whatever_their_order() {
    let splices = vec![splice(4..5, "B"), splice(0..1, "A")];
    let mut edit = Edit::Splices(splices);
    assert_eq!(edit.parts("01234567").unwrap().unwrap().concat(), "A123B567");
}
