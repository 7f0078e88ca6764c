//! Readers at different places of one log.

use std::collections::BTreeSet;
use std::task::{Context, Waker};

use super::{Change, ChangeLog, Changed, Place, RECENT_MAX};

#[track_caller]
fn check(log: &ChangeLog, place: &mut Place, expected: Option<&[Change]>) {
    let cx = Context::from_waker(Waker::noop());
    let expected = expected.map(|it| Changed::These(BTreeSet::from_iter(it.iter().cloned())));
    assert_eq!(log.poll_since(1, place, &cx), expected);
}

fn updated(uri: &str) -> Change {
    Change::Resource(uri.into())
}

#[test]
fn a_reader_hears_of_each_change_once() {
    let log = ChangeLog::default();
    let mut place = log.end();
    check(&log, &mut place, None);
    log.push(Change::Tools);
    log.push(updated("a:1"));
    log.push(Change::Tools);
    check(&log, &mut place, Some(&[Change::Tools, updated("a:1")]));
    check(&log, &mut place, None);
}

#[test]
fn a_reader_that_comes_later_hears_only_what_comes_later() {
    let log = ChangeLog::default();
    log.push(Change::Tools);
    let mut place = log.end();
    log.push(Change::Prompts);
    check(&log, &mut place, Some(&[Change::Prompts]));
}

#[test]
fn a_reader_that_missed_more_than_is_kept_is_told_so() {
    let log = ChangeLog::default();
    let (mut kept, mut lost) = (Place(1), Place(0));
    (0..=RECENT_MAX).for_each(|it| log.push(updated(&format!("a:{it}"))));
    let cx = Context::from_waker(Waker::noop());
    let changes = log.poll_since(1, &mut kept, &cx);
    assert!(matches!(changes, Some(Changed::These(changes)) if changes.len() == RECENT_MAX));
    assert_eq!(log.poll_since(1, &mut lost, &cx), Some(Changed::Anything));
    assert_eq!((kept, lost), (log.end(), log.end()));
}

#[test]
fn a_waiting_reader_is_woken_once_and_a_forgotten_one_never() {
    let log = ChangeLog::default();
    let (mut place, cx) = (log.end(), Context::from_waker(Waker::noop()));
    assert_eq!(log.poll_since(1, &mut place, &cx), None);
    assert_eq!(log.poll_since(2, &mut place, &cx), None);
    assert_eq!(log.poll_since(2, &mut place, &cx), None);
    assert_eq!(log.0.lock().waiting.len(), 2);
    log.forget(1);
    assert_eq!(log.0.lock().waiting.len(), 1);
    log.push(Change::Tools);
    assert!(log.0.lock().waiting.is_empty());
}
