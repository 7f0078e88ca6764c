//! A handler and its client act in any order: each answer reaches the question that asked for it,
//! and messages leave in their order.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use eyot_jsonrpc::{Id, Message};
use eyot_types::{ElicitParams, ElicitSchema, Question};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Exchange, OUT_PARTS_MAX, Outgoing, QuestionName};

fn question() -> Question {
    ElicitParams::form("?", ElicitSchema::new()).into()
}

fn note(number: usize) -> Message {
    Message::notification("n", &json!({ "number": number }))
}

#[derive(Clone, Debug)]
enum Step {
    Send,
    Take,
    Ask { is_legacy: bool },
    Answer { question: usize },
    Collect { question: usize },
    Withdraw { question: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Send),
        Just(Step::Take),
        any::<bool>().prop_map(|is_legacy| Step::Ask { is_legacy }),
        (0..8usize).prop_map(|question| Step::Answer { question }),
        (0..8usize).prop_map(|question| Step::Collect { question }),
        (0..8usize).prop_map(|question| Step::Withdraw { question }),
    ]
}

/// The state of a question.
#[derive(Debug)]
struct Asked {
    number: u32,
    name: QuestionName,
    answer: Option<Value>,
}

proptest! {
    #[test]
    fn answers_and_messages_never_cross(steps in proptest::collection::vec(step(), 0..80)) {
        let cx = &mut Context::from_waker(Waker::noop());
        let exchange = Exchange::default();
        let (mut asked, mut out) = (Vec::<Asked>::new(), VecDeque::new());
        let (mut sent, mut ids) = (0, 0);
        for step in steps {
            match step {
                Step::Send => {
                    let mut message = Some(note(sent).into());
                    let polled = exchange.poll_send(&mut message, cx);
                    prop_assert_eq!(polled.is_ready(), out.len() < OUT_PARTS_MAX);
                    if polled.is_ready() {
                        out.push_back(format!("n{sent}"));
                        sent += 1;
                    }
                }
                Step::Take => {
                    let taken = match exchange.begin_poll() {
                        Outgoing::Part(part) => part.into_message().map(|it| tag(&it)),
                        _ => None,
                    };
                    prop_assert_eq!(taken, out.pop_front());
                }
                Step::Ask { is_legacy } => {
                    ids += 1;
                    let (name, number) = if is_legacy {
                        let id = Id::from_text(&format!("q.{ids}"));
                        out.push_back(id.as_raw().to_owned());
                        (QuestionName::Id(id.clone()), exchange.ask_request(id, question(), 32))
                    } else {
                        let key = format!("k{ids}");
                        let number = exchange.ask_input(Some(&key), question(), 32);
                        (QuestionName::Key(key), number)
                    };
                    match number {
                        Ok(number) => asked.push(Asked { number, name, answer: None }),
                        Err(_) => {
                            prop_assert!(asked.len() >= 32);
                            if is_legacy {
                                out.pop_back();
                            }
                        }
                    }
                }
                Step::Answer { question } => {
                    let answer = json!({ "for": question, "at": ids });
                    let Some(it) = asked.get_mut(question) else { continue };
                    let is_taken = exchange.set_answer(&it.name, Ok(answer.clone()));
                    // The first answer counts, and no other.
                    prop_assert_eq!(is_taken, it.answer.is_none());
                    it.answer.get_or_insert(answer);
                }
                Step::Collect { question } => {
                    let Some(it) = asked.get(question) else { continue };
                    match (exchange.poll_answer(it.number, cx), &it.answer) {
                        (Poll::Ready(answer), Some(expected)) => {
                            prop_assert_eq!(answer.as_ref(), Ok(expected));
                            asked.remove(question);
                        }
                        (Poll::Pending, None) => {}
                        (polled, expected) => prop_assert!(false, "{polled:?} {expected:?}"),
                    }
                }
                Step::Withdraw { question } => {
                    if question >= asked.len() {
                        continue;
                    }
                    let it = asked.remove(question);
                    exchange.withdraw(it.number);
                    if let (QuestionName::Id(id), None) = (it.name, it.answer) {
                        out.push_back(format!("cancelled {}", id.as_raw()));
                    }
                }
            }
            let open = asked.iter().filter(|it| it.answer.is_none()).count();
            prop_assert_eq!(exchange.has_open_question(), open > 0);
        }
        // When a call ends, the questions that have gone out are withdrawn; nothing else is sent.
        let is_out = |it: &&Asked| match &it.name {
            QuestionName::Id(id) => it.answer.is_none() && !out.iter().any(|it| it == id.as_raw()),
            QuestionName::Key(_) => false,
        };
        let withdrawn: Vec<_> = asked.iter().filter(is_out).map(|it| it.name.clone()).collect();
        exchange.cancel();
        exchange.cancel();
        let late = exchange.ask_request(Id::from_text("late"), question(), 32);
        prop_assert!(late.is_ok() || asked.len() >= 32);
        for name in withdrawn {
            let QuestionName::Id(id) = name else { unreachable!() };
            let Outgoing::Part(part) = exchange.begin_poll() else { panic!("{id} is not withdrawn") };
            let expected = format!("cancelled {}", id.as_raw());
            prop_assert_eq!(part.into_message().map(|it| tag(&it)), Some(expected));
        }
        prop_assert!(matches!(exchange.begin_poll(), Outgoing::Cancelled));
        prop_assert!(exchange.cancellation().is_cancelled());
    }
}

/// What a message is, in a word.
fn tag(message: &Message) -> String {
    if let Some(id) = message.id() {
        return id.as_raw().to_owned();
    }
    let params: Value = message.decode_params().unwrap();
    match message.method().as_deref() {
        Some("n") => format!("n{}", params["number"]),
        _ => format!("cancelled {}", params["requestId"]),
    }
}
