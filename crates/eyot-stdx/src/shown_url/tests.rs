//! URLs as they may be shown.

use super::shown_url;

#[track_caller]
fn check(text: &str, shown: &str) {
    assert_eq!(shown_url(text), shown, "{text}");
}

#[test]
fn a_url_without_a_secret_is_shown_whole() {
    for text in ["http://a.example/mcp", "https://[::1]:80/mcp", "http://a/@scope/b", "words", ""] {
        check(text, text);
    }
}

#[test]
fn user_info_query_and_fragment_are_left_out() {
    check("http://u:S3CRET@a.example:80/mcp", "http://…@a.example:80/mcp");
    check("http://S3CRET@a/mcp?b=S3CRET", "http://…@a/mcp?…");
    check("http://a/mcp?token=S3CRET", "http://a/mcp?…");
    check("http://a?S3CRET", "http://a?…");
    check("http://a/mcp#S3CRET", "http://a/mcp?…");
    check("http://a/mcp?at=b@c", "http://a/mcp?…");
}

#[test]
fn path_at_a_socket_is_shown_and_its_query_is_not() {
    check("unix:/run/a.sock#/mcp", "unix:/run/a.sock#/mcp");
    check("unix:///run/a.sock#/mcp", "unix:///run/a.sock#/mcp");
    check("unix:/run/a.sock#/mcp?token=S3CRET", "unix:/run/a.sock#/mcp?…");
    check("unix:/run/a.sock#/mcp#S3CRET", "unix:/run/a.sock#/mcp?…");
    check("unix:/run/a.sock#S3CRET", "unix:/run/a.sock?…");
    check("unix:/run/a.sock", "unix:/run/a.sock");
}

#[test]
fn what_cannot_be_parsed_hides_as_much() {
    check("http://u:S3CRET@ho st/mcp", "http://…@ho st/mcp");
    check("http://u:S3/CRET@a/mcp", "http://…@a/mcp");
    check("http://u:S3?CRET@a/mcp", "http://…@a/mcp");
    check("http://u:S3@CRET@a/mcp", "http://…@a/mcp");
    check("u:S3CRET@a/mcp", "…@a/mcp");
    check("http:/u:S3CRET@a/mcp", "…@a/mcp");
    check("a/mcp?token=S3CRET", "a/mcp?…");
}
