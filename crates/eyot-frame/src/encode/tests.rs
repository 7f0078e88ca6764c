//! Written frames read back as the same value, and no text can forge a line.

use proptest::prelude::*;

use super::*;
use crate::{Event, EventDecoder, KEEP_ALIVE, LineDecoder};

fn pieces(texts: &[&str]) -> impl Iterator<Item = Bytes> {
    texts.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect::<Vec<_>>().into_iter()
}

#[track_caller]
fn check(head: EventHead<'_>, texts: &[&str], expected: &str) {
    let data_is_plain = is_plain(texts.concat().as_bytes());
    let frames = encode_event(&head, pieces(texts), data_is_plain);
    assert_eq!(frames.len_bytes(), expected.len());
    assert_eq!(frames.into_bytes(), expected);
}

const NO_HEAD: EventHead<'static> = EventHead { id: None, event: None, retry: None };

#[test]
fn an_event_is_its_fields_and_its_data() {
    check(NO_HEAD, &["{}"], "data: {}\n\n");
    let head =
        EventHead { id: Some("7"), event: Some("endpoint"), retry: Some(Duration::from_secs(3)) };
    check(head, &["{\"a\"", ":1}"], "id: 7\nevent: endpoint\nretry: 3000\ndata: {\"a\":1}\n\n");
}

#[test]
fn a_field_that_would_break_its_line_is_not_written() {
    for text in ["1\ndata: evil", "1\rdata: evil", "1\0"] {
        let head = EventHead { id: Some(text), event: Some(text), retry: None };
        check(head, &["{}"], "data: {}\n\n");
    }
}

#[test]
fn line_ends_in_the_data_become_data_lines() {
    check(NO_HEAD, &["{\r", "\n}"], "data: {\ndata: }\n\n");
    check(NO_HEAD, &["{\r\r\n}\n"], "data: {\ndata: \ndata: }\ndata: \n\n");
}

#[test]
fn unicode_line_separators_become_their_json_escapes() {
    check(NO_HEAD, &["\"\u{2028}\u{2029}€\""], "data: \"\\u2028\\u2029€\"\n\n");
}

#[test]
fn a_small_event_is_one_piece_and_a_large_one_shares_its_text() {
    assert_eq!(encode_event(&NO_HEAD, pieces(&["{", "}"]), true).count(), 1);
    let text = Bytes::from(vec![b'1'; COPY_BYTES_MAX + 1]);
    let frames: Vec<_> = encode_event(&NO_HEAD, std::iter::once(text.clone()), true).collect();
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[1].as_ptr(), text.as_ptr());
}

#[test]
fn events_that_are_written_together_are_one_piece_as_far_as_they_are_small() {
    let mut events = EventWriter::default();
    assert!(events.is_empty());
    let large = Bytes::from(vec![b'1'; COPY_BYTES_MAX + 1]);
    for text in [Bytes::from_static(b"{}"), Bytes::from_static(b"[\n]"), large.clone()] {
        let is_plain = is_plain(&text);
        events.push(&NO_HEAD, text.len(), std::iter::once(text), is_plain);
    }
    events.push(&NO_HEAD, 1, std::iter::once(Bytes::from_static(b"2")), true);
    let frames: Vec<_> = events.finish().collect();
    let small = "data: {}\n\ndata: [\ndata: ]\n\ndata: ";
    assert_eq!(frames, [Bytes::from(small), large, Bytes::from("\n\ndata: 2\n\n")]);
}

#[test]
fn a_priming_event_has_an_id_and_empty_data() {
    assert_eq!(encode_priming("a.1", None), "id: a.1\ndata: \n\n");
    let retry = Some(Duration::from_millis(1_500));
    assert_eq!(encode_priming("a.1", retry), "id: a.1\nretry: 1500\ndata: \n\n");
}

#[test]
fn a_line_has_no_line_end_inside() {
    assert_eq!(encode_line(pieces(&["{}"]), true).into_bytes(), "{}\n");
    assert_eq!(
        encode_line(pieces(&["{\r\n\"\u{2028}\":\n1}"]), false).into_bytes(),
        "{ \"\\u2028\": 1}\n"
    );
}

#[test]
fn a_large_line_shares_its_text() {
    let text = Bytes::from(vec![b'1'; COPY_BYTES_MAX + 1]);
    let frames: Vec<_> = encode_line(std::iter::once(text.clone()), true).collect();
    assert_eq!(frames, [text, Bytes::from_static(b"\n")]);
}

#[test]
fn the_keep_alive_is_no_event() {
    let mut decoder = EventDecoder::new(64);
    decoder.push(Bytes::from_static(KEEP_ALIVE));
    assert_eq!(decoder.next_event(), Ok(None));
    assert!(decoder.is_empty());
}

#[test]
fn the_separators_and_line_ends_are_what_is_not_plain() {
    for (text, expected) in [
        ("", true),
        ("{\"a\": \"€ \u{2027}\u{202a}\"}", true),
        ("\n", false),
        ("\r", false),
        ("\u{2028}", false),
        ("ab\u{2027}\u{2029}", false),
    ] {
        assert_eq!(is_plain(text.as_bytes()), expected, "{text:?}");
    }
    assert!(is_plain(b"\xE2\x80"));
}

/// The text that a reader gets for `text`: equal JSON, with other line ends and escaped separators.
fn as_read(text: &str, line_break: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\n'], line_break)
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_event_reads_back_as_it_was_written(
        text in "([ -~]|[\r\n\u{2028}\u{2029}€]|\u{feff}){0,80}",
        cut in any::<prop::sample::Index>(),
        id in "[ -~\r\n\0]{0,6}",
    ) {
        let whole = Bytes::from(text.clone());
        let at = cut.index(whole.len() + 1);
        let head = EventHead { id: Some(&id), event: None, retry: None };
        let halves = [whole.slice(..at), whole.slice(at..)].into_iter();
        let frames = encode_event(&head, halves, is_plain(&whole));
        let mut decoder = EventDecoder::new(4_096);
        frames.for_each(|frame| decoder.push(frame));
        let id = fits_one_line(&id).then(|| Bytes::from(id));
        let expected = Event { id, data: as_read(&text, "\n").into(), ..Event::default() };
        prop_assert_eq!(decoder.next_event(), Ok(Some(expected)));
        prop_assert!(decoder.is_empty());
    }

    #[test]
    fn a_line_reads_back_as_it_was_written(text in "x([ -~]|[\r\n\u{2028}\u{2029}€]){0,80}") {
        let whole = Bytes::from(text.clone());
        let frames = encode_line(std::iter::once(whole.clone()), is_plain(&whole));
        let mut decoder = LineDecoder::new(4_096);
        frames.for_each(|frame| decoder.push(frame));
        prop_assert_eq!(decoder.next_line(), Some(Ok(as_read(&text, " ").into())));
        prop_assert!(decoder.is_empty());
    }
}
