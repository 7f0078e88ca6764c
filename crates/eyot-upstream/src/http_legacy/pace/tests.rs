//! Both ends of what an upstream asks for, and what makes waits grow.

use eyot_era::tasks::PollBounds;
use eyot_frame::EventDecoder;

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

/// A time that a peer chooses, as it is used.
type Used = fn(u64) -> Duration;

/// Every time that an upstream sets for us, with the least and the most that is made of it.
const TIMES: [(&str, Used, Duration, Duration); 3] = [
    ("`retry` of an event", |ms| Pace::default().next_wait(Some(MS(ms))), MS_100, RETRY_MAX),
    ("`retry` as it is read", read_retry, Duration::ZERO, RETRY_MAX),
    (
        "`pollInterval` of a task",
        |ms| PollBounds::default().interval(Some(ms)),
        Duration::from_millis(250),
        Duration::from_secs(30),
    ),
];

const MS_100: Duration = Duration::from_millis(100);

fn read_retry(ms: u64) -> Duration {
    let mut decoder = EventDecoder::new(1_024);
    decoder.push(format!("retry: {ms}\ndata: x\n\n").into());
    decoder.next_event().unwrap().unwrap().retry.unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_time_that_an_upstream_sets_has_both_ends() {
    for (name, used, least, most) in TIMES {
        for asked in [0, 1, 99, 100, 5_000, 86_400_000, u64::from(u32::MAX), u64::MAX] {
            let time = used(asked);
            assert!((least..=most).contains(&time), "{name}: {asked} ms became {time:?}");
        }
        assert_eq!(used(5_000), Duration::from_secs(5), "{name}: what is sensible is taken");
    }
}
