//! A program and the processes that it started have one time limit.

use super::*;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn both_streams_are_read_to_the_end() {
    let ended = for_end(shell("echo one; echo two >&2; exit 3"), Duration::from_secs(60)).unwrap();
    assert_eq!(ended.said, "one\ntwo\n");
    assert!(!ended.is_success);
    assert!(for_end(shell("true"), Duration::from_secs(60)).unwrap().is_success);
}

#[test]
fn program_that_takes_too_long_is_killed_with_its_children() {
    // The child of the shell holds the pipe open: the output is there only once the child is dead.
    let ended = for_end(shell("echo one; sleep 600 & wait"), Duration::from_secs(2)).unwrap();
    assert_eq!(ended.said, "one\n\ndid not come to an end within 2 s\n");
    assert!(!ended.is_success);
}
