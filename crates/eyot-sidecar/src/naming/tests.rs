//! Names in the plan.

use super::in_plan;

#[test]
fn a_name_that_two_steps_have_stands_behind_that_of_its_server() {
    let remote = [("a", "one"), ("a", "two"), ("b", "two"), ("b", "own")];
    assert_eq!(in_plan(["own"], &remote), ["one", "a/two", "b/two", "b/own"]);
}
