//! Lines in, messages out, for any way in which the network cuts them.

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 16;

/// Decodes `chunks`; a refused line is `None`, the unterminated rest comes last.
fn decode(chunks: &[&[u8]]) -> Vec<Option<Bytes>> {
    let mut decoder = LineDecoder::new(LIMIT);
    let mut lines = Vec::new();
    for chunk in chunks {
        decoder.push(Bytes::copy_from_slice(chunk));
        while let Some(line) = decoder.next_line() {
            lines.push(line.ok());
        }
    }
    lines.extend(decoder.finish().map(Result::ok));
    assert!(decoder.is_empty());
    lines
}

#[track_caller]
fn check(input: &str, expected: &[Option<&str>]) {
    let lines = decode(&[input.as_bytes()]);
    let expected: Vec<_> =
        expected.iter().map(|line| line.map(|text| Bytes::from(text.to_owned()))).collect();
    assert_eq!(lines, expected, "{input:?}");
}

#[test]
fn a_line_loses_its_line_feed_and_one_carriage_return() {
    check("{}\n[]\r\n{}\r\r\n", &[Some("{}"), Some("[]"), Some("{}\r")]);
}

#[test]
fn blank_lines_are_skipped() {
    check("\n \t\n\r\n{}\n\n", &[Some("{}")]);
}

#[test]
fn a_line_over_the_limit_is_reported_once_and_the_next_one_is_read() {
    check(
        "0123456789abcdef\n0123456789abcdefg\n{}\n",
        &[Some("0123456789abcdef"), None, Some("{}")],
    );
}

#[test]
fn the_unterminated_rest_comes_out_at_the_end() {
    check("{}\n[1", &[Some("{}"), Some("[1")]);
    check("{}\n \r", &[Some("{}")]);
    check("0123456789abcdefgh", &[None]);
}

#[test]
fn the_refusal_names_both_numbers_and_keeps_the_ends() {
    let text = "{\"id\":1}";
    for end in ["\n", ""] {
        let mut decoder = LineDecoder::new(3);
        decoder.push(Bytes::from(format!("{text}{end}")));
        let refused = decoder.next_line().or_else(|| decoder.finish());
        let Some(Err(error)) = refused else { panic!("it is refused") };
        assert_eq!(error.to_string(), "frame of 8 bytes is longer than 3 bytes");
        let FrameError::TooLong(excerpt) = error;
        assert_eq!((&excerpt.head[..], &excerpt.tail[..]), (text.as_bytes(), text.as_bytes()));
        assert!(decoder.is_empty());
    }
}

#[test]
fn a_byte_order_mark_is_skipped_where_the_stream_begins() {
    check("\u{FEFF}{}\n\u{FEFF}[]\n", &[Some("{}"), Some("\u{FEFF}[]")]);
    check("\n\u{FEFF}{}\n", &[Some("\u{FEFF}{}")]);
    check("\u{FEFF}", &[]);
}

#[test]
fn a_byte_order_mark_is_skipped_at_each_line_of_a_peer_that_writes_them() {
    let mut decoder = LineDecoder::new(LIMIT).skipping_marks_of_lines();
    decoder.push(Bytes::from("\u{FEFF}{}\n\u{FEFF}\r\n\u{FEFF}[\u{FEFF}]\n"));
    let lines: Vec<_> = std::iter::from_fn(|| decoder.next_line()).map(Result::unwrap).collect();
    assert_eq!(lines, ["{}", "[\u{FEFF}]"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_split_gives_the_same_lines(
        input in "[a{} \r\n]{0,60}",
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let chunks: Vec<_> =
            cuts.windows(2).map(|pair| &input.as_bytes()[pair[0]..pair[1]]).collect();
        prop_assert_eq!(decode(&chunks), decode(&[input.as_bytes()]));
    }
}
