//! The lines that are kept of a text, and how they are shown.

use super::{LINES_MAX, Tail};

/// Pushes `text` whole and byte by byte into tails of 20 bytes, and compares what is kept.
#[track_caller]
fn check(text: &[u8], kept: &[&str]) {
    let mut whole = Tail::new(20);
    whole.push(text, |_| ());
    assert_eq!(whole.take(|_| ()), kept);

    let mut single = Tail::new(20);
    text.chunks(1).for_each(|byte| single.push(byte, |_| ()));
    assert_eq!(single.take(|_| ()), kept);
}

#[test]
fn the_last_lines_within_the_bound_are_kept() {
    check(b"", &[]);
    check(b"one\ntwo\n", &["one", "two"]);
    check(b"one\r\n\n\r\ntwo", &["one", "two"]);
    check(b"0123456789\nabcdefghij\n!", &["abcdefghij", "!"]);
    check(b"0123456789\nabcdefghij", &["0123456789", "abcdefghij"]);
}

#[test]
fn an_endless_line_is_cut_at_the_bound() {
    check(b"a\n0123456789abcdefghijklmnop\n", &["0123456789abcdefghij"]);
    check("\u{e9}".repeat(15).as_bytes(), &["\u{e9}".repeat(10).as_str()]);
}

#[test]
fn what_could_forge_a_log_is_escaped() {
    check(b"\x1b[31mred", &["\\u{1b}[31mred"]);
    check(b"a\rb\tc", &["a\\u{d}b\tc"]);
    check("\u{202e}x\u{2028}".as_bytes(), &["\\u{202e}x\\u{2028}"]);
    check(b"\xffn\xc3", &["\\xffn\\xc3"]);
    check("gr\u{fc}\u{df}".as_bytes(), &["gr\u{fc}\u{df}"]);
}

#[test]
fn a_flood_of_short_lines_is_bounded_by_their_count() {
    let mut tail = Tail::new(usize::MAX);
    tail.push(&b"x\n".repeat(1_000), |_| ());
    assert_eq!(tail.take(|_| ()).len(), LINES_MAX);
}

#[test]
fn each_line_is_shown_once() {
    let mut shown = Vec::new();
    let mut tail = Tail::new(20);
    tail.push(b"one\ntw", |line| shown.push(line.to_owned()));
    tail.push(b"o\nthree", |line| shown.push(line.to_owned()));
    tail.take(|line| shown.push(line.to_owned()));
    assert_eq!(shown, ["one", "two", "three"]);
}
