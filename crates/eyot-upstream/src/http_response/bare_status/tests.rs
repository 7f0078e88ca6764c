//! What an operator reads of a mistake in the set-up.

use eyot_service::FaultKind;
use http::HeaderValue;
use http::header::HeaderName;

use super::*;

#[track_caller]
fn check(status: u16, head: Option<(HeaderName, &str)>, expected: &str) -> Fault {
    let head = head.map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()));
    let headers = head.into_iter().collect();
    let fault = BareStatus::of(StatusCode::from_u16(status).unwrap(), &headers).fault();
    let reason = fault.error.data.as_ref().unwrap()["reason"].as_str().unwrap();
    assert_eq!(reason, format!("upstream answered with HTTP status {expected}"));
    fault
}

#[test]
fn redirect_names_its_place_to_operators_alone_and_without_what_may_be_secret() {
    for (location, shown) in [
        ("https://new.example/mcp?token=s3cret#x", "https://new.example/mcp"),
        ("http://user:s3cret@new.example/mcp", "http://new.example/mcp"),
        ("//new.example", "//new.example"),
        ("/login?next=s3cret", "/login"),
    ] {
        let expected = "307 Temporary Redirect, which is not followed";
        let fault = check(307, Some((LOCATION, location)), expected);
        let text = fault.operator_text.as_ref().map(|it| it.reveal_to_operator().to_owned());
        assert_eq!(text, Some(format!("Location {shown}")));
        assert_eq!(fault.kind, FaultKind::Upstream);
        assert_eq!(Outcome::of(&fault.error), Some(Outcome::NotSent));
    }
    check(301, None, "301 Moved Permanently");
}

#[test]
fn answer_of_another_kind_names_its_media_type() {
    let html = Some((CONTENT_TYPE, "text/html; charset=utf-8"));
    let expected = "200 OK and media type \"text/html; charset=utf-8\" in the place of a message; \
        is its URL that of an MCP endpoint?";
    let fault = check(200, html, expected);
    assert_eq!(Outcome::of(&fault.error), Some(Outcome::Unknown));
    check(
        204,
        None,
        "204 No Content and no media type in the place of a message; is its URL that of an MCP endpoint?",
    );
}

#[test]
fn refusal_asks_whether_the_url_is_right() {
    for (status, name) in [(404, "404 Not Found"), (405, "405 Method Not Allowed")] {
        let fault = check(status, None, &format!("{name}; is its URL that of an MCP endpoint?"));
        assert_eq!(fault.kind, FaultKind::Refused);
    }
    check(503, None, "503 Service Unavailable");
    check(202, None, "202 Accepted");
}
