//! Silence, progress, and what is none, in virtual time.

use std::future::{pending, poll_fn};

use eyot_jsonrpc::Message;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::*;

fn clock() -> CallClock {
    let mut limits = CallLimits::default();
    (limits.timeout, limits.total_timeout) = (Duration::from_secs(60), Duration::from_secs(600));
    CallClock::start(&limits)
}

fn message() -> ReplyItem {
    Message::notification("notifications/progress", &json!({})).into()
}

/// How long a call lasts whose upstream says this every ten seconds, and the reason why it ends.
async fn lasts(item: ReplyItem) -> (u64, String) {
    let (mut clock, began) = (clock(), Instant::now());
    loop {
        match clock.limit(sleep(Duration::from_secs(10))).await {
            Ok(()) => clock.hear(&item),
            Err(fault) => {
                let reason = fault.error.data.unwrap()["reason"].to_string();
                return (began.elapsed().as_secs(), reason);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_keep_a_call_alive_up_to_its_time_in_all() {
    let (seconds, reason) = lasts(message()).await;
    assert_eq!(seconds, 600);
    assert!(reason.contains("600s in all"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn event_ids_do_not_keep_a_call_alive() {
    let (seconds, reason) = lasts(ReplyItem::Cursor("7".into())).await;
    assert_eq!(seconds, 60);
    assert!(reason.contains("silent for 60s"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_call() {
    let mut clock = clock();
    sleep(Duration::from_secs(59)).await;
    clock.rest();
    let began = Instant::now();
    assert!(clock.limit(pending::<()>()).await.is_err());
    assert_eq!(began.elapsed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_timer_follows_a_deadline_that_moves_on() {
    let (mut clock, mut timer, began) = (clock(), CallTimer::default(), Instant::now());
    for seconds in [50, 50, 15] {
        let passed = poll_fn(|cx| timer.poll_passed(|| clock.deadline(), cx));
        assert!(timeout(Duration::from_secs(seconds), passed).await.is_err(), "{seconds}");
        clock.rest();
    }
    poll_fn(|cx| timer.poll_passed(|| clock.deadline(), cx)).await;
    assert_eq!(began.elapsed(), Duration::from_secs(115 + 60));
}

#[tokio::test(start_paused = true)]
async fn longest_times_are_no_overflow() {
    let mut limits = CallLimits::default();
    (limits.timeout, limits.total_timeout) = (Duration::MAX, Duration::MAX);
    assert!(CallClock::start(&limits).deadline() > Instant::now());
}
