//! The stored form: what an earlier version has written is read.

use serde_json::json;

use super::super::{AnswersDigest, OpenQuestion, Record, RecordStage};
use super::{answer, answers, question};

fn open() -> Vec<OpenQuestion> {
    let mut questions = super::super::Questions::default();
    questions.ask(&question(7), 32).unwrap();
    questions.begin_round();
    questions.to_stored()
}

#[test]
fn a_record_keeps_its_form() {
    let given = AnswersDigest::of(&answers(["1.1"], "Ada"));
    let digest = json!(given);
    assert_eq!(digest.as_array().map(Vec::len), Some(32));
    let question = json!({
        "key": "1.1",
        "id": 7,
        "request": { "method": "elicitation/create", "params": { "message": "q7",
            "requestedSchema": { "type": "object", "properties": { "a": { "type": "string" } } } } },
        "progress_token": null,
    });
    for (stage, expected) in [
        (RecordStage::Asked(None, open()), json!({ "asked": [null, [question]] })),
        (RecordStage::Asked(Some(given), open()), json!({ "asked": [digest, [question]] })),
        (RecordStage::Answered(given, open()), json!({ "answered": [digest, [question]] })),
        (
            RecordStage::Done(given, answer("x")),
            json!({ "done": [digest, { "jsonrpc": "2.0", "id": 1, "result": "x" }] }),
        ),
        (RecordStage::Over, json!("over")),
    ] {
        let text = serde_json::to_string(&stage).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
        let read: RecordStage = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}

#[test]
fn a_record_that_is_none_is_not_read() {
    let digest = json!(AnswersDigest::of(&answers([], "")));
    for text in ["\"done\"", "{}", "\"later\"", &format!("{{\"done\":[{digest},7]}}")] {
        assert!(serde_json::from_str::<RecordStage>(text).is_err(), "{text}");
    }
}

#[test]
fn where_a_call_waits_is_added_by_its_driver() {
    let given = AnswersDigest::of(&answers(["1.1"], "Ada"));
    let digest = json!(given);
    for (stage, expected) in [
        (RecordStage::Asked(None, 1), json!({ "asked": [null, [1]] })),
        (RecordStage::Answered(given, 1), json!({ "answered": [digest, [1]] })),
        (RecordStage::Over, json!("over")),
    ] {
        let placed = Record { round: 3, stage }.map(|place| [place]);
        assert_eq!((placed.round, json!(placed.stage)), (3, expected));
    }
    let done = Record { round: 1, stage: RecordStage::<u8>::Done(given, answer("x")) };
    assert!(matches!(done.map(|it| [it]).stage, RecordStage::Done(it, _) if it == given));
}

#[test]
fn answers_are_told_apart_and_their_order_is_not() {
    let of = |text: &str| AnswersDigest::of(&serde_json::from_str(text).unwrap());
    assert_eq!(of(r#"{"a":1,"b":2}"#), of(r#"{ "b": 2, "a": 1 }"#));
    assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":2}"#));
}
