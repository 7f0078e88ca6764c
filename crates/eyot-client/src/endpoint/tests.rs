//! What the words of a command line name.

use super::{Endpoint, Place};

#[track_caller]
fn refused(args: &[&str]) -> String {
    Endpoint::from_args(args.iter().copied()).unwrap_err().to_string()
}

#[test]
fn a_url_on_a_command_line_stands_alone() {
    let endpoint = Endpoint::from_args(["http://[::1]:80/mcp"]).unwrap();
    assert!(matches!(endpoint.0, Place::Url(url) if url == "http://[::1]:80/mcp"));
    assert_eq!(
        refused(&["http://[::1]:80/mcp", "stdio"]),
        "target cannot be used: `stdio` after a URL"
    );
}

#[test]
fn a_program_on_a_command_line_gets_the_words_after_it() {
    let endpoint = Endpoint::from_args(["npx", "-y", "a://b"]).unwrap();
    let Place::Command(command) = endpoint.0 else { panic!("{endpoint:?}") };
    assert_eq!((command.program.as_str(), command.args.len()), ("npx", 2));
    assert_eq!(command.args, ["-y", "a://b"]);
}

#[test]
fn an_empty_command_line_is_told_what_to_name() {
    assert_eq!(refused(&[]), "target cannot be used: name a URL, or a program and its arguments");
}
