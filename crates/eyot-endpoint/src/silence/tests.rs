//! A comment comes after each interval without anything else, in virtual time.

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::{Instant, advance};

use super::Silence;

const INTERVAL: Duration = Duration::from_secs(15);

#[tokio::test(start_paused = true)]
async fn comment_comes_after_each_interval() {
    let (mut silence, start) = (Silence::new(INTERVAL), Instant::now());
    for number in 1..=3 {
        poll_fn(|cx| silence.poll(cx)).await;
        assert_eq!(start.elapsed(), INTERVAL * number);
    }
}

#[tokio::test(start_paused = true)]
async fn comment_waits_for_an_interval_after_what_went_out_last() {
    let (mut silence, start) = (Silence::new(INTERVAL), Instant::now());
    let not_yet = tokio::time::timeout(INTERVAL / 3, poll_fn(|cx| silence.poll(cx)));
    not_yet.await.unwrap_err();
    silence.end();
    poll_fn(|cx| silence.poll(cx)).await;
    assert_eq!(start.elapsed(), INTERVAL / 3 + INTERVAL);
}

#[tokio::test(start_paused = true)]
async fn silence_begins_when_there_is_something_to_wait_for() {
    let (mut silence, start) = (Silence::new(INTERVAL), Instant::now());
    advance(INTERVAL * 2).await;
    poll_fn(|cx| silence.poll(cx)).await;
    assert_eq!(start.elapsed(), INTERVAL * 3);
}
