//! Names in the plan.

use super::in_plan;

#[test]
fn a_name_that_two_steps_have_stands_behind_that_of_its_server() {
    let remote = [("a", "one"), ("a", "two"), ("b", "two"), ("b", "own")];
    assert_eq!(in_plan(["own"], &remote), ["one", "a/two", "b/two", "b/own"]);
}

#[test]
fn no_two_names_are_one_whatever_servers_say() {
    let remote = [("a", "b/c"), ("a/b", "c"), ("x", "b/c"), ("x", "c"), ("x", "a/b/c")];
    let names = in_plan(["x/c"], &remote);
    assert_eq!(names, ["a/b/c", "a/b/c-2", "x/b/c", "x/c-2", "a/b/c-3"]);
}
