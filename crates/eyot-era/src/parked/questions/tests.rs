//! Every question is answered at most once, and none is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use eyot_jsonrpc::{Id, Message, Request, ScanLimits};
use eyot_types::{JsonObject, Revision};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Questions, RoundError, RoundLosses};

/// Questions that are open at once.
const MAX: usize = 32;
const REVISION: Revision = Revision::LATEST_LEGACY;

fn elicit(id: u64) -> Request {
    let params = json!({ "message": format!("q{id}"), "_meta": { "progressToken": id },
        "requestedSchema": { "type": "object", "properties": { "a": { "type": "string" } } } });
    ask("elicitation/create", id, &params)
}

fn ask(method: &str, id: u64, params: &Value) -> Request {
    let text = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    Message::parse(text.to_string().into(), &ScanLimits::default()).unwrap().into_request().unwrap()
}

fn accept(text: &str) -> Value {
    json!({ "action": "accept", "content": { "a": text } })
}

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

/// What an answer to this round says to the server.
fn said(questions: &mut Questions, answers: &JsonObject) -> Result<Vec<Value>, RoundError> {
    let said = questions.answer(answers, REVISION);
    said.map(|messages| messages.iter().map(json_of).collect())
}

fn json_of(message: &Message) -> Value {
    serde_json::from_slice(&message.to_bytes()).unwrap()
}

fn keys(questions: &Questions) -> Vec<String> {
    questions.requests().keys().cloned().collect()
}

#[test]
fn questions_of_one_round_are_asked_together_and_late_ones_in_the_next() {
    let mut questions = Questions::default();
    questions.ask(&elicit(1), MAX).unwrap();
    questions.ask(&ask("roots/list", 2, &json!({})), MAX).unwrap();
    assert_eq!((questions.begin_round(), keys(&questions)), (1, vec!["1.1".into(), "1.2".into()]));
    questions.ask(&elicit(3), MAX).unwrap();
    let answers = object(json!({ "1.1": accept("x"), "1.2": { "roots": [] } }));
    let said = said(&mut questions, &answers).unwrap();
    assert_eq!(said.len(), 2);
    assert_eq!(said[0]["result"]["content"]["a"], "x");
    assert_eq!((questions.begin_round(), keys(&questions)), (2, vec!["2.1".into()]));
}

#[test]
fn a_question_without_an_answer_is_asked_again_under_its_key() {
    let mut questions = Questions::default();
    questions.ask(&elicit(1), MAX).unwrap();
    questions.ask(&elicit(2), MAX).unwrap();
    questions.begin_round();
    let answers = object(json!({ "1.2": accept("x"), "nobody": 7 }));
    assert_eq!(said(&mut questions, &answers).unwrap().len(), 1);
    assert!(questions.has_open());
    assert_eq!((questions.begin_round(), keys(&questions)), (2, vec!["1.1".into()]));
}

#[test]
fn what_is_no_answer_is_asked_once_more_and_then_refused() {
    let mut questions = Questions::default();
    questions.ask(&elicit(1), MAX).unwrap();
    questions.begin_round();
    let nonsense = object(json!({ "1.1": { "action": 7 } }));
    assert_eq!(said(&mut questions, &nonsense), Ok(Vec::new()));
    questions.begin_round();
    let refused = questions.answer(&nonsense, REVISION).unwrap_err();
    assert_eq!(refused.to_error().code, -32602);
    let answers = object(json!({ "1.1": accept("x") }));
    assert_eq!(said(&mut questions, &answers).unwrap().len(), 1);
}

#[test]
fn an_answer_that_the_server_cannot_have_is_none() {
    let mut questions = Questions::default();
    questions
        .ask(&ask("sampling/createMessage", 1, &json!({ "messages": [], "maxTokens": 1 })), MAX)
        .unwrap();
    questions.begin_round();
    let tool = json!({ "type": "tool_use", "id": "t", "name": "n", "input": {} });
    let answer =
        json!({ "role": "assistant", "model": "m", "content": tool, "stopReason": "toolUse" });
    let answers = object(json!({ "1.1": answer }));
    assert_eq!(questions.answer(&answers, Revision::V2025_06_18).unwrap().len(), 0);
    let refused = questions.answer(&answers, Revision::V2025_06_18).unwrap_err().to_string();
    assert!(refused.contains("the server has no "), "{refused}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let mut questions = Questions::default();
    for (method, params) in
        [("elicitation/create", json!({ "mode": 7 })), ("sampling/createMessage", json!({}))]
    {
        let error = questions.ask(&ask(method, 1, &params), MAX).unwrap_err();
        assert_eq!(error.code, -32602, "{method}");
    }
    for id in 0..32 {
        questions.ask(&elicit(id), MAX).unwrap();
    }
    let error = questions.ask(&elicit(32), MAX).unwrap_err();
    assert_eq!(error.message, "a call has at most 32 open questions");
}

#[test]
fn only_a_server_that_asked_for_them_gets_signs_of_life() {
    let mut questions = Questions::default();
    questions.ask(&ask("roots/list", 1, &json!({})), MAX).unwrap();
    assert!(!questions.wants_beats() && questions.beats().is_empty());
    questions.ask(&elicit(2), MAX).unwrap();
    assert!(questions.wants_beats());
    let signs = questions.beats();
    assert_eq!(signs.len(), 1);
    assert_eq!(signs[0].progress_token(), Some(Id::from_number(2)));
}

#[test]
fn a_question_that_is_taken_back_is_not_asked() {
    let mut questions = Questions::default();
    questions.ask(&elicit(1), MAX).unwrap();
    assert!(questions.withdraw(&Id::from_number(1)));
    assert!(!questions.withdraw(&Id::from_number(1)));
    assert!(!questions.has_open());
}

#[test]
fn a_client_that_does_not_come_has_cancelled() {
    let mut questions = Questions::default();
    questions.ask(&elicit(1), MAX).unwrap();
    questions.ask(&ask("roots/list", 2, &json!({})), MAX).unwrap();
    let sampling = json!({ "messages": [], "maxTokens": 1 });
    questions.ask(&ask("sampling/createMessage", 3, &sampling), MAX).unwrap();
    questions.begin_round();
    let said: Vec<_> = questions.close().iter().map(json_of).collect();
    assert_eq!(said[0]["result"]["action"], "cancel");
    assert_eq!(said[1]["error"]["code"], -32603);
    assert_eq!(said[2]["error"]["code"], -1);
    assert!(questions.ask(&elicit(4), MAX).is_err(), "nothing is asked any more");
}

#[test]
fn signs_of_life_grow() {
    let mut questions = Questions::default();
    questions.ask(&elicit(9), MAX).unwrap();
    questions.beats();
    let beat = json_of(&questions.beats()[0]);
    assert_eq!(beat["params"], json!({ "progressToken": 9, "progress": 2 }));
}

#[test]
fn signs_of_life_grow_from_process_to_process() {
    let mut first = Questions::default();
    first.ask(&elicit(9), MAX).unwrap();
    first.begin_round();
    let last = json_of(&first.beats()[0])["params"]["progress"].as_u64();
    let mut second = Questions::resume(1, first.to_stored(), 2);
    assert!(json_of(&second.beats()[0])["params"]["progress"].as_u64() > last);
}

#[test]
fn what_a_question_has_lost_is_told_once() {
    let mut questions = Questions::default();
    let page = json!({ "mode": "url", "message": "m", "url": "https://a/", "elicitationId": "e" });
    questions.ask(&ask("elicitation/create", 1, &page), MAX).unwrap();
    let RoundLosses { asked, answered } = questions.take_losses();
    let names: Vec<_> = asked.iter().map(|it| it.feature.as_str()).collect();
    assert_eq!((names, answered.is_empty()), (vec!["elicitation_id"], true));
    assert_eq!(questions.take_losses(), RoundLosses::default());
}

#[test]
fn another_process_goes_on_where_the_first_was() {
    let mut first = Questions::default();
    first.ask(&elicit(1), MAX).unwrap();
    let round = first.begin_round();
    let mut second = Questions::resume(round, first.to_stored(), 1);
    let answers = object(json!({ "1.1": accept("x") }));
    assert_eq!(said(&mut second, &answers), said(&mut first, &answers));
}

/// Its stream is taken up after it, so that it would never be heard again.
#[test]
fn a_question_that_came_while_the_client_was_asked_is_known_to_the_next_process() {
    let mut first = Questions::default();
    first.ask(&elicit(1), MAX).unwrap();
    first.begin_round();
    first.ask(&elicit(2), MAX).unwrap();
    let mut second = Questions::resume(1, first.to_stored(), 1);
    assert_eq!(keys(&second), ["1.1"], "it was not asked in this round");
    let guess = object(json!({ "1.1": accept("x"), "2.1": accept("y") }));
    assert_eq!(said(&mut second, &guess).unwrap().len(), 1);
    second.ask(&elicit(3), MAX).unwrap();
    assert_eq!((second.begin_round(), keys(&second)), (2, vec!["2.1".into(), "2.2".into()]));
}

#[test]
fn answers_that_may_not_have_been_sent_are_stored_as_questions() {
    let mut questions = Questions::default();
    questions.ask(&elicit(1), MAX).unwrap();
    questions.begin_round();
    let answers = object(json!({ "1.1": accept("x") }));
    questions.answer(&answers, REVISION).unwrap();
    questions.ask(&elicit(1), MAX).unwrap();
    assert!(!questions.has_open(), "it was heard twice");
    assert_eq!(questions.to_stored().len(), 1);
    questions.forget_answered();
    assert!(questions.to_stored().is_empty());
}

#[test]
fn a_stored_question_that_cannot_be_read_is_left_out() {
    let mut questions = Questions::default();
    questions.ask(&elicit(1), MAX).unwrap();
    questions.begin_round();
    let stored = questions.to_stored().remove(0);
    for key in ["x", "1", "1.x", "x.1"] {
        let broken = super::OpenQuestion { key: key.to_owned(), ..stored.clone() };
        assert!(!Questions::resume(1, vec![broken], 1).has_open(), "{key}");
    }
    let request = serde_json::value::to_raw_value(&json!(7)).unwrap();
    let broken = super::OpenQuestion { request, ..stored };
    assert!(!Questions::resume(1, vec![broken], 1).has_open());
}

/// What may happen to a call.
#[derive(Clone, Debug)]
enum Event {
    Ask,
    Withdraw(usize),
    Begin,
    /// An answer to the keys that these bits choose.
    Answer(u8),
    Nonsense(u8),
    Resume,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Ask),
        1 => (0_usize..8).prop_map(Event::Withdraw),
        3 => Just(Event::Begin),
        4 => any::<u8>().prop_map(Event::Answer),
        1 => any::<u8>().prop_map(Event::Nonsense),
        1 => Just(Event::Resume),
    ]
}

proptest! {
    #[test]
    fn answers_reach_their_question_at_most_once(events in prop::collection::vec(event(), 0..60)) {
        let mut questions = Questions::default();
        let (mut next_id, mut asked_ids) = (0_u64, Vec::new());
        let mut keys: BTreeMap<String, String> = BTreeMap::new();
        let mut answered = BTreeSet::new();
        for event in events {
            match event {
                Event::Ask => {
                    next_id += 1;
                    if questions.ask(&elicit(next_id), MAX).is_ok() {
                        asked_ids.push(next_id);
                    }
                }
                Event::Withdraw(index) => {
                    if let Some(id) = asked_ids.get(index) {
                        questions.withdraw(&Id::from_number(*id));
                    }
                }
                Event::Begin => {
                    questions.begin_round();
                    for (key, request) in questions.requests() {
                        let text = json!(request)["params"]["message"].as_str().unwrap().to_owned();
                        let known = keys.entry(key).or_insert_with(|| text.clone());
                        prop_assert_eq!(known, &text, "a key names one question for ever");
                    }
                }
                Event::Answer(bits) | Event::Nonsense(bits) => {
                    let is_sense = matches!(event, Event::Answer(..));
                    let chosen = keys.iter().enumerate().filter(|(index, _)| bits >> (index % 8) & 1 == 1);
                    let answers = chosen.map(|(_, (key, text))| {
                        (key.clone(), if is_sense { accept(text) } else { json!(7) })
                    });
                    let answers: JsonObject = answers.collect();
                    for said in questions.answer(&answers, REVISION).unwrap_or_default() {
                        let said = json_of(&said);
                        let id = said["id"].as_u64().unwrap();
                        prop_assert!(is_sense, "nonsense is no answer");
                        prop_assert!(answered.insert(id), "question {} is answered twice", id);
                        prop_assert_eq!(&said["result"]["content"]["a"], &json!(format!("q{id}")));
                    }
                    questions.forget_answered();
                }
                Event::Resume => {
                    let stored = questions.to_stored();
                    questions = Questions::resume(questions.round(), stored, 1);
                }
            }
        }
    }
}
