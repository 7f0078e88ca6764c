//! Counts are right after any order of events, and never beyond their bounds.

use proptest::prelude::*;

use super::*;

fn name(text: &str) -> Arc<str> {
    Arc::from(text)
}

fn usage(things: usize, bytes: usize) -> QuotaUsage {
    QuotaUsage { things, bytes }
}

#[track_caller]
fn assert_full<T: fmt::Debug>(refused: Result<T, QuotaFull>, text: &str) {
    assert_eq!(refused.unwrap_err().to_string(), text);
}

#[test]
fn things_are_bounded_in_all_and_for_each_principal() {
    let limits = QuotaLimits { principal_things_max: 2, ..QuotaLimits::things(3) };
    let quota = Quota::new(limits);
    let (ann, bob) = (name("ann"), name("bob"));
    let first = quota.acquire(Some(&ann), 0).unwrap();
    let _second = quota.acquire(Some(&ann), 0).unwrap();
    assert_full(quota.acquire(Some(&ann), 0), "at most 2 of one principal");
    let _third = quota.acquire(Some(&bob), 0).unwrap();
    assert_full(quota.acquire(Some(&bob), 0), "at most 3 in all");
    drop(first);
    let _fourth = quota.acquire(Some(&bob), 0).unwrap();
    assert_eq!(quota.usage_of(Some("bob")), usage(2, 0));
}

#[test]
fn bytes_are_bounded_in_all_and_for_each_principal() {
    let quota = Quota::new(QuotaLimits::things(9).with_bytes(100).shared_by(2));
    let (ann, bob) = (name("ann"), name("bob"));
    let mut first = quota.acquire(Some(&ann), 20).unwrap();
    assert_full(quota.acquire(Some(&ann), 31), "at most 50 bytes of one principal");
    first.grow(30).unwrap();
    assert_full(first.grow(1), "at most 50 bytes of one principal");
    let _second = quota.acquire(Some(&bob), 50).unwrap();
    assert_full(quota.acquire(None, 1), "at most 100 bytes in all");
    first.shrink(10);
    let _third = quota.acquire(None, 10).unwrap();
    assert_eq!((first.bytes(), quota.usage()), (40, usage(3, 100)));
}

#[test]
fn clients_without_a_name_are_one_principal() {
    let quota = Quota::new(QuotaLimits::things(8).shared_by(4));
    let first = quota.acquire(None, 5).unwrap();
    let _second = quota.acquire(None, 0).unwrap();
    assert_full(quota.acquire(None, 0), "at most 2 of one principal");
    assert_eq!((first.principal(), quota.usage_of(None)), (None, usage(2, 5)));
}

#[test]
fn refusal_changes_nothing() {
    let quota = Quota::new(QuotaLimits::things(1).with_bytes(10));
    let ann = name("ann");
    assert_full(quota.acquire(Some(&ann), 11), "at most 10 bytes in all");
    assert_eq!((quota.usage(), names_count(&quota)), (usage(0, 0), 0));
    let mut permit = quota.acquire(Some(&ann), 4).unwrap();
    assert_full(permit.grow(usize::MAX), "at most 10 bytes in all");
    assert_eq!((permit.bytes(), quota.usage()), (4, usage(1, 4)));
}

#[test]
fn permit_gives_no_more_back_than_it_has() {
    let quota = Quota::new(QuotaLimits::things(2));
    let _other = quota.acquire(None, 7).unwrap();
    let mut permit = quota.acquire(None, 3).unwrap();
    permit.shrink(usize::MAX);
    assert_eq!((permit.bytes(), quota.usage()), (0, usage(2, 7)));
}

#[test]
fn share_leaves_each_principal_one_thing() {
    let limits = QuotaLimits::things(3).with_bytes(10).shared_by(4);
    assert_eq!((limits.principal_things_max, limits.principal_bytes_max), (1, 3));
    let limits = QuotaLimits::things(3).shared_by(0);
    assert_eq!(limits, QuotaLimits::things(3));
}

#[test]
fn clones_count_together() {
    let quota = Quota::new(QuotaLimits::things(1));
    let clone = quota.clone();
    let _permit = quota.acquire(None, 0).unwrap();
    assert_full(clone.acquire(None, 0), "at most 1 in all");
}

#[test]
fn quota_is_freed_with_its_last_permit() {
    let quota = Quota::new(QuotaLimits::things(2));
    let shared = Arc::downgrade(&quota.anonymous.shared);
    let permit = quota.acquire(Some(&name("ann")), 0).unwrap();
    drop(quota);
    assert!(shared.upgrade().is_some());
    drop(permit);
    assert!(shared.upgrade().is_none());
}

#[test]
fn permit_is_two_words() {
    assert_eq!(size_of::<QuotaPermit>(), 2 * size_of::<usize>());
}

fn names_count(quota: &Quota) -> usize {
    quota.anonymous.shared.books.lock().named.len()
}

/// What may happen to a quota; a number chooses among the permits that are out.
#[derive(Clone, Debug)]
enum Event {
    Acquire(Option<u8>, usize),
    Grow(usize, usize),
    Shrink(usize, usize),
    Drop(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let bytes = || prop_oneof![8 => 0_usize..12, 1 => Just(usize::MAX)];
    prop_oneof![
        4 => (prop::option::of(0_u8..3), bytes()).prop_map(|(who, it)| Event::Acquire(who, it)),
        2 => (any::<usize>(), bytes()).prop_map(|(which, it)| Event::Grow(which, it)),
        1 => (any::<usize>(), bytes()).prop_map(|(which, it)| Event::Shrink(which, it)),
        2 => any::<usize>().prop_map(Event::Drop),
    ]
}

/// The usage of the permits that are out, counted one by one.
fn sum(permits: &[QuotaPermit], who: Option<Option<&str>>) -> QuotaUsage {
    let own = permits.iter().filter(|it| who.is_none_or(|who| it.owner.name() == who));
    own.fold(usage(0, 0), |sum, it| usage(sum.things + 1, sum.bytes + it.bytes()))
}

/// The first bound that breaks when this much is added.
fn broken(
    limits: &QuotaLimits,
    permits: &[QuotaPermit],
    who: Option<&str>,
    more: QuotaUsage,
) -> Option<QuotaFull> {
    let (all, own) = (sum(permits, None).plus(more), sum(permits, Some(who)).plus(more));
    let (things, bytes) = (QuotaUnit::Things, QuotaUnit::Bytes);
    [
        (all.things, QuotaScope::All, things, limits.things_max),
        (all.bytes, QuotaScope::All, bytes, limits.bytes_max),
        (own.things, QuotaScope::Principal, things, limits.principal_things_max),
        (own.bytes, QuotaScope::Principal, bytes, limits.principal_bytes_max),
    ]
    .into_iter()
    .find(|(count, _, _, max)| count > max)
    .map(|(_, scope, unit, max)| QuotaFull { scope, unit, max })
}

proptest! {
    #[test]
    fn counts_are_right_and_within_bounds(
        events in prop::collection::vec(event(), 0..80),
        (things_max, bytes_max) in (0_usize..9, 0_usize..60),
        parts in 1_usize..5,
    ) {
        let limits = QuotaLimits::things(things_max).with_bytes(bytes_max).shared_by(parts);
        let quota = Quota::new(limits);
        let mut permits: Vec<QuotaPermit> = Vec::new();
        for event in events {
            let count = permits.len();
            match event {
                Event::Acquire(who, bytes) => {
                    let who = who.map(|it| name(&it.to_string()));
                    let want = broken(&limits, &permits, who.as_deref(), usage(1, bytes));
                    let acquired = quota.acquire(who.as_ref(), bytes);
                    prop_assert_eq!(acquired.as_ref().err(), want.as_ref());
                    permits.extend(acquired);
                }
                Event::Grow(which, bytes) if count > 0 => {
                    let who = permits[which % count].principal().cloned();
                    let want = broken(&limits, &permits, who.as_deref(), usage(0, bytes));
                    prop_assert_eq!(permits[which % count].grow(bytes).err(), want);
                }
                Event::Shrink(which, bytes) if count > 0 => permits[which % count].shrink(bytes),
                Event::Drop(which) if count > 0 => drop(permits.swap_remove(which % count)),
                _ => {}
            }
            let all = quota.usage();
            prop_assert_eq!(all, sum(&permits, None));
            prop_assert!(all.things <= things_max && all.bytes <= bytes_max);
            for who in [None, Some("0"), Some("1"), Some("2")] {
                let own = quota.usage_of(who);
                prop_assert_eq!(own, sum(&permits, Some(who)));
                prop_assert!(own.things <= limits.principal_things_max);
                prop_assert!(own.bytes <= limits.principal_bytes_max);
            }
            let mut names: Vec<_> = permits.iter().filter_map(|it| it.owner.name()).collect();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names_count(&quota), names.len(), "only those with permits are kept");
        }
        drop(permits);
        prop_assert_eq!((quota.usage(), names_count(&quota)), (usage(0, 0), 0));
    }
}
