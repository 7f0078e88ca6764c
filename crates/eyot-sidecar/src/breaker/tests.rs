//! The breaker, moment by moment.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

fn breaker() -> (Breaker, Instant) {
    let pause = Duration::from_secs(5);
    (Breaker::new(BreakerOptions { failures_max: 2, pause }), Instant::now())
}

/// Asks at this moment; `None`: the server is not asked.
fn ask(breaker: &mut Breaker, outcome: Outcome, now: Instant) -> Option<bool> {
    let pass = breaker.admit(now).ok()?;
    Some(breaker.take(pass, outcome, now))
}

#[test]
fn it_opens_after_failures_in_a_row_and_closes_after_a_probe() {
    let (mut it, now) = breaker();
    assert_eq!(ask(&mut it, Outcome::Unanswered, now), Some(false));
    assert_eq!(ask(&mut it, Outcome::Answered, now), Some(false));
    assert_eq!(ask(&mut it, Outcome::Unanswered, now), Some(false));
    assert_eq!(ask(&mut it, Outcome::Unanswered, now), Some(true));
    let later = |secs| now + Duration::from_secs(secs);
    assert_eq!(ask(&mut it, Outcome::Answered, later(4)), None);
    assert_eq!(ask(&mut it, Outcome::Unanswered, later(5)), Some(false));
    assert_eq!(ask(&mut it, Outcome::Answered, later(9)), None);
    assert_eq!(ask(&mut it, Outcome::Answered, later(10)), Some(false));
    assert_eq!(ask(&mut it, Outcome::Answered, later(10)), Some(false));
}

#[test]
fn one_question_probes_and_one_that_is_given_up_leaves_it_to_the_next() {
    let (mut it, now) = breaker();
    ask(&mut it, Outcome::Unanswered, now);
    ask(&mut it, Outcome::Unanswered, now);
    let later = now + Duration::from_secs(6);
    assert_eq!(it.admit(later), Ok(Pass::Probe));
    assert_eq!(it.admit(later), Err(IsOpen));
    it.take(Pass::Probe, Outcome::GivenUp, later);
    assert_eq!(it.admit(later), Ok(Pass::Probe));
}

#[test]
fn stragglers_neither_open_nor_close_it() {
    let (mut it, now) = breaker();
    ask(&mut it, Outcome::Unanswered, now);
    ask(&mut it, Outcome::Unanswered, now);
    it.take(Pass::Ordinary, Outcome::Answered, now);
    assert_eq!(it.admit(now), Err(IsOpen));
}
