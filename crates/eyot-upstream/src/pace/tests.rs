//! Both ends of what an upstream asks for, and what makes waits grow.

use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

#[tokio::test(start_paused = true)]
async fn what_the_upstream_asks_for_has_both_ends() {
    for (asked, expected) in [
        (Some(Duration::ZERO), MS(100)),
        (Some(MS(1)), MS(100)),
        (Some(MS(500)), MS(500)),
        (None, MS(1_000)),
        (Some(MS(30_000)), MS(30_000)),
        (Some(Duration::MAX), RETRY_MAX),
    ] {
        assert_eq!(Pace::default().next_wait(asked), expected, "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_grow_as_long_as_nothing_comes() {
    let mut pace = Pace::default();
    let wait = |pace: &mut Pace| pace.next_wait(Some(Duration::ZERO)).as_millis();
    let waits: Vec<_> = (0..7).map(|_| wait(&mut pace)).collect();
    assert_eq!(waits, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
    pace.heard();
    assert_eq!(wait(&mut pace), 100);
    assert_eq!(pace.next_wait(Some(MS(30_000))), MS(30_000), "more than that is never needed");
}

#[tokio::test(start_paused = true)]
async fn stream_that_was_open_for_long_is_no_empty_return() {
    let mut pace = Pace::default();
    for (open_ms, expected) in [(0, 100), (1_000, 200), (60_000, 100), (0, 200)] {
        pace.opened();
        tokio::time::sleep(MS(open_ms)).await;
        assert_eq!(pace.next_wait(Some(Duration::ZERO)), MS(expected), "{open_ms}");
    }
}
