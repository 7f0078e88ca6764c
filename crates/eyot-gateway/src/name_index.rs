//! Finds things by their names, which are held elsewhere.

use std::hash::{BuildHasher as _, RandomState};

/// The numbers of things by their names: eight bytes of each. No server can foresee which names
/// would be found slowly.
#[derive(Debug)]
pub(crate) struct NameIndex {
    state: RandomState,
    /// A part of the digest of each name, and the number, in their order.
    places: Box<[(u32, u32)]>,
}

impl NameIndex {
    /// The index of names in the order of their numbers.
    pub(crate) fn of(names: impl Iterator<Item = impl AsRef<str>>) -> Self {
        let state = RandomState::new();
        let places = (0..).zip(names).map(|(number, name)| (digest(&state, name.as_ref()), number));
        let mut places: Box<[(u32, u32)]> = places.collect();
        places.sort_unstable();
        Self { state, places }
    }

    /// The first number that may have this name, and has it.
    pub(crate) fn find(&self, name: &str, has_it: impl Fn(usize) -> bool) -> Option<usize> {
        let digest = digest(&self.state, name);
        let start = self.places.partition_point(|it| it.0 < digest);
        let equal = self.places.iter().skip(start).take_while(|it| it.0 == digest);
        equal.map(|it| it.1 as usize).find(|it| has_it(*it))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a part of it tells nearly all names apart")]
fn digest(state: &RandomState, name: &str) -> u32 {
    state.hash_one(name) as u32
}

#[cfg(test)]
mod tests;
