//! Counts in virtual time.

use std::time::{Duration, Instant};

use proptest::prelude::{prop, proptest};

use super::{Pace, PacedKeys, RunningKeys};

const SECOND: Duration = Duration::from_secs(1);

/// So many each second, and so many more at once.
fn pace(burst: u32) -> Pace {
    Pace { interval: SECOND, tolerance: SECOND * (burst - 1) }
}

#[test]
fn a_burst_passes_and_then_one_at_a_time() {
    let keys = PacedKeys::new(pace(3), 10);
    let begin = Instant::now();
    for _ in 0..3 {
        assert_eq!(keys.take(1, begin), Ok(()));
    }
    assert_eq!(keys.take(1, begin), Err(SECOND));
    assert_eq!(keys.take(1, begin + SECOND / 4), Err(SECOND * 3 / 4));
    assert_eq!(keys.take(1, begin + SECOND), Ok(()));
    assert_eq!(keys.take(1, begin + SECOND), Err(SECOND));
}

#[test]
fn the_wait_that_is_told_is_long_enough_and_not_too_long() {
    let keys = PacedKeys::new(pace(1), 10);
    let now = Instant::now();
    assert_eq!(keys.take(1, now), Ok(()));
    let wait = keys.take(1, now).unwrap_err();
    assert!(keys.take(1, now + wait - Duration::from_nanos(1)).is_err());
    assert_eq!(keys.take(1, now + wait), Ok(()));
}

#[test]
fn a_rest_gives_a_whole_burst_and_no_more() {
    let keys = PacedKeys::new(pace(2), 10);
    let now = Instant::now();
    assert_eq!(keys.take(1, now), Ok(()));
    let later = now + SECOND * 100;
    assert_eq!([keys.take(1, later), keys.take(1, later)], [Ok(()), Ok(())]);
    assert_eq!(keys.take(1, later), Err(SECOND));
}

#[test]
fn what_is_refused_is_not_counted() {
    let keys = PacedKeys::new(pace(1), 10);
    let now = Instant::now();
    assert_eq!(keys.take(1, now), Ok(()));
    for _ in 0..100 {
        assert_eq!(keys.take(1, now), Err(SECOND));
    }
    assert_eq!(keys.take(1, now + SECOND), Ok(()));
}

#[test]
fn a_clock_that_goes_back_lets_nothing_more_in() {
    let keys = PacedKeys::new(pace(1), 10);
    let now = Instant::now() + SECOND;
    assert_eq!(keys.take(1, now), Ok(()));
    assert_eq!(keys.take(1, now - SECOND), Err(SECOND * 2));
}

#[test]
fn keys_beyond_the_bound_share_one() {
    let keys = PacedKeys::new(pace(1), 2);
    let now = Instant::now();
    assert_eq!([keys.take(1, now), keys.take(2, now)], [Ok(()), Ok(())]);
    // The third has what is left for all others, and the fourth has nothing.
    assert_eq!(keys.take(3, now), Ok(()));
    assert_eq!(keys.take(4, now), Err(SECOND));
    // Those that have a place keep it.
    assert_eq!(keys.take(1, now + SECOND), Ok(()));
    assert_eq!(keys.len(), 2);
}

#[test]
fn keys_at_rest_make_room_for_others() {
    let keys = PacedKeys::new(pace(1), 2);
    let now = Instant::now();
    assert_eq!([keys.take(1, now), keys.take(2, now)], [Ok(()), Ok(())]);
    let later = now + SECOND;
    for key in 3..5 {
        assert_eq!(keys.take(key, later), Ok(()));
    }
    assert_eq!(keys.len(), 2);
}

#[test]
fn what_takes_longer_passes_while_there_is_as_much_left() {
    let keys = PacedKeys::new(pace(10), 10);
    let now = Instant::now();
    assert_eq!(keys.take_span(1, SECOND * 7, now), Ok(()));
    assert_eq!(keys.take_span(1, SECOND * 4, now), Err(SECOND));
    assert_eq!(keys.take_span(1, SECOND * 3, now), Ok(()));
    assert_eq!(keys.take(1, now), Err(SECOND));
    assert_eq!(keys.take_span(1, SECOND * 4, now + SECOND * 4), Ok(()));
}

#[test]
fn what_is_owed_is_waited_for_and_a_look_counts_nothing() {
    let keys = PacedKeys::new(pace(10), 10);
    let now = Instant::now();
    for _ in 0..100 {
        assert_eq!(keys.check_span(1, SECOND, now), Ok(()));
    }
    keys.owe_span(1, SECOND * 25, now);
    assert_eq!(keys.check_span(1, SECOND, now), Err(SECOND * 16));
    assert_eq!(keys.check_span(1, SECOND, now + SECOND * 16), Ok(()));
    keys.owe_span(1, Duration::MAX, now);
}

proptest! {
    #[test]
    fn no_key_gets_more_than_its_pace_and_there_are_never_too_many_keys(
        burst in 1..5_u32,
        steps in prop::collection::vec((0..6_u64, 0..2_000_u64), 1..200),
    ) {
        let keys = PacedKeys::new(pace(burst), 4);
        let begin = Instant::now();
        let mut now = begin;
        let mut taken = [0_u64; 6];
        for (key, millis) in steps {
            now += Duration::from_millis(millis);
            taken[usize::try_from(key).unwrap()] += u64::from(keys.take(key, now).is_ok());
            assert!(keys.len() <= 4);
        }
        let most = u64::from(burst) + (now - begin).as_secs();
        // A key without a place may have had the share of the others, and then one of its own.
        assert!(taken.into_iter().all(|it| it <= 2 * most), "{taken:?} {most}");
    }
}

#[test]
fn so_many_run_at_once_and_no_more() {
    let keys = RunningKeys::new(10);
    let first = keys.begin(1, 2).unwrap();
    assert!(keys.begin(1, 2).is_some());
    assert_eq!(keys.begin(1, 2), None);
    assert!(keys.begin(2, 2).is_some());
    keys.end(first);
    assert!(keys.begin(1, 2).is_some());
}

#[test]
fn keys_of_which_none_runs_are_forgotten() {
    let keys = RunningKeys::new(10);
    for key in 0..100 {
        let begun = keys.begin(key, 1).unwrap();
        keys.end(begun);
    }
    assert_eq!(keys.len(), 0);
}

#[test]
fn running_keys_beyond_the_bound_share_one() {
    let keys = RunningKeys::new(1);
    assert_eq!(keys.begin(1, 1), Some(Some(1)));
    assert_eq!(keys.begin(2, 1), Some(None));
    assert_eq!(keys.begin(3, 1), None);
    // The place of the others is theirs until they end, whatever becomes of the first.
    keys.end(Some(1));
    assert_eq!(keys.begin(3, 1), None);
    keys.end(None);
    assert_eq!(keys.begin(3, 1), Some(Some(3)));
    assert!(keys.len() <= 2);
}
