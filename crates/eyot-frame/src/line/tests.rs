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
    lines.extend(decoder.finish().map(Some));
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
fn the_refusal_names_the_limit() {
    let mut decoder = LineDecoder::new(3);
    decoder.push(Bytes::from_static(b"1234"));
    assert_eq!(decoder.next_line(), Some(Err(FrameError::TooLong { limit: 3 })));
    assert!(!decoder.is_empty());
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
