//! Lines come out as they went in, whole or refused, and memory stays within the limit.

use super::*;

#[track_caller]
fn check(ends: LineEnds, chunks: &[&str], expected: &[Result<&str, u64>]) {
    let mut splitter = Splitter::new(ends);
    let mut lines = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk.as_bytes()));
        while let Some(line) = splitter.next_line(8) {
            lines.push(line.map_err(|remains| remains.len_bytes()));
        }
    }
    let expected: Vec<_> = expected
        .iter()
        .map(|line| line.map(|text| Bytes::copy_from_slice(text.as_bytes())))
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn a_carriage_return_ends_a_line_at_once_and_owns_the_line_feed_after_it() {
    check(LineEnds::Any, &["a\r", "\nb\r", "c\n"], &[Ok("a"), Ok("b"), Ok("c")]);
    check(LineEnds::Any, &["a\r\r\n\n"], &[Ok("a"), Ok(""), Ok("")]);
}

#[test]
fn a_carriage_return_is_an_ordinary_byte_where_only_line_feeds_count() {
    check(LineEnds::LineFeed, &["a\rb\r\n"], &[Ok("a\rb\r")]);
}

#[test]
fn a_line_over_the_limit_is_refused_once_and_skipped_to_its_end() {
    check(
        LineEnds::LineFeed,
        &["12345678\n123456789\nab\n12345", "6789", "0123\nc\n"],
        &[Ok("12345678"), Err(9), Ok("ab"), Err(13), Ok("c")],
    );
}

#[test]
fn a_line_in_one_chunk_is_a_slice_of_that_chunk() {
    let chunk = Bytes::from_static(b"first\nsecond\n");
    let mut splitter = Splitter::new(LineEnds::Any);
    splitter.push(chunk.clone());
    splitter.next_line(16);
    let second = splitter.next_line(16).unwrap().unwrap();
    assert_eq!(second.as_ptr(), chunk[6..].as_ptr());
}

#[test]
fn the_buffer_of_an_unfinished_line_never_grows_past_the_limit() {
    let mut splitter = Splitter::new(LineEnds::LineFeed);
    for _ in 0..1_000 {
        splitter.push(Bytes::from_static(b"0123456789"));
        let refused = splitter.next_line(1_005);
        assert!(refused.is_none());
        assert!(splitter.partial.capacity() <= 1_005);
    }
    assert!(splitter.chunks.is_empty());
}
