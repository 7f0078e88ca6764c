//! Heads of requests.

use proptest::prelude::proptest;

use super::parse_head;

#[test]
fn a_head_ends_at_an_empty_line() {
    let parts =
        parse_head("\r\nPOST /mcp?x=1 HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\nY: 3").unwrap();
    assert_eq!((parts.method.as_str(), parts.uri.path()), ("POST", "/mcp"));
    assert_eq!(parts.headers.get_all("x").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert!(!parts.headers.contains_key("y"));
}

#[test]
fn what_curl_says_of_other_things_is_skipped() {
    let text = "* Connected to localhost\n> GET /mcp HTTP/1.1\n> Host: a\n> \n* sent\n< HTTP/1.1 200 OK\n< A: b";
    let parts = parse_head(text).unwrap();
    assert_eq!(parts.headers["host"], "a");
    assert_eq!(parts.headers.len(), 1);
}

#[test]
fn a_line_that_is_none_is_named() {
    for (text, line) in [
        ("", 1),
        ("\n\nGET", 3),
        ("GET /", 1),
        ("GET  / HTTP/1.1", 1),
        ("GET / HTTP/2", 1),
        ("GET / HTTP/1.1 x", 1),
        ("GET / HTTP/1.1\nno header", 2),
        ("GET / HTTP/1.1\nA: b\nA b: c", 3),
    ] {
        assert_eq!(parse_head(text).unwrap_err().line, line, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", is_head in proptest::bool::ANY) {
        let text = if is_head { format!("GET / HTTP/1.1\n{text}") } else { text };
        drop(parse_head(&text));
    }
}
