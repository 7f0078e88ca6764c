//! The guard against whole connections, fed whole and byte by byte.

use super::HeadGuard;

#[track_caller]
fn check(input: &str, is_ambiguous: bool) {
    assert_eq!(HeadGuard::new().inspect(input.as_bytes()), is_ambiguous, "{input:?}");
    let mut guard = HeadGuard::new();
    let mut seen = false;
    for byte in input.as_bytes() {
        seen |= guard.inspect(std::slice::from_ref(byte));
    }
    assert_eq!(seen, is_ambiguous, "byte by byte: {input:?}");
}

#[test]
fn plain_requests_pass() {
    check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false);
    check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n", false);
    check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", false);
}

#[test]
fn length_and_encoding_together_are_ambiguous_in_either_order() {
    check("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", true);
    check("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nCONTENT-LENGTH: 3\r\n\r\n", true);
    check("POST / HTTP/1.1\nTransfer-Encoding:chunked\nContent-Length:3\n\n", true);
}

#[test]
fn second_request_is_seen_behind_a_body_of_known_length() {
    let second = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(&format!("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab{second}"), true);
}

#[test]
fn second_request_is_seen_behind_chunks_with_extensions_and_trailers() {
    let first =
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nab\r\n\r\n0\r\nX: y\r\n\r\n";
    let second = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(&format!("{first}{second}"), true);
}

#[test]
fn headers_inside_a_body_are_not_headers() {
    let body = "\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
    check(&format!("{head}{body}"), false);
}

#[test]
fn long_lines_are_not_kept() {
    let mut guard = HeadGuard::new();
    assert!(!guard.inspect(format!("GET /{} HTTP/1.1\r\n", "a".repeat(100_000)).as_bytes()));
    assert!(guard.line.capacity() <= 128, "{}", guard.line.capacity());
}
