//! Raw values, as rules see them.

use std::cmp::Ordering;

use eyot_document::{Format, parse};

use super::{Number, of_node, size, text};

#[test]
fn strings_are_decoded() {
    assert_eq!(text(r#""a\u0062\n""#).unwrap(), "ab\n");
    assert_eq!(text(r#""\ud800x""#).unwrap(), "\u{fffd}x");
    assert_eq!(text("12"), None);
}

#[test]
fn numbers_are_compared_by_value() {
    let compare = |one: &str, other: &str| {
        Number::parse(one).unwrap().compare(Number::parse(other).unwrap()).unwrap()
    };
    assert_eq!(compare("9007199254740993", "9007199254740992"), Ordering::Greater);
    assert_eq!(compare("1.5", "2"), Ordering::Less);
    assert_eq!(compare("1e3", "1000"), Ordering::Equal);
    assert_eq!(Number::parse("\"1\""), None);
}

#[test]
fn sizes_are_characters_items_and_members() {
    assert_eq!(size("\"äöü\""), Some(3));
    assert_eq!(size("[1,[2,3]]"), Some(2));
    assert_eq!(size(r#"{"a":1}"#), Some(1));
    assert_eq!(size("5"), None);
}

#[test]
fn values_of_the_file_become_json() {
    let (node, _) = parse("a: [1, x, true, ~]\n\"b\": {c: -1.5}\n", Format::Yaml).unwrap();
    assert_eq!(of_node(&node).unwrap(), r#"{"a":[1,"x",true,null],"b":{"c":-1.5}}"#);
    let (node, _) = parse("a: 007", Format::Yaml).unwrap();
    assert!(of_node(&node).is_err());
}
