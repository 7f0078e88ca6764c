//! The public JSON test set: `y_` passes, `n_` does not, and `i_` as decided here.

use std::fs;

use bytes::Bytes;
use eyot_testkit::shared;

use crate::{Incoming, Message, PARSE_ERROR, ParseError, ScanLimits};

/// What the standard leaves open and passes here: doubles that round to zero, and integers that
/// lose digits in a double. All other `i_` files hold infinite numbers, half surrogate pairs,
/// text that is not UTF-8, a byte order mark, or 500 nested arrays.
const ACCEPTED: [&str; 5] = [
    "i_number_double_huge_neg_exp.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
];

/// JSON that is broken only after a bound was exceeded: the bound is what is reported.
const BEYOND_A_BOUND: [&str; 2] =
    ["n_structure_100000_opening_arrays.json", "n_structure_open_array_object.json"];

/// The files, or nothing (said aloud) where the set is not at hand.
fn files() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = shared("data/json-test-suite") else { return Vec::new() };
    let entries = fs::read_dir(&folder).unwrap();
    let files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())
        })
        .collect();
    assert_eq!(files.len(), 318, "the whole set is there");
    files
}

/// A call with `value` where only the tool looks.
fn call(value: &[u8]) -> Vec<u8> {
    let head: &[u8] =
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"x":"#;
    [head, value, b"}}}"].concat()
}

fn parse(text: Vec<u8>) -> Result<Message, ParseError> {
    Message::parse(text.into(), &ScanLimits::default())
}

#[test]
fn what_everybody_accepts_is_accepted_and_unchanged() {
    for (name, value) in files().iter().filter(|(name, _)| name.starts_with("y_")) {
        let text = call(value);
        let message = parse(text.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(message.to_bytes(), text, "{name}");
        assert!(
            message.params().unwrap().as_bytes().windows(value.len()).any(|part| part == value)
        );
    }
}

#[test]
fn what_nobody_accepts_is_refused_as_a_body_and_as_a_value() {
    for (name, value) in files().iter().filter(|(name, _)| name.starts_with("n_")) {
        let body = Incoming::parse(Bytes::copy_from_slice(value), &ScanLimits::default());
        for error in [body.map(drop).unwrap_err(), parse(call(value)).unwrap_err()] {
            let is_syntax = error.code() == PARSE_ERROR;
            assert_eq!(is_syntax, !BEYOND_A_BOUND.contains(&name.as_str()), "{name}: {error}");
        }
    }
}

#[test]
fn what_is_left_open_is_decided_like_the_strictest_reader_does() {
    for (name, value) in files().iter().filter(|(name, _)| name.starts_with("i_")) {
        let is_accepted = ACCEPTED.contains(&name.as_str());
        assert_eq!(parse(call(value)).is_ok(), is_accepted, "{name}");
        let is_value = serde_json::from_slice::<serde_json::Value>(value).is_ok();
        assert_eq!(is_value, is_accepted, "{name}");
    }
}
