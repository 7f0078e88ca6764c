//! Streams in, events out: the standard's rules, the two differences, the limit.

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 64;

/// Decodes `chunks`; a refused event is `None`.
fn decode(chunks: &[&[u8]]) -> Vec<Option<Event>> {
    let mut decoder = EventDecoder::new(LIMIT);
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(Bytes::copy_from_slice(chunk));
        loop {
            match decoder.next_event() {
                Ok(None) => break,
                Ok(Some(event)) => events.push(Some(event)),
                Err(FrameError::TooLong(_)) => events.push(None),
            }
        }
    }
    events
}

fn data(text: &'static str) -> Event {
    Event { data: Bytes::from_static(text.as_bytes()), ..Event::default() }
}

fn id(text: &'static str) -> Event {
    Event { id: Some(Bytes::from_static(text.as_bytes())), ..Event::default() }
}

fn retry(millis: u64) -> Event {
    Event { retry: Some(Duration::from_millis(millis)), ..Event::default() }
}

/// The input as a whole and byte by byte gives the expected events.
#[track_caller]
fn check(input: &str, expected: &[Event]) {
    let expected: Vec<_> = expected.iter().cloned().map(Some).collect();
    assert_eq!(decode(&[input.as_bytes()]), expected, "{input:?}");
    let bytes: Vec<_> = input.as_bytes().chunks(1).collect();
    assert_eq!(decode(&bytes), expected, "{input:?}, byte by byte");
}

#[test]
fn every_line_end_ends_a_line() {
    check("data: a\n\ndata: b\r\rdata: c\r\n\r\n", &[data("a"), data("b"), data("c")]);
    check("data: a\r\n\ndata: b\n\r\n", &[data("a"), data("b")]);
}

#[test]
fn several_data_lines_are_joined_by_line_feeds() {
    check("data: a\ndata: b\ndata\ndata: c\n\n", &[data("a\nb\n\nc")]);
}

#[test]
fn exactly_one_space_after_the_colon_is_dropped() {
    check("data:a\n\ndata:  a\n\ndata:\ta\n\n", &[data("a"), data(" a"), data("\ta")]);
}

#[test]
fn a_byte_order_mark_is_dropped_at_the_start_and_only_there() {
    check("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n", &[data("a"), data("c")]);
}

#[test]
fn comments_and_unknown_fields_are_ignored() {
    check(": hello\nfoo: bar\ndata: a\n:\n\n: keep-alive\n\n", &[data("a")]);
    check("Data: a\n data: b\n\n", &[]);
}

#[test]
fn the_last_of_several_fields_counts() {
    let expected = Event { event: Some(Bytes::from_static(b"y")), id: id("2").id, ..data("a") };
    check("event: x\nid: 1\nevent: y\nid: 2\ndata: a\n\n", &[expected]);
}

#[test]
fn an_empty_event_type_is_the_default_one() {
    check("event\ndata: a\n\n", &[data("a")]);
}

#[test]
fn an_id_with_a_nul_is_ignored() {
    check("id: a\0b\ndata: x\n\n", &[data("x")]);
}

#[test]
fn an_empty_id_is_an_id() {
    check("id\ndata: y\n\n", &[Event { id: id("").id, ..data("y") }]);
}

#[test]
fn an_id_lasts_for_one_event() {
    check("id: 1\ndata: a\n\ndata: b\n\n", &[Event { id: id("1").id, ..data("a") }, data("b")]);
}

#[test]
fn a_priming_event_is_delivered_with_empty_data() {
    check("id: 7\ndata:\n\n", &[id("7")]);
    check("id: 7\n\n", &[id("7")]);
}

#[test]
fn a_reconnection_time_alone_is_delivered() {
    check("retry: 3000\n\n", &[retry(3_000)]);
}

#[test]
fn a_reconnection_time_is_digits_only_and_at_most_one_hour() {
    check("retry: 3600001\n\n", &[retry(3_600_000)]);
    check("retry: 99999999999999999999999\n\n", &[retry(3_600_000)]);
    check("retry: 1s\nretry: -1\nretry\nretry: +1\n\n", &[]);
    check("retry: 5\nretry: x\n\n", &[retry(5)]);
}

#[test]
fn a_block_without_data_id_or_reconnection_time_delivers_nothing() {
    check("\n\n\r\n\revent: x\n\n", &[]);
}

#[test]
fn an_event_that_the_stream_ends_in_is_not_delivered() {
    check("data: a\n\ndata: b\n", &[data("a")]);
}

#[test]
fn an_event_over_the_limit_is_reported_once_and_the_next_one_is_read() {
    let long = "x".repeat(LIMIT);
    let after = "data: b\n\n";
    for head in [
        format!("data: {long}\ndata: {long}\n{long}\n\n"),
        format!(": {long}\n\n"),
        "data: 123456789\r\n".repeat(5) + "\r\n",
    ] {
        let stream = format!("data: a\n\n{head}{after}");
        let expected = [Some(data("a")), None, Some(data("b"))];
        assert_eq!(decode(&[stream.as_bytes()]), expected);
        let bytes: Vec<_> = stream.as_bytes().chunks(1).collect();
        assert_eq!(decode(&bytes), expected);
    }
}

#[test]
fn the_ends_of_the_data_of_a_refused_event_are_kept() {
    let long = "x".repeat(LIMIT);
    for (event, text, len_bytes) in [
        (format!("id: 7\ndata: {{{long}}}\nevent: e\n\n"), format!("{{{long}}}"), 85),
        (format!("data:{{\ndata: {long}\ndata: }}\n\n"), format!("{{\n{long}\n}}"), 83),
        (format!(": {long}\n\n"), String::new(), 66),
    ] {
        let whole = vec![event.as_bytes()];
        for chunks in [whole, event.as_bytes().chunks(1).collect()] {
            let mut decoder = EventDecoder::new(LIMIT);
            let refused = chunks.into_iter().find_map(|chunk| {
                decoder.push(Bytes::copy_from_slice(chunk));
                decoder.next_event().err()
            });
            let Some(FrameError::TooLong(excerpt)) = refused else { panic!("it is refused") };
            assert_eq!((excerpt.len_bytes, excerpt.limit_bytes), (len_bytes, LIMIT), "{event}");
            assert_eq!((excerpt.head, excerpt.tail), (text.clone().into(), text.clone().into()));
        }
    }
}

#[test]
fn one_data_line_in_one_chunk_is_not_copied() {
    let chunk = Bytes::from_static(b"id: 1\ndata: {\"a\":1}\n\n");
    let mut decoder = EventDecoder::new(LIMIT);
    decoder.push(chunk.clone());
    let event = decoder.next_event().unwrap().unwrap();
    assert_eq!(event.data.as_ptr(), chunk[12..].as_ptr());
    assert!(decoder.is_empty());
}

#[test]
fn a_decoder_inside_an_event_is_not_empty() {
    let mut decoder = EventDecoder::new(LIMIT);
    assert!(decoder.is_empty());
    decoder.push(Bytes::from_static(b"data: a\n"));
    assert_eq!(decoder.next_event(), Ok(None));
    assert!(!decoder.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_split_gives_the_same_events(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "data: a", "data:", "data", "id: 1", "id: \0", "event: e", "retry: 9", ": c", "",
                "\u{feff}", "x", "data: 0123456789012345678901234567890123456789012345678901234567",
            ]),
            0..16,
        ),
        ends in prop::collection::vec(prop::sample::select(vec!["\n", "\r", "\r\n"]), 16),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let input: String = lines.iter().zip(&ends).flat_map(|(line, end)| [*line, *end]).collect();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let chunks: Vec<_> =
            cuts.windows(2).map(|pair| &input.as_bytes()[pair[0]..pair[1]]).collect();
        prop_assert_eq!(decode(&chunks), decode(&[input.as_bytes()]));
    }
}
