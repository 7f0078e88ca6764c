//! Heads as clients write them.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Accepts, HeadError, RequestHead};

fn head(lines: &[(&'static str, &str)]) -> HeaderMap {
    let line = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    lines.iter().map(line).collect()
}

#[track_caller]
fn check_accept(accept: &str, expected: Accepts) {
    let headers = head(&[("accept", accept)]);
    assert_eq!(RequestHead::read(&headers).accepts(), expected, "{accept}");
}

#[track_caller]
fn check_body(lines: &[(&'static str, &str)], expected: Result<(), HeadError>) {
    assert_eq!(RequestHead::read(&head(lines)).check_json_body(), expected, "{lines:?}");
}

#[test]
fn accept_is_read_in_any_case_with_weights_and_wildcards() {
    check_accept("application/json, text/event-stream", Accepts { json: true, events: true });
    check_accept(
        "Text/Event-Stream;q=0.5, Application/JSON;q=0.9",
        Accepts { json: true, events: true },
    );
    check_accept("*/*", Accepts { json: true, events: true });
    check_accept("text/*", Accepts { json: false, events: true });
    check_accept("application/json", Accepts { json: true, events: false });
    check_accept("text/event-stream;q=0, application/json", Accepts { json: true, events: false });
    check_accept("text/html", Accepts { json: false, events: false });
}

#[test]
fn missing_accept_allows_everything() {
    let headers = HeaderMap::new();
    assert_eq!(RequestHead::read(&headers).accepts(), Accepts { json: true, events: true });
}

#[test]
fn only_plain_json_is_a_body() {
    check_body(&[("content-type", "Application/JSON; charset=UTF-8")], Ok(()));
    for other in ["text/plain", "text/plain; x=application/json", "application/json-seq", ""] {
        check_body(&[("content-type", other)], Err(HeadError::ContentType));
    }
    check_body(&[], Err(HeadError::ContentType));
    let gzip = [("content-type", "application/json"), ("content-encoding", "gzip")];
    check_body(&gzip, Err(HeadError::ContentEncoding));
}

#[test]
fn header_given_twice_is_refused_even_with_the_same_value() {
    let headers = head(&[("mcp-session-id", "a"), ("mcp-session-id", "a")]);
    let refused = Err(HeadError::Header { name: "mcp-session-id" });
    assert_eq!(RequestHead::read(&headers).session_id(), refused);
}

#[test]
fn header_in_other_than_ascii_is_refused() {
    let headers = head(&[("mcp-session-id", "é")]);
    assert!(RequestHead::read(&headers).session_id().is_err());
}

#[test]
fn bearer_token_is_read_for_any_case_of_the_scheme() {
    let headers = head(&[("authorization", "bearer abc")]);
    assert_eq!(RequestHead::read(&headers).bearer_token(), Some("abc"));
    let headers = head(&[("authorization", "Basic abc")]);
    assert_eq!(RequestHead::read(&headers).bearer_token(), None);
}
