//! Which names are close.

use super::did_you_mean;

#[test]
fn close_names_are_suggested_and_far_ones_are_not() {
    let known = ["principal", "server", "tool", "tools"];
    assert_eq!(did_you_mean("princpal", known), ": did you mean `principal`?");
    assert_eq!(did_you_mean("Tool", known), ": did you mean `tool`?");
    assert_eq!(did_you_mean("colour", known), "");
    assert_eq!(did_you_mean("x", ["a"]), ": did you mean `a`?");
    assert_eq!(did_you_mean("", []), "");
}
