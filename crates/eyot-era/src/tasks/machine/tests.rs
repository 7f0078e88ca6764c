//! One task, message by message; [`orders`] has them in every order.

mod ends;
mod moves;
mod orders;
mod views;

use eyot_jsonrpc::ErrorObject;
use eyot_stdx::{Quota, QuotaLimits};
use eyot_types::JsonObject;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::tasks::PollBounds;

const SECOND: Duration = Duration::from_secs(1);
const BOUNDS: TaskBounds = TaskBounds {
    ttl_max: Duration::from_secs(60),
    questions_max: 4,
    polling: PollBounds {
        usual: SECOND,
        least: Duration::from_millis(250),
        most: Duration::from_secs(30),
    },
};

fn seed(place: WorkPlace, said: Said) -> TaskSeed {
    TaskSeed { id: "t".into(), permit: None, place, said, ttl_ms: None, unix_ms: 1_000 }
}

fn begun(place: WorkPlace, said: Said, now: Instant) -> TaskMachine {
    TaskMachine::new(seed(place, said), BOUNDS, now)
}

/// A task that may keep so many bytes.
fn begun_in(quota: &Quota, place: WorkPlace, now: Instant) -> TaskMachine {
    let permit = quota.acquire(None, 0).ok();
    TaskMachine::new(TaskSeed { permit, ..seed(place, said("begun")) }, BOUNDS, now)
}

/// Room for so many bytes.
fn room(bytes: usize) -> Quota {
    Quota::new(QuotaLimits::things(1).with_bytes(bytes))
}

fn here(now: Instant) -> TaskMachine {
    begun(WorkPlace::Here, Said::at(1_000), now)
}

fn at_peer(now: Instant) -> TaskMachine {
    begun(WorkPlace::Peer, said("begun"), now)
}

/// What a peer says of its task.
fn said(message: &str) -> Said {
    Said {
        status_message: Some(message.to_owned()),
        created_at: Stamp::Text("noon".into()),
        last_updated_at: Stamp::Text("evening".into()),
        poll_interval_ms: Some(500),
        other: JsonObject::new(),
    }
}

fn working(message: &str) -> Report {
    Report { said: said(message), asked: None, needs_listener: false, is_over: false }
}

fn over(message: &str) -> Report {
    Report { is_over: true, ..working(message) }
}

fn asked(keys: &[&str]) -> AskedQuestions {
    let request =
        || RawValue::from_string(r#"{"method":"roots/list","params":{}}"#.to_owned()).unwrap();
    keys.iter().map(|it| ((*it).to_owned(), request())).collect()
}

fn result(text: &str) -> End {
    End::Result(RawValue::from_string(text.to_owned()).unwrap())
}

fn error(message: &str) -> End {
    End::Error(ErrorObject::new(-32603, message))
}

fn look(task: &mut TaskMachine, now: Instant) -> Look {
    let Want::Report(look) = task.handle_look(now) else { panic!("there is nothing to look at") };
    look
}

/// The ending that a report brings.
fn ending(task: &mut TaskMachine, report: Report, now: Instant) -> Ending {
    let look = look(task, now);
    let want = task.handle_report(&look, report, now).unwrap();
    let Want::End(ending) = want else { panic!("{want:?}") };
    ending
}

/// Whether a report brings nothing more to do.
fn reports(task: &mut TaskMachine, look: &Look, report: Report, now: Instant) -> bool {
    matches!(task.handle_report(look, report, now).unwrap(), Want::Nothing)
}

fn actions(task: &mut TaskMachine) -> Vec<Action> {
    std::iter::from_fn(|| task.poll_action()).collect()
}

fn shown(task: &TaskMachine) -> Value {
    serde_json::to_value(task.view(None)).unwrap()
}

fn message(task: &TaskMachine) -> &str {
    task.said.status_message.as_deref().unwrap_or_default()
}

#[test]
fn a_task_begins_at_work_and_is_kept_as_long_as_its_work_says_within_bounds() {
    let now = Instant::now();
    for (wanted, kept) in [(None, 60_000), (Some(7), 7), (Some(0), 1), (Some(u64::MAX), 60_000)] {
        let seed = TaskSeed { ttl_ms: wanted, ..seed(WorkPlace::Peer, said("begun")) };
        let task = TaskMachine::new(seed, BOUNDS, now);
        assert_eq!(task.ttl_ms(), kept);
        assert_eq!(task.expires(), now + Duration::from_millis(kept));
        assert_eq!(task.poll_timeout(), Some(task.expires()));
        assert_eq!(task.status(), TaskStatus::Working);
    }
}

#[test]
fn a_task_that_is_kept_for_ever_is_no_harm() {
    let bounds = TaskBounds { ttl_max: Duration::MAX, ..BOUNDS };
    let mut task = TaskMachine::new(seed(WorkPlace::Here, Said::at(0)), bounds, Instant::now());
    task.handle_timeout(Instant::now());
    assert!(!task.is_over());
}

#[test]
fn a_peer_is_looked_at_as_often_as_it_likes_within_bounds() {
    for (said_ms, interval_ms) in
        [(None, 1_000), (Some(0), 250), (Some(500), 500), (Some(u64::MAX), 30_000)]
    {
        assert_eq!(BOUNDS.polling.interval(said_ms), Duration::from_millis(interval_ms));
        assert_eq!(PollBounds::default().interval(said_ms), Duration::from_millis(interval_ms));
    }
    let now = Instant::now();
    let mut task = at_peer(now);
    assert_eq!(task.poll_look(), Some(now + SECOND / 2));
    // One looks for all.
    let first = look(&mut task, now + SECOND);
    assert_eq!(task.poll_look(), Some(now + SECOND * 3 / 2));
    assert!(reports(&mut task, &first, working("on"), now + SECOND * 2));
    assert_eq!(task.poll_look(), Some(now + SECOND * 5 / 2));
    task.handle_changed(now + SECOND * 2);
    assert_eq!(task.poll_look(), Some(now + SECOND * 2));
}

#[test]
fn work_in_this_process_is_not_looked_at() {
    let now = Instant::now();
    let mut task = here(now);
    assert!(matches!(task.handle_look(now), Want::Nothing));
    assert_eq!(task.poll_look(), None);
}

#[test]
fn what_the_work_says_is_news_once() {
    let now = Instant::now();
    let mut task = here(now);
    let mut watcher = Watcher::default();
    assert!(task.poll_news(&mut watcher) && !task.poll_news(&mut watcher));
    task.handle_message("rowing".to_owned(), now);
    assert!(task.poll_news(&mut watcher));
    task.handle_message("rowing".to_owned(), now);
    assert!(!task.poll_news(&mut watcher));
    assert_eq!(message(&task), "rowing");
    task.handle_end(End::Cancelled, now);
    task.handle_message("late".to_owned(), now);
    assert!(task.poll_news(&mut watcher) && !task.poll_news(&mut watcher));
    assert_eq!(message(&task), "rowing");
}

#[test]
fn a_late_report_does_not_undo_a_later_one() {
    let now = Instant::now();
    let mut task = at_peer(now);
    let (first, second) = (look(&mut task, now), look(&mut task, now));
    assert!(reports(&mut task, &second, working("second"), now));
    let version = task.version;
    assert!(reports(&mut task, &first, working("first"), now));
    // A report that comes twice is a late one, too.
    assert!(reports(&mut task, &second, working("twice"), now));
    assert_eq!((message(&task), task.version), ("second", version));
}

#[test]
fn a_task_asks_until_every_question_is_answered_or_gone() {
    let now = Instant::now();
    let mut task = here(now);
    task.handle_questions(asked(&["a", "b", "c"]), now).unwrap();
    assert_eq!(task.status(), TaskStatus::InputRequired);
    assert!(task.handle_answer("a", now) && !task.handle_answer("a", now));
    assert!(!task.handle_answer("never asked", now));
    // The work need not have heard of the answer.
    let version = task.version;
    task.handle_questions(asked(&["a", "b", "c"]), now).unwrap();
    assert_eq!(task.version, version);
    task.handle_questions(asked(&["a", "c"]), now).unwrap();
    assert_eq!(task.status(), TaskStatus::InputRequired);
    assert!(task.handle_answer("c", now));
    assert_eq!(task.status(), TaskStatus::Working);
    task.handle_questions(asked(&[]), now).unwrap();
    assert_eq!(task.status(), TaskStatus::Working);
    // A peer that is behind names what was answered long ago.
    task.handle_questions(asked(&["a"]), now).unwrap();
    assert_eq!(task.status(), TaskStatus::Working);
    assert!(!task.handle_answer("a", now));
}

#[test]
fn an_answer_that_is_none_opens_its_question_again() {
    let now = Instant::now();
    let mut task = here(now);
    task.handle_questions(asked(&["a"]), now).unwrap();
    assert!(task.handle_answer("a", now));
    task.handle_unanswered("a", now);
    assert_eq!(task.status(), TaskStatus::InputRequired);
    let version = task.version;
    task.handle_unanswered("a", now);
    task.handle_unanswered("b", now);
    assert_eq!(task.version, version);
    assert!(task.handle_answer("a", now));
}

#[test]
fn a_question_is_put_to_the_client_by_one_at_a_time() {
    let now = Instant::now();
    let mut task = at_peer(now);
    let report = Report { asked: Some(asked(&["a", "b"])), ..working("asking") };
    let first = look(&mut task, now);
    assert!(reports(&mut task, &first, report, now));
    assert_eq!(task.take_questions().len(), 2);
    assert!(task.take_questions().is_empty());
    assert!(task.handle_answer("a", now));
    task.handle_given_back("a");
    task.handle_given_back("b");
    assert_eq!(task.take_questions().into_keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_task_with_too_many_questions_stays_as_it_is() {
    let now = Instant::now();
    let mut task = at_peer(now);
    let many = || asked(&["a", "b", "c", "d", "e"]);
    let refused = task.handle_questions(many(), now).unwrap_err();
    assert_eq!(refused.to_string(), "a task has at most 4 open questions");
    let first = look(&mut task, now);
    let report = Report { asked: Some(many()), ..working("asking") };
    let refused = task.handle_report(&first, report, now).unwrap_err();
    assert_eq!(refused, TaskError::TooManyQuestions(TooManyQuestions(4)));
    assert_eq!(task.status(), TaskStatus::Working);
}

#[test]
fn so_many_answered_questions_are_remembered_and_no_more() {
    let now = Instant::now();
    let mut task = here(now);
    for number in 0..100 {
        let key = number.to_string();
        task.handle_questions(asked(&[&key]), now).unwrap();
        assert!(task.handle_answer(&key, now));
    }
    task.handle_questions(asked(&["95", "98"]), now).unwrap();
    assert!(!task.handle_answer("98", now));
}

#[test]
fn somebody_listens_while_a_peer_waits_for_input() {
    let now = Instant::now();
    let mut task = at_peer(now);
    let waits = || Report { needs_listener: true, ..working("waiting") };
    for _ in 0..2 {
        let first = look(&mut task, now);
        assert!(reports(&mut task, &first, waits(), now));
    }
    assert_eq!(actions(&mut task), [Action::Listen]);
    let second = look(&mut task, now);
    assert!(reports(&mut task, &second, waits(), now));
    assert_eq!(actions(&mut task), []);
    task.handle_unheard();
    let third = look(&mut task, now);
    assert!(reports(&mut task, &third, waits(), now));
    assert_eq!(actions(&mut task), [Action::Listen]);
}
