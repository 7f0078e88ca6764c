//! The ladder in made-up time.

use std::time::Duration;

use tokio::time::Instant;

use super::{Ladder, Step};

/// An event of the child, with its time in milliseconds.
#[derive(Clone, Copy)]
enum Input {
    Close(u64),
    Exit(u64),
}

/// Runs a ladder with graces of 1,000 and 2,000 ms and compares the signals with their times, and
/// the time at which it was over.
#[track_caller]
fn check(inputs: &[Input], signals: &[(u64, Step)], over_ms: Option<u64>) {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut ladder = Ladder::new(Duration::from_secs(1), Duration::from_secs(2));
    let (mut seen, mut seen_over) = (Vec::new(), None);
    let mut run_until = |ladder: &mut Ladder, end: Instant| {
        while let Some(now) = ladder.poll_timeout().filter(|it| *it <= end) {
            let now_ms = u64::try_from((now - start).as_millis()).unwrap();
            seen.extend(ladder.handle_timeout(now).map(|step| (now_ms, step)));
            seen_over = ladder.is_over().then_some(now_ms);
        }
    };
    for input in inputs {
        match *input {
            Input::Close(ms) => {
                run_until(&mut ladder, at(ms));
                ladder.handle_close(at(ms));
            }
            Input::Exit(ms) => {
                run_until(&mut ladder, at(ms));
                ladder.handle_exit(at(ms));
            }
        }
    }
    run_until(&mut ladder, at(1_000_000));
    assert_eq!((seen.as_slice(), seen_over), (signals, over_ms));
}

#[test]
fn a_child_that_runs_is_left_alone() {
    check(&[], &[], None);
}

#[test]
fn a_child_that_ignores_everything_gets_both_signals() {
    let signals = [(1_005, Step::Terminate), (3_005, Step::Kill)];
    check(&[Input::Close(5)], &signals, Some(4_005));
}

#[test]
fn a_second_close_gives_no_more_time() {
    let signals = [(1_000, Step::Terminate), (3_000, Step::Kill)];
    check(&[Input::Close(0), Input::Close(900), Input::Close(1_500)], &signals, Some(4_000));
}

#[test]
fn an_exit_leaves_a_moment_for_the_pipes() {
    check(&[Input::Exit(50)], &[], Some(250));
    check(&[Input::Close(0), Input::Exit(50)], &[], Some(250));
    check(&[Input::Exit(50), Input::Close(60)], &[], Some(250));
}

#[test]
fn the_rest_of_the_group_keeps_its_time_after_sigterm() {
    let signals = [(1_000, Step::Terminate), (3_000, Step::Kill)];
    check(&[Input::Close(0), Input::Exit(1_100)], &signals, Some(3_200));
}

#[test]
fn a_killed_child_is_over_soon_after_its_exit() {
    let signals = [(1_000, Step::Terminate), (3_000, Step::Kill)];
    check(&[Input::Close(0), Input::Exit(3_001)], &signals, Some(3_201));
}
