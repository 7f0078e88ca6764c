//! The guard against whole connections, fed whole and byte by byte.

mod places;

use super::{Ambiguous, HeadGuard};

#[track_caller]
fn check(input: &str, ambiguous: Option<Ambiguous>) {
    let expected = ambiguous.map_or(Ok(()), Err);
    assert_eq!(HeadGuard::new().inspect(input.as_bytes()), expected, "{input:?}");
    let mut guard = HeadGuard::new();
    let mut bytes = input.as_bytes().iter();
    let seen = bytes.try_for_each(|byte| guard.inspect(std::slice::from_ref(byte)));
    assert_eq!(seen, expected, "byte by byte: {input:?}");
}

#[test]
fn plain_requests_pass() {
    check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", None);
    check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n", None);
    check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", None);
}

#[test]
fn length_and_encoding_together_are_ambiguous_in_either_order() {
    check(
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        Some(Ambiguous::Head),
    );
    check(
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nCONTENT-LENGTH: 3\r\n\r\n",
        Some(Ambiguous::Head),
    );
    check(
        "POST / HTTP/1.1\nTransfer-Encoding:chunked\nContent-Length:3\n\n",
        Some(Ambiguous::Head),
    );
}

#[test]
fn second_request_is_seen_behind_a_body_of_known_length() {
    let second = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(
        &format!("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab{second}"),
        Some(Ambiguous::Head),
    );
}

#[test]
fn second_request_is_seen_behind_chunks_with_extensions_and_trailers() {
    let first =
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nab\r\n\r\n0\r\nX: y\r\n\r\n";
    let second = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    check(&format!("{first}{second}"), Some(Ambiguous::Head));
}

#[test]
fn headers_inside_a_body_are_not_headers() {
    let body = "\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
    check(&format!("{head}{body}"), None);
}

#[test]
fn length_that_is_no_plain_number_is_ambiguous() {
    let long_spaces = " ".repeat(60);
    let long_zeros = "0".repeat(70);
    let values = ["", "+3", "-3", "3, 3", "3 3", "0x3", "18446744073709551616", "3\u{b}3"];
    for value in values.into_iter().map(str::to_owned).chain([
        format!("{long_spaces}3"),
        format!("{long_zeros}3"),
        format!("3{long_spaces}"),
    ]) {
        let head = format!("POST / HTTP/1.1\r\nContent-Length:{value}\r\n\r\n");
        check(&head, Some(Ambiguous::Head));
    }
    check(
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        Some(Ambiguous::Head),
    );
    check("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", None);
}

#[test]
fn chunk_size_that_is_no_plain_number_is_ambiguous() {
    let long_zeros = format!("{}3", "0".repeat(80));
    let sizes = ["", " 3", "+3", "-3", "0x3", "3 3", "g", "10000000000000000", &long_zeros];
    for size in sizes {
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(&format!("{head}{size}\r\nabc\r\n0\r\n\r\n"), Some(Ambiguous::Body));
    }
}

#[test]
fn line_of_a_chunked_body_that_ends_for_some_readers_only_is_ambiguous() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "3\nabc\r\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "0\r\n\nPOST /hidden HTTP/1.1\n\n\r\n\r\n",
        "0\r\nX: a\n\nPOST /hidden HTTP/1.1\r\n\r\n",
    ] {
        check(&format!("{head}{body}"), Some(Ambiguous::Body));
    }
    let spaces = "0\r\n \r\nX: a\r\n\r\n";
    check(&format!("{head}{spaces}GET / HTTP/1.1\r\n\r\n"), None);
}

#[test]
fn extension_may_be_longer_than_what_is_kept() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let extension = "x".repeat(1_000);
    check(&format!("{head}3;{extension}\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"), None);
}

#[test]
fn long_lines_are_not_kept() {
    let mut guard = HeadGuard::new();
    let line = format!("GET /{} HTTP/1.1\r\n", "a".repeat(100_000));
    guard.inspect(line.as_bytes()).unwrap();
    assert!(guard.line.kept.capacity() <= 128, "{}", guard.line.kept.capacity());
}
