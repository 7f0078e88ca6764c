//! What is believed, for how long, and what ends it.

use std::time::{Duration, Instant};

use eyot_types::Era;
use proptest::prelude::*;

use super::{ERA_TTL, EraCache, EraMode, RECHECK_PAUSE};

const MILLISECOND: Duration = Duration::from_millis(1);
const ERAS: [Era; 2] = [Era::Legacy, Era::Modern];

#[test]
fn an_era_that_is_missing_is_believed_for_a_bounded_time() {
    for era in ERAS {
        let now = Instant::now();
        let mut cache = EraCache::new(EraMode::Auto);
        assert!(!cache.lacks(era.other(), now), "nothing was found yet");
        cache.find_only(era, now);
        assert!(cache.lacks(era.other(), now + ERA_TTL - MILLISECOND));
        assert!(!cache.lacks(era, now + ERA_TTL - MILLISECOND));
        assert!(!cache.lacks(era.other(), now + ERA_TTL), "it is looked into again");
    }
}

#[test]
fn what_was_found_ends_when_the_upstream_says_the_contrary() {
    let now = Instant::now();
    let mut cache = EraCache::new(EraMode::Auto);
    cache.find_only(Era::Legacy, now);
    cache.invalidate(Era::Legacy);
    assert!(!cache.lacks(Era::Modern, now));
}

#[test]
fn a_modern_upstream_that_refuses_much_is_looked_at_once_in_a_while() {
    let now = Instant::now();
    let mut cache = EraCache::new(EraMode::Auto);
    assert!(!cache.invalidate_modern(now), "nothing was found that could be wrong");
    cache.find_modern(now);
    assert!(!cache.invalidate_modern(now + RECHECK_PAUSE - MILLISECOND));
    assert!(cache.invalidate_modern(now + RECHECK_PAUSE));
    assert!(!cache.invalidate_modern(now + RECHECK_PAUSE), "it is looked at already");
}

#[test]
fn an_upstream_of_both_eras_lacks_none() {
    let now = Instant::now();
    let mut cache = EraCache::new(EraMode::Auto);
    cache.find_modern(now);
    assert!(ERAS.into_iter().all(|era| !cache.lacks(era, now)));
}

/// What may happen to a cache, each after some seconds.
#[derive(Clone, Copy, Debug)]
enum Event {
    FindOnly(Era),
    FindModern,
    Invalidate(Era),
    InvalidateModern,
}

fn events() -> impl Strategy<Value = Vec<(u64, Event)>> {
    let era = || prop::sample::select(ERAS.to_vec());
    let event = prop_oneof![
        era().prop_map(Event::FindOnly),
        Just(Event::FindModern),
        era().prop_map(Event::Invalidate),
        Just(Event::InvalidateModern),
    ];
    prop::collection::vec((0..90_u64, event), 0..40)
}

fn apply(cache: &mut EraCache, event: Event, now: Instant) -> bool {
    match event {
        Event::FindOnly(era) => cache.find_only(era, now),
        Event::FindModern => cache.find_modern(now),
        Event::Invalidate(era) => cache.invalidate(era),
        Event::InvalidateModern => return cache.invalidate_modern(now),
    }
    false
}

proptest! {
    #[test]
    fn no_era_is_missing_longer_than_its_time_after_it_was_last_found_to_be(events in events()) {
        let mut now = Instant::now();
        let mut cache = EraCache::new(EraMode::Auto);
        let mut found = [None; 2];
        for (seconds, event) in events {
            now += Duration::from_secs(seconds);
            let _is_due = apply(&mut cache, event, now);
            for (era, found) in ERAS.into_iter().zip(&mut found) {
                match event {
                    Event::FindOnly(it) if it == era => *found = Some(now),
                    Event::Invalidate(it) if it == era => *found = None,
                    _ => {}
                }
                let is_believed = found.is_some_and(|it| now < it + ERA_TTL);
                prop_assert_eq!(cache.lacks(era.other(), now), is_believed, "{:?}", era);
            }
        }
        now += ERA_TTL;
        prop_assert!(ERAS.into_iter().all(|era| !cache.lacks(era, now)));
    }

    #[test]
    fn a_pin_is_never_looked_into_whatever_the_upstream_says(events in events()) {
        for (mode, pinned) in [(EraMode::Legacy, Era::Legacy), (EraMode::Modern, Era::Modern)] {
            let mut now = Instant::now();
            let mut cache = EraCache::new(mode);
            for (seconds, event) in &events {
                now += Duration::from_secs(*seconds);
                prop_assert!(!apply(&mut cache, *event, now));
                prop_assert!(cache.lacks(pinned.other(), now) && !cache.lacks(pinned, now));
            }
        }
    }
}
