//! Splices that fit, and others.

use proptest::prelude::*;

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

#[test]
fn what_a_new_payload_has_of_the_old_one_is_a_slice_of_it() {
    let (begin, end) = ("b".repeat(100), "é".repeat(100));
    let payload = format!("{begin}é{end}");
    let text = format!("{begin}è{end}");
    let parts = shared(&payload, &text);
    assert_eq!(parts, [&*begin, "è", &*end]);
    assert_eq!(parts[0].as_ptr(), payload.as_ptr());
    assert_eq!(range_in(&payload, parts[2]).end, payload.len());
}

proptest! {
    #[test]
    fn a_new_payload_is_as_it_was_given(
        begin in "[aé]{0,140}", end in "[aé]{0,140}", old in "[aéè€]{0,3}", new in "[aéè€]{0,3}",
    ) {
        let (payload, text) = ([&*begin, &old, &end].concat(), [&*begin, &new, &end].concat());
        let mut edit = Edit::Replace(text.clone());
        prop_assert_eq!(edit.parts(&payload).unwrap().unwrap().concat(), text);
    }
}
