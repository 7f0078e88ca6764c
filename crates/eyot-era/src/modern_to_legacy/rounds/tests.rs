//! Every question is answered at most once, and none is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use eyot_jsonrpc::{Id, Message, ScanLimits};
use eyot_types::{JsonObject, Revision};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{RoundError, RoundLosses, Rounds};

const REVISION: Revision = Revision::LATEST_LEGACY;

fn elicit(id: u64) -> Message {
    let params = json!({ "message": format!("q{id}"), "_meta": { "progressToken": id },
        "requestedSchema": { "type": "object", "properties": { "a": { "type": "string" } } } });
    ask("elicitation/create", id, &params)
}

fn ask(method: &str, id: u64, params: &Value) -> Message {
    let text = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    Message::parse(text.to_string().into(), &ScanLimits::default()).unwrap()
}

fn accept(text: &str) -> Value {
    json!({ "action": "accept", "content": { "a": text } })
}

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

/// What an answer to a round says to the server.
fn said(rounds: &mut Rounds, round: u32, answers: &JsonObject) -> Result<Vec<Value>, RoundError> {
    let said = rounds.answer(round, answers, REVISION);
    said.map(|messages| messages.iter().map(json_of).collect())
}

fn json_of(message: &Message) -> Value {
    serde_json::from_slice(&message.to_bytes()).unwrap()
}

#[test]
fn questions_of_one_round_are_asked_together_and_late_ones_in_the_next() {
    let mut rounds = Rounds::new();
    rounds.ask(&elicit(1)).unwrap();
    rounds.ask(&ask("roots/list", 2, &json!({}))).unwrap();
    let (round, asked) = rounds.park();
    assert_eq!(
        (round, asked.keys().map(String::as_str).collect::<Vec<_>>()),
        (1, vec!["1.1", "1.2"])
    );
    rounds.ask(&elicit(3)).unwrap();
    let answers = object(json!({ "1.1": accept("x"), "1.2": { "roots": [] } }));
    let said = rounds.answer(1, &answers, REVISION).unwrap();
    assert_eq!(said.len(), 2);
    assert_eq!(json_of(&said[0])["result"]["content"]["a"], "x");
    let (round, asked) = rounds.park();
    assert_eq!((round, asked.keys().map(String::as_str).collect::<Vec<_>>()), (2, vec!["2.1"]));
}

#[test]
fn a_question_without_an_answer_is_asked_again_under_its_key() {
    let mut rounds = Rounds::new();
    rounds.ask(&elicit(1)).unwrap();
    rounds.ask(&elicit(2)).unwrap();
    rounds.park();
    let answers = object(json!({ "1.2": accept("x"), "nobody": 7 }));
    assert_eq!(rounds.answer(1, &answers, REVISION).unwrap().len(), 1);
    assert!(rounds.has_open());
    let (round, asked) = rounds.park();
    assert_eq!((round, asked.keys().map(String::as_str).collect::<Vec<_>>()), (2, vec!["1.1"]));
}

#[test]
fn a_round_is_taken_once() {
    let mut rounds = Rounds::new();
    rounds.ask(&elicit(1)).unwrap();
    rounds.park();
    let answers = object(json!({ "1.1": accept("x") }));
    rounds.answer(1, &answers, REVISION).unwrap();
    assert_eq!(said(&mut rounds, 1, &answers), Err(RoundError::AnsweredAlready));
    rounds.ask(&elicit(2)).unwrap();
    rounds.park();
    assert_eq!(said(&mut rounds, 1, &answers), Err(RoundError::AnsweredAlready));
}

#[test]
fn what_is_no_answer_is_asked_once_more_and_then_refused() {
    let mut rounds = Rounds::new();
    rounds.ask(&elicit(1)).unwrap();
    rounds.park();
    let nonsense = object(json!({ "1.1": { "action": 7 } }));
    assert_eq!(said(&mut rounds, 1, &nonsense), Ok(Vec::new()));
    rounds.park();
    let refused = rounds.answer(2, &nonsense, REVISION).unwrap_err();
    assert_eq!(refused.to_error().code, -32602);
    let answers = object(json!({ "1.1": accept("x") }));
    assert_eq!(rounds.answer(2, &answers, REVISION).unwrap().len(), 1);
}

#[test]
fn only_a_server_that_asked_for_them_gets_signs_of_life() {
    let mut rounds = Rounds::new();
    rounds.ask(&ask("roots/list", 1, &json!({}))).unwrap();
    assert!(!rounds.wants_beats() && rounds.beat().is_empty());
    rounds.ask(&elicit(2)).unwrap();
    assert!(rounds.wants_beats());
    let signs = rounds.beat();
    assert_eq!(signs.len(), 1);
    assert_eq!(signs[0].progress_token(), Some(Id::from_number(2)));
}

#[test]
fn a_question_that_is_taken_back_is_not_asked() {
    let mut rounds = Rounds::new();
    rounds.ask(&elicit(1)).unwrap();
    assert!(rounds.withdraw(&Id::from_number(1)));
    assert!(!rounds.has_open());
}

#[test]
fn whoever_does_not_come_has_cancelled() {
    let mut rounds = Rounds::new();
    rounds.ask(&elicit(1)).unwrap();
    rounds.ask(&ask("roots/list", 2, &json!({}))).unwrap();
    rounds.park();
    let said: Vec<_> = rounds.give_up().iter().map(json_of).collect();
    assert_eq!(said[0]["result"]["action"], "cancel");
    assert_eq!(said[1]["error"]["code"], -32603);
    assert!(rounds.answer(1, &JsonObject::new(), REVISION).is_err());
}

#[test]
fn signs_of_life_grow() {
    let mut rounds = Rounds::new();
    rounds.ask(&elicit(9)).unwrap();
    rounds.beat();
    let beat = json_of(&rounds.beat()[0]);
    assert_eq!(beat["params"], json!({ "progressToken": 9, "progress": 2 }));
}

#[test]
fn what_a_question_has_lost_is_told_once() {
    let mut rounds = Rounds::new();
    let page = json!({ "mode": "url", "message": "m", "url": "https://a/", "elicitationId": "e" });
    rounds.ask(&ask("elicitation/create", 1, &page)).unwrap();
    let RoundLosses { asked, answered } = rounds.take_losses();
    let names: Vec<_> = asked.iter().map(|it| it.feature.as_str()).collect();
    assert_eq!((names, answered.is_empty()), (vec!["elicitation_id"], true));
    assert_eq!(rounds.take_losses(), RoundLosses::default());
}

#[test]
fn another_process_goes_on_where_the_first_was() {
    let mut first = Rounds::new();
    first.ask(&elicit(1)).unwrap();
    let (round, _) = first.park();
    let mut second = Rounds::restore(round, first.asked(), 1);
    let answers = object(json!({ "1.1": accept("x") }));
    assert_eq!(said(&mut second, 1, &answers), said(&mut first, 1, &answers));
}

/// What may happen to a call.
#[derive(Clone, Debug)]
enum Event {
    Ask,
    Withdraw(usize),
    Park,
    /// A retry of this round that answers the keys that these bits choose.
    Retry(u32, u8),
    Nonsense(u32, u8),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Ask),
        1 => (0_usize..8).prop_map(Event::Withdraw),
        3 => Just(Event::Park),
        4 => (0_u32..6, any::<u8>()).prop_map(|(round, bits)| Event::Retry(round, bits)),
        1 => (0_u32..6, any::<u8>()).prop_map(|(round, bits)| Event::Nonsense(round, bits)),
    ]
}

proptest! {
    #[test]
    fn answers_reach_their_question_at_most_once(events in prop::collection::vec(event(), 0..60)) {
        let mut rounds = Rounds::new();
        let (mut next_id, mut asked_ids) = (0_u64, Vec::new());
        let mut keys: BTreeMap<String, String> = BTreeMap::new();
        let mut answered = BTreeSet::new();
        for event in events {
            match event {
                Event::Ask => {
                    next_id += 1;
                    if rounds.ask(&elicit(next_id)).is_ok() {
                        asked_ids.push(next_id);
                    }
                }
                Event::Withdraw(index) => {
                    if let Some(id) = asked_ids.get(index) {
                        rounds.withdraw(&Id::from_number(*id));
                    }
                }
                Event::Park => {
                    for (key, request) in rounds.park().1 {
                        let text = json!(request)["params"]["message"].as_str().unwrap().to_owned();
                        let known = keys.entry(key).or_insert_with(|| text.clone());
                        prop_assert_eq!(known, &text, "a key names one question for ever");
                    }
                }
                Event::Retry(round, bits) | Event::Nonsense(round, bits) => {
                    let is_sense = matches!(event, Event::Retry(..));
                    let chosen = keys.iter().enumerate().filter(|(index, _)| bits >> (index % 8) & 1 == 1);
                    let answers = chosen.map(|(_, (key, text))| {
                        (key.clone(), if is_sense { accept(text) } else { json!(7) })
                    });
                    let answers: JsonObject = answers.collect();
                    for said in rounds.answer(round, &answers, REVISION).unwrap_or_default() {
                        let said = json_of(&said);
                        let id = said["id"].as_u64().unwrap();
                        prop_assert!(is_sense, "nonsense is no answer");
                        prop_assert!(answered.insert(id), "question {} is answered twice", id);
                        prop_assert_eq!(&said["result"]["content"]["a"], &json!(format!("q{id}")));
                    }
                }
            }
        }
    }
}
