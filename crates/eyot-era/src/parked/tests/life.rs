//! The table of a call's life: what happens, and what the machine wants done.

use std::time::{Duration, Instant};

use eyot_jsonrpc::{ErrorObject, Id};
use serde_json::json;

use super::super::{Action, Came, Fenced, ParkedCall, Record, RecordStage, Waiter, Word};
use super::{CONFIG, answer, answers, json_of, patient_question, question};

/// A machine and its clock.
struct Life {
    call: ParkedCall,
    now: Instant,
    /// What the store has of it.
    stored: Option<Record>,
}

impl Life {
    fn of(call: ParkedCall) -> Self {
        Self { call, now: Instant::now(), stored: None }
    }
}

/// Goes through a life: each step, and what it leads to, as one line of text.
#[track_caller]
fn check(steps: &[(&str, &str)]) -> ParkedCall {
    let mut life = Life::of(ParkedCall::new(CONFIG));
    for (number, (step, expected)) in steps.iter().enumerate() {
        assert_eq!(life.step(step), *expected, "step {number}: {step}");
    }
    life.call
}

impl Life {
    fn step(&mut self, step: &str) -> String {
        let words: Vec<_> = step.split(' ').collect();
        let number = |index: usize| words[index].parse::<u32>().unwrap();
        let mut said = match words[0] {
            "question" => self.ask(&question(u64::from(number(1)))),
            "patient" => self.ask(&patient_question(u64::from(number(1)))),
            "withdraw" => match self.call.handle_withdrawn(&Id::from_number(number(1).into())) {
                true => Vec::new(),
                false => vec!["not open".to_owned()],
            },
            "asks" => {
                self.call.handle_asks();
                Vec::new()
            }
            "after" => self.after(Duration::from_millis(number(1).into())),
            "client" => self.client(number(1), words[2], &words[3..]),
            "gone" => {
                self.call.handle_gone(Waiter(number(1)), self.now);
                Vec::new()
            }
            "answer" => self.end(|call| call.handle_answer(answer(words[1]))),
            "long" => self.end(|call| call.handle_answer(answer(&"x".repeat(300 << 10)))),
            "end" => self.end(|call| call.handle_end(&answer(words[1]))),
            "lost" => self.end(|call| call.handle_lost(&ErrorObject::new(7, "lost"))),
            "upstream" => self.end(ParkedCall::handle_upstream_over),
            "stored" => self.stored(Ok(())),
            "fenced" => self.stored(Err(Fenced)),
            "close" => self.end(ParkedCall::close),
            "die" => self.die(number(1).into()),
            other => panic!("unknown step {other}"),
        };
        while let Some(action) = self.call.poll_action() {
            said.push(line(&action));
            match action {
                Action::Store(record, _) => self.stored = Some(record),
                Action::Forget => self.stored = None,
                _ => {}
            }
        }
        said.join("; ")
    }

    fn ask(&mut self, question: &eyot_jsonrpc::Request) -> Vec<String> {
        let asked = self.call.handle_question(question, self.now);
        asked.err().map(|error| error.message).into_iter().collect()
    }

    fn after(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        self.call.handle_timeout(self.now);
        assert!(self.call.poll_timeout().is_none_or(|it| it > self.now), "a timer stays due");
        Vec::new()
    }

    fn client(&mut self, round: u32, text: &str, keys: &[&str]) -> Vec<String> {
        let responses = answers(keys.iter().copied(), text);
        vec![match self.call.handle_client(round, &responses, self.now) {
            Came::Answers(Waiter(it)) => format!("{it} answers"),
            Came::Leads(Waiter(it)) => format!("{it} leads"),
            Came::Follows(Waiter(it)) => format!("{it} follows"),
            Came::Told(word) => format!("told {}", word_line(&word)),
        }]
    }

    fn end(&mut self, ends: impl FnOnce(&mut ParkedCall)) -> Vec<String> {
        ends(&mut self.call);
        Vec::new()
    }

    fn stored(&mut self, outcome: Result<(), Fenced>) -> Vec<String> {
        self.call.handle_stored(outcome, self.now);
        Vec::new()
    }

    /// The next process, which is the `owners`th, goes on with what this one has stored.
    fn die(&mut self, owners: u64) -> Vec<String> {
        let record = self.stored.clone().expect("it was stored");
        self.call = ParkedCall::resume(record, owners, CONFIG, self.now);
        Vec::new()
    }
}

fn line(action: &Action) -> String {
    match action {
        Action::Store(record, ttl) => {
            let stage = match &record.stage {
                RecordStage::Asked(before, open) => {
                    let again = if before.is_some() { " again" } else { "" };
                    format!("asked{again} {} open", open.len())
                }
                RecordStage::Answered(_, open) => format!("answered {} open", open.len()),
                RecordStage::Done(_, word) => format!("done {}", json_of(word)["result"]),
                RecordStage::Over => "over".to_owned(),
            };
            format!("store {} {stage} for {} s", record.round, ttl.as_secs())
        }
        Action::Forget => "forget".to_owned(),
        Action::Tell(Waiter(it), word) => format!("tell {it} {}", word_line(word)),
        Action::Lead(Waiter(it)) => format!("lead {it}"),
        Action::Send(messages) => format!("send {}", messages_line(messages)),
        Action::Beat(messages) => format!("beat {}", messages.len()),
        Action::Cancel(refusals, reason) => {
            format!("cancel {} because {}", refusals.len(), reason.as_str())
        }
    }
}

fn messages_line(messages: &[eyot_jsonrpc::Message]) -> String {
    let texts = messages.iter().map(|it| {
        let it = json_of(it);
        format!("{}={}", it["id"], it["result"]["content"]["a"].as_str().unwrap_or("?"))
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn word_line(word: &Word) -> String {
    match word {
        Word::Asked(round) => format!("asked {round}"),
        Word::Last(message) => format!("last {}", json_of(message)["result"]),
        Word::Refused(error) => format!("refused {}: {}", error.code, error.message),
    }
}

const LATE: &str = "told refused -32602: Invalid params: this round has been answered already";
const ELSEWHERE: &str = "refused -32603: Upstream lost, outcome unknown";
const EXPIRED: &str = "cancel 1 because its client did not come back; forget";

/// A call of which the client was asked one question, and has answered it.
const ANSWERED: [(&str, &str); 5] = [
    ("question 1", ""),
    ("after 10", "store 1 asked 1 open for 600 s"),
    ("stored", "tell 0 asked 1"),
    ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
    ("stored", "send 1=Ada"),
];

#[track_caller]
fn check_answered(steps: &[(&str, &str)]) -> ParkedCall {
    check(&[&ANSWERED, steps].concat())
}

/// A call that rests.
#[track_caller]
fn check_asked(steps: &[(&str, &str)]) -> ParkedCall {
    check(&[&ANSWERED[..3], steps].concat())
}

#[test]
fn a_call_that_asks_nothing_is_never_stored() {
    let call = check(&[("answer done", "tell 0 last \"done\""), ("after 60000", "")]);
    assert!(call.is_over() && call.is_settled() && call.round() == 0);
}

#[test]
fn a_call_that_asks_is_stored_before_each_word() {
    let call = check_answered(&[
        ("answer done", "store 1 done \"done\" for 60 s"),
        ("stored", "tell 1 last \"done\""),
        ("client 1 Ada 1.1", "told last \"done\""),
        ("client 1 Eve 1.1", LATE),
        ("after 59999", ""),
        ("after 1", ""),
        ("client 1 Ada 1.1", LATE),
    ]);
    assert!(call.is_over() && call.poll_timeout().is_none());
}

#[test]
fn questions_are_collected_for_a_moment() {
    check(&[
        ("question 1", ""),
        ("after 9", ""),
        ("question 2", ""),
        ("after 1", "store 1 asked 2 open for 600 s"),
        ("question 3", ""),
        ("stored", "tell 0 asked 1"),
        ("client 1 Ada 1.1 1.2 2.1", "1 answers; store 1 answered 3 open for 600 s"),
        ("stored", "send 1=Ada 2=Ada"),
        ("after 10", "store 2 asked again 1 open for 600 s"),
        ("stored", "tell 1 asked 2"),
    ]);
}

#[test]
fn questions_that_are_taken_back_in_the_moment_are_not_asked() {
    check(&[
        ("question 1", ""),
        ("withdraw 2", "not open"),
        ("withdraw 1", ""),
        ("after 10", ""),
        ("answer done", "tell 0 last \"done\""),
        ("answer done", ""),
        ("end done", ""),
        ("lost", ""),
    ]);
}

#[test]
fn a_question_that_is_taken_back_later_is_asked_for_nothing() {
    check_asked(&[
        ("withdraw 1", ""),
        ("client 1 Ada 1.1", "1 answers; store 1 answered 0 open for 600 s"),
        ("stored", ""),
        ("answer done", "store 1 done \"done\" for 60 s"),
        ("stored", "tell 1 last \"done\""),
    ]);
}

#[test]
fn a_driver_that_knows_of_questions_asks_at_once() {
    check(&[
        ("asks", "store 1 asked 0 open for 600 s"),
        ("asks", ""),
        ("stored", "tell 0 asked 1"),
        ("client 1 Ada q0", "1 answers; store 1 answered 0 open for 600 s"),
        ("stored", ""),
        ("asks", "store 2 asked again 0 open for 600 s"),
    ]);
}

#[test]
fn clients_with_equal_answers_are_told_the_same() {
    check(&[
        ("question 1", ""),
        ("after 10", "store 1 asked 1 open for 600 s"),
        ("stored", "tell 0 asked 1"),
        ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
        ("client 1 Ada 1.1", "2 follows"),
        ("client 1 Eve 1.1", LATE),
        ("stored", "send 1=Ada"),
        ("client 1 Ada 1.1", "3 follows"),
        ("question 2", ""),
        ("client 1 Ada 1.1", "4 follows"),
        ("after 10", "store 2 asked again 1 open for 600 s"),
        ("client 1 Ada 1.1", "5 follows"),
        ("client 1 Eve 1.1", LATE),
        ("gone 3", ""),
        ("stored", "tell 1 asked 2; tell 2 asked 2; tell 4 asked 2; tell 5 asked 2"),
        ("client 1 Ada 1.1", "told asked 2"),
        ("client 1 Eve 1.1", LATE),
        ("client 2 Ada 2.1", "6 answers; store 2 answered 1 open for 600 s"),
        ("stored", "send 2=Ada"),
        ("answer done", "store 2 done \"done\" for 60 s"),
        ("client 2 Ada 2.1", "7 follows"),
        ("client 1 Ada 1.1", LATE),
        ("stored", "tell 6 last \"done\"; tell 7 last \"done\""),
    ]);
}

#[test]
fn only_so_many_clients_wait_beside_one() {
    let mut steps = ANSWERED.to_vec();
    let followers: Vec<_> = (2..10).map(|it| format!("{it} follows")).collect();
    steps.extend(followers.iter().map(|it| ("client 1 Ada 1.1", it.as_str())));
    steps.push(("client 1 Ada 1.1", "told refused 1503: Overloaded: clients of one call"));
    check(&steps);
}

#[test]
fn the_next_in_line_leads_when_the_first_has_gone() {
    check_answered(&[
        ("client 1 Ada 1.1", "2 follows"),
        ("client 1 Ada 1.1", "3 follows"),
        ("gone 1", "lead 2"),
        ("gone 1", ""),
        ("gone 2", "lead 3"),
        ("answer done", "store 1 done \"done\" for 60 s"),
        ("gone 3", ""),
        ("client 1 Ada 1.1", "4 leads"),
        ("stored", "tell 4 last \"done\""),
    ]);
}

#[test]
fn a_client_that_lost_its_connection_has_a_moment_to_come_back() {
    check_answered(&[
        ("gone 1", ""),
        ("client 1 Eve 1.1", LATE),
        ("after 1999", ""),
        ("client 1 Ada 1.1", "2 leads"),
        ("gone 2", ""),
        ("question 2", ""),
        ("client 1 Ada 1.1", "3 leads"),
        ("after 10", "store 2 asked again 1 open for 600 s"),
    ]);
}

#[test]
fn a_client_that_goes_for_good_has_cancelled() {
    check(&[("gone 0", "cancel 0 because the client does not wait any more")]);
    check(&[("question 1", ""), ("gone 0", "cancel 1 because the client does not wait any more")]);
    check_answered(&[
        ("gone 1", ""),
        ("after 2000", "cancel 0 because its client did not come back; forget"),
        ("client 1 Ada 1.1", LATE),
    ]);
}

#[test]
fn a_client_that_goes_while_its_answers_are_stored_has_given_them() {
    check_asked(&[
        ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
        ("gone 1", ""),
        ("stored", "send 1=Ada"),
        ("client 1 Ada 1.1", "2 leads"),
    ]);
    check_asked(&[
        ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
        ("gone 1", ""),
        ("client 1 Ada 1.1", "2 leads"),
        ("stored", "send 1=Ada"),
        ("answer done", "store 1 done \"done\" for 60 s"),
    ]);
}

#[test]
fn a_client_that_goes_while_it_is_asked_is_waited_for_if_it_knows_the_call() {
    check(&[
        ("question 1", ""),
        ("after 10", "store 1 asked 1 open for 600 s"),
        ("gone 0", ""),
        ("stored", "cancel 1 because the client does not wait any more; forget"),
    ]);
    let gone = [
        ("question 2", ""),
        ("after 10", "store 2 asked again 1 open for 600 s"),
        ("gone 1", ""),
        ("stored", ""),
    ];
    check_answered(&[&gone[..], &[("after 2000", EXPIRED)]].concat());
    check_answered(
        &[
            &gone[..],
            &[
                ("after 1999", ""),
                ("client 1 Ada 1.1", "told asked 2"),
                ("after 598000", ""),
                ("after 1", EXPIRED),
            ],
        ]
        .concat(),
    );
}

#[test]
fn a_client_that_does_not_come_back_has_cancelled() {
    let call = check_asked(&[("after 599999", ""), ("after 1", EXPIRED), ("stored", "")]);
    assert!(call.is_over());
}

#[test]
fn the_upstream_hears_that_its_questions_are_alive_while_the_call_rests() {
    check(&[
        ("patient 1", ""),
        ("after 10", "store 1 asked 1 open for 600 s"),
        ("after 5000", ""),
        ("stored", "tell 0 asked 1"),
        ("after 999", ""),
        ("after 1", "beat 1"),
        ("question 2", ""),
        ("after 1000", "beat 1"),
        ("patient 3", ""),
        ("after 1000", "beat 2"),
        ("upstream over", ""),
        ("after 1000", ""),
    ]);
    check_answered(&[
        ("gone 1", ""),
        ("patient 3", ""),
        ("after 1000", "beat 1"),
        ("after 999", ""),
        ("after 1", "cancel 1 because its client did not come back; forget"),
    ]);
}

#[test]
fn a_client_that_comes_back_hears_what_the_upstream_said_meanwhile() {
    check_asked(&[
        ("upstream over", ""),
        ("client 1 Ada 1.1", "1 answers; store 1 answered 0 open for 600 s"),
        ("client 1 Eve 1.1", LATE),
        ("stored", ""),
        ("answer done", "store 1 done \"done\" for 60 s"),
        ("stored", "tell 1 last \"done\""),
    ]);
}

#[test]
fn nonsense_is_asked_again_once_and_changes_nothing_then() {
    let mut life = Life::of(check_asked(&[]));
    let nonsense = json!({ "1.1": 7 }).as_object().unwrap().clone();
    let came = life.call.handle_client(1, &nonsense, life.now);
    assert!(matches!(came, Came::Answers(_)), "{came:?}");
    assert_eq!(life.step("stored"), "store 1 answered 1 open for 600 s");
    for (step, expected) in [
        ("stored", ""),
        ("after 10", "store 2 asked again 1 open for 600 s"),
        ("stored", "tell 1 asked 2"),
    ] {
        assert_eq!(life.step(step), expected);
    }
    let came = life.call.handle_client(2, &nonsense, life.now);
    assert!(matches!(&came, Came::Told(Word::Refused(error)) if error.code == -32602), "{came:?}");
    assert_eq!(
        life.step("client 2 Ada 1.1"),
        "2 answers; store 2 answered 1 open for 600 s",
        "it may still answer"
    );
}

#[test]
fn a_call_that_another_process_has_taken_over_is_left_alone() {
    for steps in [&ANSWERED[..2], &ANSWERED[..4]] {
        let told = if steps.len() == 2 { "tell 0 " } else { "tell 1 " };
        let call = check(&[steps, &[("fenced", &format!("{told}{ELSEWHERE}"))]].concat());
        assert!(call.is_over());
    }
    check_answered(&[
        ("answer done", "store 1 done \"done\" for 60 s"),
        ("fenced", "tell 1 last \"done\""),
        ("client 1 Ada 1.1", LATE),
    ]);
}

#[test]
fn a_last_word_that_is_long_or_replaced_is_told_and_not_kept() {
    check_answered(&[("end page", "forget; tell 1 last \"page\""), ("client 1 Ada 1.1", LATE)]);
    let mut life = Life::of(check_answered(&[]));
    assert!(life.step("long word").starts_with("forget; tell 1 last \"xxx"));
}

/// It does not happen to a driver that reads when it may, and is no reason to lose an answer.
#[test]
fn an_answer_that_comes_while_something_is_stored_is_told() {
    check_asked(&[
        ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
        ("answer done", "forget; tell 1 last \"done\""),
        ("stored", ""),
    ]);
}

#[test]
fn a_call_that_is_lost_is_told_to_all_and_cancelled() {
    let lost = "refused 7: lost; cancel 0 because the client does not wait any more";
    check(&[("lost it", &format!("tell 0 {lost}")), ("lost it", "")]);
    let lost = format!("tell 1 refused 7: lost; tell 2 {lost}; forget");
    check_answered(&[("client 1 Ada 1.1", "2 follows"), ("lost it", &lost)]);
}

#[test]
fn a_call_that_begins_anew_elsewhere_says_nothing() {
    let call = check(&[("question 1", ""), ("close", ""), ("question 2", TOO_MANY)]);
    assert!(call.is_settled());
}

const TOO_MANY: &str = "a call has at most 32 open questions";

#[test]
fn the_next_process_asks_for_the_same_round() {
    check_asked(&[
        ("die 2", ""),
        ("client 2 Ada 1.1", LATE),
        ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
        ("stored", "send 1=Ada"),
        ("answer done", "store 1 done \"done\" for 600 s"),
        ("stored", "tell 1 last \"done\""),
        ("after 60000", "store 0 over for 600 s"),
        ("stored", ""),
        ("after 600000", ""),
    ]);
}

#[test]
fn the_next_process_sends_the_same_answers_and_no_others() {
    check_answered(&[
        ("gone 1", ""),
        ("die 2", ""),
        ("client 1 Eve 1.1", LATE),
        ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
    ]);
    check_asked(&[
        ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
        ("die 2", ""),
        ("client 1 Eve 1.1", LATE),
        ("client 1 Ada 1.1", "1 answers; store 1 answered 1 open for 600 s"),
        ("stored", "send 1=Ada"),
        (
            "lost it",
            "tell 1 refused 7: lost; cancel 0 because the client does not wait any more; store 0 over for 600 s",
        ),
    ]);
}

#[test]
fn the_next_process_knows_what_was_said_last() {
    let call = check_answered(&[
        ("answer done", "store 1 done \"done\" for 60 s"),
        ("die 2", ""),
        ("client 1 Eve 1.1", LATE),
        ("client 1 Ada 1.1", "told last \"done\""),
    ]);
    assert!(!call.is_settled(), "its fence must outlive it");
    let call = check_answered(&[
        ("die 2", ""),
        ("after 600000", "cancel 1 because its client did not come back; store 0 over for 600 s"),
        ("die 3", ""),
        ("client 1 Ada 1.1", LATE),
    ]);
    assert!(call.is_over());
}

#[test]
fn a_client_that_has_not_heard_of_a_round_hears_of_it_from_the_next_process() {
    check_answered(&[
        ("question 2", ""),
        ("after 10", "store 2 asked again 1 open for 600 s"),
        ("stored", "tell 1 asked 2"),
        ("die 2", ""),
        ("client 1 Eve 1.1", LATE),
        ("client 1 Ada 1.1", "told asked 2"),
        ("client 2 Ada 2.1", "1 answers; store 2 answered 1 open for 600 s"),
    ]);
}
