//! Who runs beside whom, and who waits.

use futures_util::FutureExt as _;

use super::Needs::{Everything, Nothing, Questions};
use super::*;

#[track_caller]
fn check(first: Needs, second: Needs, run_together: bool) {
    let turns = Turns::default();
    let held = turns.try_take(first).unwrap();
    assert_eq!(turns.try_take(second).is_some(), run_together, "{second:?} beside {first:?}");
    drop(held);
    assert!(turns.try_take(second).is_some(), "{second:?} after {first:?}");
}

#[test]
fn calls_run_together_unless_a_message_could_belong_to_both() {
    check(Nothing, Nothing, true);
    check(Nothing, Questions, true);
    check(Questions, Nothing, true);
    check(Questions, Questions, false);
    for other in [Nothing, Questions, Everything] {
        check(Everything, other, false);
        check(other, Everything, false);
    }
}

#[tokio::test]
async fn a_call_that_runs_alone_is_not_overtaken() {
    let turns = Turns::default();
    let running = turns.try_take(Nothing).unwrap();
    let mut alone = Box::pin(turns.take(Everything));
    assert!((&mut alone).now_or_never().is_none());
    assert!(turns.try_take(Nothing).is_none(), "it waits behind");
    let mut later = Box::pin(turns.take(Nothing));
    assert!((&mut later).now_or_never().is_none());
    drop(running);
    let alone = alone.await;
    assert!((&mut later).now_or_never().is_none());
    drop(alone);
    drop(later.await);
}

#[tokio::test]
async fn one_that_gives_up_holds_up_no_other() {
    let turns = Turns::default();
    let _running = turns.try_take(Nothing).unwrap();
    let mut alone = Box::pin(turns.take(Everything));
    assert!((&mut alone).now_or_never().is_none());
    drop(alone);
    assert!(turns.try_take(Nothing).is_some());
}

#[tokio::test(start_paused = true)]
async fn waiting_goes_on_while_turns_come_and_go_but_not_for_ever() {
    let turns = Turns::default();
    let patience = Duration::from_secs(5);
    let mut waiting = Box::pin(turns.impatience(patience));
    let begun = Instant::now();
    while (&mut waiting).now_or_never().is_none() {
        drop(turns.try_take(Questions));
        tokio::time::advance(Duration::from_secs(2)).await;
    }
    assert_eq!(begun.elapsed(), patience * PATIENCE_MAX);
    let begun = Instant::now();
    // A call that nobody has to wait for moves nothing.
    drop(turns.try_take(Nothing));
    turns.impatience(patience).await;
    assert_eq!(begun.elapsed(), patience);
}

#[tokio::test(start_paused = true)]
async fn waiting_lasts_too_long_sooner_where_a_person_is_waited_for() {
    let turns = Turns::default();
    let patience = Duration::from_secs(5);
    let held = turns.try_take(Questions).unwrap();
    let begun = Instant::now();
    turns.impatience(patience).await;
    assert_eq!(begun.elapsed(), patience);
    held.set_resting(true);
    turns.impatience(patience).await;
    assert_eq!(begun.elapsed(), patience + REST_PATIENCE);
    turns.impatience(patience).await;
    assert_eq!(begun.elapsed(), patience + REST_PATIENCE, "it is at rest for long enough");
    held.set_resting(false);
    turns.impatience(patience).await;
    assert_eq!(begun.elapsed(), 2 * patience + REST_PATIENCE);
    held.set_resting(true);
    drop(held);
    assert!(turns.impatience(patience).now_or_never().is_none());
}
