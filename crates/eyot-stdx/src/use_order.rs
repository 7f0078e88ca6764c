//! Things in the order of their last use.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::ops::Bound;

/// Finds the thing that was used least lately, among all or among those of one owner.
///
/// The user keeps the time of the last use with each thing, so that a use costs nothing here. The
/// order learns of it when it comes upon the thing: each look either ends the search, passes a thing
/// that is in use, or moves one that was used since it was moved last.
#[derive(Debug)]
pub struct UseOrder<K, O, T> {
    things: HashMap<ThingNo, Thing<K, O, T>>,
    all: BTreeSet<(T, ThingNo)>,
    /// An owner without things has no entry.
    own: HashMap<O, BTreeSet<(T, ThingNo)>>,
    next: u64,
}

/// Names a thing in one [`UseOrder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThingNo(u64);

#[derive(Debug)]
struct Thing<K, O, T> {
    key: K,
    owner: O,
    /// Its last use, or an earlier one.
    used: T,
}

impl<K, O: Clone + Eq + Hash, T: Copy + Ord> UseOrder<K, O, T> {
    /// Adds a thing that is used now.
    pub fn add(&mut self, key: K, owner: O, used: T) -> ThingNo {
        let number = ThingNo(self.next);
        self.next += 1;
        self.all.insert((used, number));
        self.own.entry(owner.clone()).or_default().insert((used, number));
        self.things.insert(number, Thing { key, owner, used });
        number
    }

    /// Removes a thing.
    pub fn remove(&mut self, number: ThingNo) {
        let Some(Thing { owner, used, .. }) = self.things.remove(&number) else { return };
        self.all.remove(&(used, number));
        if let Some(own) = self.own.get_mut(&owner) {
            own.remove(&(used, number));
            if own.is_empty() {
                self.own.remove(&owner);
            }
        }
    }

    /// The key of the thing that was used least lately and is not in use, among those of `owner` or
    /// among all. `look` tells the last use of a thing; `None`: it is in use.
    pub fn oldest(&mut self, owner: Option<&O>, look: impl Fn(&K) -> Option<T>) -> Option<&K> {
        let mut from = Bound::Unbounded;
        let found = loop {
            let order = owner.map_or(Some(&self.all), |it| self.own.get(it))?;
            let place = *order.range((from, Bound::Unbounded)).next()?;
            match look(&self.things.get(&place.1)?.key) {
                Some(used) if used > place.0 => self.move_to(place.1, used),
                Some(_) => break place.1,
                None => from = Bound::Excluded(place),
            }
        };
        self.things.get(&found).map(|it| &it.key)
    }

    fn move_to(&mut self, number: ThingNo, used: T) {
        let Some(thing) = self.things.get_mut(&number) else { return };
        let before = std::mem::replace(&mut thing.used, used);
        let own = self.own.get_mut(&thing.owner);
        for order in [Some(&mut self.all), own].into_iter().flatten() {
            order.remove(&(before, number));
            order.insert((used, number));
        }
    }
}

impl<K, O, T> Default for UseOrder<K, O, T> {
    fn default() -> Self {
        Self { things: HashMap::new(), all: BTreeSet::new(), own: HashMap::new(), next: 0 }
    }
}

#[cfg(test)]
mod tests;
