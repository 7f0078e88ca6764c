//! What of arguments may be shown.

use eyot_document::Position;

use super::{REDACTED, Sourced, Text, redact_args};

#[track_caller]
fn check(args: &[&str], shown: &[&str]) {
    let at = Position { line: 1, column: 1 };
    let text = |it: &&str| Text::new((*it).to_owned(), (*it).to_owned());
    let sourced = args.iter().map(|it| Sourced { value: text(it), at }).collect();
    let redacted = redact_args(sourced);
    assert_eq!(redacted.iter().map(|it| it.value.shown()).collect::<Vec<_>>(), shown);
    assert_eq!(redacted.iter().map(|it| it.value.expose()).collect::<Vec<_>>(), args);
}

#[test]
fn value_of_a_flag_that_tells_of_a_secret_is_not_shown() {
    check(&["-y", "--api-key", "abc", "dir"], &["-y", "--api-key", REDACTED, "dir"]);
    check(&["--token=abc", "-v"], &["--token=[redacted]", "-v"]);
    check(&["--header", "Authorization: Bearer x"], &["--header", "Authorization:[redacted]"]);
    check(&["-e", "GITHUB_TOKEN=x"], &["-e", "GITHUB_TOKEN=[redacted]"]);
    check(&["-e", "GITHUB_TOKEN"], &["-e", "GITHUB_TOKEN"]);
    check(&["sk-abc"], &[REDACTED]);
    check(&["--key", "${input:key}"], &["--key", "${input:key}"]);
    check(&["--key", "${KEY:-abc}"], &["--key", REDACTED]);
}

#[test]
fn urls_are_shown_without_their_secrets() {
    check(&["https://u:p@host/a?key=1"], &["https://…@host/a?…"]);
    check(&["--db=postgres://u:p@h/db"], &["--db=postgres://…@h/db"]);
    check(&["postgres://localhost/db"], &["postgres://localhost/db"]);
}

#[test]
fn other_arguments_are_shown_whole() {
    check(
        &["-y", "@modelcontextprotocol/server-everything", "stdio", "/srv"],
        &["-y", "@modelcontextprotocol/server-everything", "stdio", "/srv"],
    );
}
