//! The same values, written in several ways; and others.

use proptest::prelude::*;

use super::canonical;
use crate::any_value::any_value;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(canonical(text), expected, "{text}");
}

#[test]
fn white_space_order_and_escapes_make_no_difference() {
    check(" {}", "");
    check("{ }", "{}");
    check("[ 1 ,\n2 ]", "[1,2]");
    check(r#"{ "b": [ ], "a": { "d": null, "c": "x" } }"#, r#"{"a":{"c":"x","d":null},"b":[]}"#);
    check(r#"{"\u0062":1,"a":2}"#, r#"{"a":2,"b":1}"#);
    check(r#""\u00e9\/\u0022\ud83d\ude00\u0001""#, "\"é/\\\"😀\\u0001\"");
}

#[test]
fn numbers_stay_to_the_letter() {
    for number in [
        "18446744073709551616",
        "18446744073709551617",
        "0.1000000000000000055511151231257827",
        "0.1",
        "1.0",
        "1",
        "1e0",
        "-0",
        "1E+2",
    ] {
        check(number, number);
        check(&format!("[ {number} ]"), &format!("[{number}]"));
    }
}

#[test]
fn key_that_comes_twice_stays_twice() {
    check(r#"{"b":1,"a":1,"a":2}"#, r#"{"a":1,"a":2,"b":1}"#);
    check(r#"{"a":2,"b":1,"a":1}"#, r#"{"a":2,"a":1,"b":1}"#);
}

proptest! {
    #[test]
    fn pretty_and_compact_texts_of_a_value_have_one_canonical_text(value in any_value()) {
        let (pretty, compact) = (serde_json::to_string_pretty(&value), value.to_string());
        let of_pretty = canonical(&pretty.unwrap());
        prop_assert_eq!(&of_pretty, &canonical(&compact));
        // `Value` sorts its keys, too; so states that were bound to its text still open.
        prop_assert_eq!(&of_pretty, &compact);
    }
}
