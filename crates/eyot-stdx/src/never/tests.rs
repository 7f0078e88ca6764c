//! What the macro does in a debug build.

#[test]
#[should_panic(expected = "this cannot happen: 3 of 2")]
fn the_impossible_stops_a_debug_build() {
    crate::never!("{} of {}", 3, 2);
}

#[test]
#[should_panic(expected = "this cannot happen: more than all")]
fn a_true_condition_is_reported() {
    crate::never!(3 > 2, "more than all");
}

#[test]
fn a_false_condition_is_only_returned() {
    assert!(!crate::never!(2 > 3, "more than all: {}", 2));
}
