//! Arguments without their secrets.

use super::without_secrets;

#[track_caller]
fn check(args: &[&str], shown: &[&str]) {
    let args: Vec<_> = args.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(without_secrets(&args), shown);
}

#[test]
fn arguments_without_secrets_stay_as_they_are() {
    let args = ["-y", "@scope/server", "--port=80", "a  b\tc ", "", "http://a/mcp", "C:\\x", "-"];
    check(&args, &args);
}

#[test]
fn the_value_of_a_secret_is_no_part_of_the_identity() {
    check(&["--api-key=S3CRET", "x"], &["--api-key=…", "x"]);
    check(&["--token", "S3CRET", "x"], &["--token", "…", "x"]);
    check(&["--token", "S3 CRET", "x"], &["--token", "…", "x"]);
    check(&["--token", "--port", "80"], &["--token", "--port", "80"]);
    check(&["API_KEY=S3CRET", "server"], &["API_KEY=…", "server"]);
    check(&["-H", "Authorization: Bearer S3CRET"], &["-H", "Authorization:…"]);
    check(&["-H", "X-Api-Key:S3CRET"], &["-H", "X-Api-Key:…"]);
    check(&["remote", "https://u:S3CRET@a/mcp?k=S3CRET"], &["remote", "https://…@a/mcp?…"]);
    check(&["--url=https://a/mcp?k=S3CRET"], &["--url=https://a/mcp?…"]);
}

#[test]
fn the_words_of_a_shell_are_looked_at_one_by_one() {
    check(
        &["-c", "PASSWORD=S3CRET exec server --auth-token S3CRET --port 80"],
        &["-c", "PASSWORD=… exec server --auth-token … --port 80"],
    );
}
