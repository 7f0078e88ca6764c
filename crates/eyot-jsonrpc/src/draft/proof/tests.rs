//! What is proven while it is written is what the scan accepts, no more and no less.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Proof;
use crate::any_value::any_value;
use crate::scan::Scan;
use crate::scan::limits::ScanLimits;

/// Writes a value with the proof, and without it to be scanned: both find the same.
#[track_caller]
fn check(value: &impl Serialize) {
    let text = serde_json::to_string(value).unwrap();
    let scanned = Scan::of_text(&text, 0, &ScanLimits::OWN).part(Scan::result).ok();
    let mut written = Vec::new();
    let proof = Proof::write(&mut written, value);
    assert_eq!(
        proof.as_ref().map(|it| it.is_single_line),
        scanned.map(|it| it.is_single_line),
        "{text}"
    );
    if proof.is_some() {
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

/// So many arrays around a value.
fn nested(value: Value, depth: usize) -> Value {
    (0..depth).fold(value, |inner, _| Value::from(vec![inner]))
}

proptest! {
    #[test]
    fn a_value_is_proven_as_the_scan_finds_it(value in any_value(), depth in 0..140_usize) {
        check(&nested(value, depth));
    }

    #[test]
    fn raw_json_is_proven_as_the_scan_finds_it(
        value in any_value(),
        depth in 0..140_usize,
        outside in 0..3_usize,
    ) {
        let pretty = serde_json::to_string_pretty(&nested(value, depth)).unwrap();
        let members = (0..outside).map(|it| (it.to_string(), raw(&pretty)));
        check(&BTreeMap::from_iter(members));
    }
}

#[test]
fn raw_json_that_others_could_not_read_is_not_proven() {
    for text in ["1e999", r#""\ud800""#, "[1, 2]", "[1,\n2]", "{\"a\":\t1}"] {
        check(&vec![raw(text)]);
    }
}

#[test]
fn what_serde_cannot_write_is_not_proven() {
    let keys_that_are_lists = BTreeMap::from([(vec![1], 1)]);
    assert!(Proof::write(&mut Vec::new(), &keys_that_are_lists).is_none());
}

/// Writes keys and values in an order of its own.
struct Disorder(&'static [bool]);

impl Serialize for Disorder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for is_key in self.0 {
            match is_key {
                true => map.serialize_key("key")?,
                false => map.serialize_value(&json!([{ "a": 1 }]))?,
            }
        }
        map.end()
    }
}

#[test]
fn keys_without_values_are_not_proven() {
    for order in [&[true, false][..], &[], &[true], &[true, true, false], &[true, false, false]] {
        check(&Disorder(order));
    }
}
