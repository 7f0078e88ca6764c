//! Waits at the edges of attempt and randomness.

use std::time::Duration;

use super::Backoff;

const BACKOFF: Backoff =
    Backoff { base: Duration::from_millis(100), delay_max: Duration::from_secs(30) };

#[track_caller]
fn check(attempt: u32, random: u64, delay_ms: u64) {
    assert_eq!(BACKOFF.next_delay(attempt, random), Duration::from_millis(delay_ms));
}

#[test]
fn the_ceiling_doubles_until_the_maximum() {
    check(0, u64::MAX, 100);
    check(1, u64::MAX, 200);
    check(8, u64::MAX, 25_600);
    check(9, u64::MAX, 30_000);
    check(31, u64::MAX, 30_000);
    check(32, u64::MAX, 30_000);
    check(u32::MAX, u64::MAX, 30_000);
}

#[test]
fn the_wait_is_uniform_below_the_ceiling() {
    check(0, 0, 0);
    check(0, u64::MAX / 2, 50);
    check(1, u64::MAX / 4, 50);
}

#[test]
fn steady_wait_grows_by_the_base_until_the_maximum() {
    let delay = |failures| BACKOFF.steady_delay(failures).as_millis();
    assert_eq!(
        [0, 1, 2, 299, 300, 301, u32::MAX].map(delay),
        [0, 100, 200, 29_900, 30_000, 30_000, 30_000]
    );
}

#[test]
fn absurd_durations_do_not_overflow() {
    let backoff = Backoff { base: Duration::MAX, delay_max: Duration::MAX };
    assert_eq!(backoff.next_delay(u32::MAX, u64::MAX), Duration::from_nanos(u64::MAX));
    assert_eq!(backoff.steady_delay(u32::MAX), Duration::MAX);
}
