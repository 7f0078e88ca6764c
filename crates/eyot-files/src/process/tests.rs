//! Names of processes.

use super::{has_ended, this_process};

#[test]
fn this_process_has_not_ended() {
    let Some(name) = this_process() else { return };
    assert!(!has_ended(&name), "{name}");
}

#[test]
fn a_process_of_another_start_has_ended() {
    let Some(name) = this_process() else { return };
    let (rest, _) = name.rsplit_once(' ').unwrap();
    assert!(has_ended(&format!("{rest} 1")), "the number was given again");
}

#[test]
fn of_other_machines_and_of_no_process_nothing_is_known() {
    for text in ["", "other-boot pid:[1] 1 1", "x"] {
        assert!(!has_ended(text), "{text}");
    }
}
