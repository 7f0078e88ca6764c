//! The order finds what a look at all things would find.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::proptest;

use super::{ThingNo, UseOrder};

/// A thing as its user knows it.
#[derive(Debug)]
struct Known {
    number: ThingNo,
    owner: u8,
    used: usize,
    is_busy: bool,
}

type World = (UseOrder<u8, u8, usize>, BTreeMap<u8, Known>);

fn step((order, known): &mut World, now: usize, (what, key, owner): (u8, u8, u8)) {
    match known.get_mut(&key) {
        None => {
            let number = order.add(key, owner, now);
            known.insert(key, Known { number, owner, used: now, is_busy: false });
        }
        Some(it) if what == 0 => {
            order.remove(it.number);
            known.remove(&key);
        }
        Some(it) if what == 1 => it.is_busy = !it.is_busy,
        Some(it) => it.used = now,
    }
}

proptest! {
    #[test]
    fn least_lately_used_is_found_among_all_and_among_those_of_one_owner(
        steps in vec((0_u8..6, 0_u8..12, 0_u8..3), 0..120),
    ) {
        let mut world = World::default();
        for (now, each) in steps.into_iter().enumerate() {
            step(&mut world, now, each);
            let (order, known) = &mut world;
            for owner in [None, Some(0), Some(1), Some(2)] {
                let is_free = |it: &(&u8, &Known)| {
                    !it.1.is_busy && owner.is_none_or(|owner| it.1.owner == owner)
                };
                let model = known.iter().filter(is_free).min_by_key(|it| it.1.used).map(|it| it.0);
                let look = |key: &u8| Some(&known[key]).filter(|it| !it.is_busy).map(|it| it.used);
                assert_eq!(order.oldest(owner.as_ref(), look), model);
            }
        }
    }
}

#[test]
fn owners_without_things_are_forgotten() {
    let mut order = UseOrder::default();
    let numbers = [order.add('a', "ann", 1), order.add('b', "ann", 2)];
    numbers.into_iter().for_each(|it| order.remove(it));
    order.remove(numbers[0]);
    assert!(order.things.is_empty() && order.all.is_empty() && order.own.is_empty());
    assert_eq!(order.oldest(None, |_| Some(0)), None);
}

/// Things that were used again are moved once, and not looked at in the next search.
#[test]
fn thing_that_was_used_again_is_looked_at_once() {
    let mut order = UseOrder::default();
    for key in 0..100 {
        order.add(key, (), key);
    }
    let looks = std::cell::Cell::new(0);
    let look = |key: &i32| {
        looks.set(looks.get() + 1);
        Some(if *key < 50 { 1_000 + key } else { *key })
    };
    assert_eq!(order.oldest(None, look), Some(&50));
    assert_eq!(looks.replace(0), 51);
    assert_eq!(order.oldest(None, look), Some(&50));
    assert_eq!(looks.get(), 1);
}
