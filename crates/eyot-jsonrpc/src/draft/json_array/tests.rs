//! Runs of arrays in answers, as the scan would find them there.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::JsonArray;
use crate::{Id, JsonRun, Message, Response, ScanLimits};

fn array(text: &str) -> JsonArray {
    JsonArray::parse(text.to_owned()).unwrap()
}

/// An answer with the items of these runs, which has to be what its text would be read as.
#[track_caller]
fn check(result: &Value, runs: &[JsonRun], expected: &Value) {
    let answer = Response::new(Id::from_number(7), result);
    let made = answer.with_array("tools", runs).unwrap().into_message();
    let text = made.to_bytes();
    let pieces: Vec<u8> = made.pieces().flat_map(Vec::from).collect();
    assert_eq!(pieces, text);
    assert_eq!(made.len(), text.len());
    let read = Message::parse(text.clone(), &ScanLimits::default()).unwrap();
    assert_eq!(read.result(), made.result());
    assert_eq!(read.id(), made.id());
    assert_eq!(read.kind(), made.kind());
    assert_eq!(read.is_single_line(), made.is_single_line());
    assert_eq!(read.has_line_separators(), made.has_line_separators());
    let read: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(read["result"], *expected);
}

#[test]
fn items_are_read_one_by_one_as_they_are_written() {
    let array = array("[ {\"a\": 1} ,\n2, \"x,]\" ]");
    assert_eq!(array.iter().collect::<Vec<_>>(), ["{\"a\": 1}", "2", "\"x,]\""]);
    assert_eq!(array.get(1), Some("2"));
    assert_eq!((array.get(3), array.len()), (None, 3));
    assert!(JsonArray::parse("[ ]".to_owned()).unwrap().is_empty());
}

#[test]
fn what_is_no_array_or_would_be_refused_in_a_message_is_none() {
    for refused in ["", "{}", "[1", "1", "[1] 2", "[\"\\ud800\"]", "[1e999]"] {
        assert!(JsonArray::parse(refused.to_owned()).is_none(), "{refused}");
    }
}

#[test]
fn a_run_of_no_items_or_of_more_than_there_are_is_none() {
    let array = array("[1,2]");
    assert!(array.run(1..1).is_none());
    assert!(array.run(1..3).is_none());
    assert!(array.run(0..2).is_some());
}

#[test]
fn an_answer_begins_with_the_runs_of_several_arrays() {
    let (one, other) = (array("[1, 2 ,3]"), array("[\"\u{2028}\"]"));
    let runs = [one.run(0..1).unwrap(), one.run(1..3).unwrap(), other.run(0..1).unwrap()];
    let expected = json!({ "tools": [1, 2, 3, "\u{2028}"], "nextCursor": "x" });
    check(&json!({ "nextCursor": "x" }), &runs, &expected);
    check(&json!({}), &[], &json!({ "tools": [] }));
}

#[test]
fn long_runs_are_shared() {
    let array = array(&format!("[\"{}\"]", "x".repeat(5_000)));
    let answer = Response::new(Id::from_number(7), &json!({}));
    let answer = answer.with_array("tools", &[array.run(0..1).unwrap()]).unwrap();
    let start = array.get(0).unwrap().as_ptr();
    assert!(answer.into_message().pieces().any(|it| it.as_ptr() == start));
}

#[test]
fn a_result_that_is_no_object_gets_no_array() {
    let answer = Response::new(Id::from_number(7), &json!([1]));
    assert!(answer.with_array("tools", &[]).is_none());
}

proptest! {
    #[test]
    fn any_runs_of_any_items_are_what_the_scan_reads(
        words in prop::collection::vec("[a-z\\n\u{2029}]{0,3000}", 0..6),
        spaces in "[ \\n]{0,3}",
        cut in 0_usize..6,
    ) {
        let items: Vec<String> = words.iter().map(|it| json!(it).to_string()).collect();
        let array = array(&format!("[{spaces}{}{spaces}]", items.join(&format!("{spaces},"))));
        prop_assert_eq!(array.iter().map(str::to_owned).collect::<Vec<_>>(), items);
        let cut = cut.min(array.len());
        let runs: Vec<_> =
            [array.run(0..cut), array.run(cut..array.len())].into_iter().flatten().collect();
        let expected = json!({ "tools": words, "resultType": "complete" });
        check(&json!({ "resultType": "complete" }), &runs, &expected);
    }
}
