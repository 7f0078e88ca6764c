//! Names and labels.

use super::{knows_enough_tools, label, tool_exists};

/// One test, for the names are one for the process.
#[test]
fn a_label_is_one_of_the_first_hundred_names_that_servers_have_told() {
    assert_eq!(&*label("add"), "other", "no server has told it");
    tool_exists("add");
    let long = "x".repeat(129);
    tool_exists(&long);
    assert_eq!((&*label("add"), &*label(&long)), ("add", "other"));
    for number in 1..100 {
        assert!(!knows_enough_tools());
        tool_exists(&format!("tool-{number}"));
        tool_exists("add");
    }
    assert!(knows_enough_tools());
    tool_exists("late");
    assert_eq!((&*label("tool-99"), &*label("late")), ("tool-99", "other"));
}
