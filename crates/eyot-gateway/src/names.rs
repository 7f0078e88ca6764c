//! The names under which clients see what several servers offer.
//!
//! A name is a function of what all the servers offer, and of nothing else: neither of the order of
//! the servers nor of who was there first. So it is equal after a restart.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};

/// When a name says which server it is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a choice of operators, all of it")]
pub enum Prefix {
    /// Where several servers have the name.
    #[default]
    Auto,
    /// Always: then no other server can change the names of this one.
    Always,
}

/// The longest name that clients see.
pub(crate) const NAME_CHARS_MAX: usize = 64;

/// One thing that a server offers: the server's name, and the name that the server gives it.
pub(crate) type Offered<'a> = (&'a str, &'a str);

/// The names of what servers offer, in this order. Only a name that is not the server's own is a text
/// of its own. `None` where a server has given a name twice: the first counts.
pub(crate) fn exposed<'a>(offered: &[Offered<'a>], prefix: Prefix) -> Vec<Option<Cow<'a, str>>> {
    let mut seen = HashSet::with_capacity(offered.len());
    let is_open: Vec<bool> = offered.iter().map(|it| seen.insert(*it)).collect();
    drop(seen);
    let mut naming = Naming { offered, is_open, names: vec![None; offered.len()] };
    if prefix == Prefix::Auto {
        naming.settle(|(server, name)| fitted(name.into(), server, name));
    }
    let prefixed = |server: &str, name: &str| format!("{server}_{name}");
    naming.settle(|(server, name)| fitted(prefixed(server, name).into(), server, name));
    naming.settle(|(server, name)| marked(&prefixed(server, name), server, name).into());
    naming.names
}

/// Names that are being given.
struct Naming<'o, 'a> {
    offered: &'o [Offered<'a>],
    /// Those that have none yet, and are to have one.
    is_open: Vec<bool>,
    names: Vec<Option<Cow<'a, str>>>,
}

impl<'a> Naming<'_, 'a> {
    /// Gives those without a name the one that `make` makes, where it is one item's alone.
    fn settle(&mut self, make: impl Fn(Offered<'a>) -> Cow<'a, str>) {
        let open = self.is_open.iter().zip(self.offered);
        let made: Vec<Option<Cow<'_, str>>> =
            open.map(|(is_open, it)| is_open.then(|| make(*it))).collect();
        if made.iter().all(Option::is_none) {
            return;
        }
        let mut counts: HashMap<&str, usize> = HashMap::with_capacity(made.len());
        for name in self.names.iter().chain(&made).flatten() {
            *counts.entry(name).or_default() += 1;
        }
        let is_alone =
            |it: &Option<Cow<'_, str>>| it.as_ref().is_some_and(|it| counts.get(&**it) == Some(&1));
        let alone: Vec<bool> = made.iter().map(is_alone).collect();
        for (at, (name, is_alone)) in made.into_iter().zip(alone).enumerate() {
            if is_alone && let Some(place) = self.names.get_mut(at) {
                *place = name;
                self.is_open.get_mut(at).into_iter().for_each(|it| *it = false);
            }
        }
    }
}

/// The text as a name. One that has to be changed is marked, so that no other becomes the same.
fn fitted<'a>(text: Cow<'a, str>, server: &str, name: &str) -> Cow<'a, str> {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    let fits = !text.is_empty() && text.len() <= NAME_CHARS_MAX && text.chars().all(is_plain);
    if fits { text } else { marked(&text, server, name).into() }
}

/// The text as a name, with a mark that only this name of this server has.
pub(crate) fn marked(text: &str, server: &str, name: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() || it == '-' { it } else { '_' };
    let kept = NAME_CHARS_MAX - MARK_CHARS - 1;
    let mut marked: String = text.chars().map(plain).take(kept).collect();
    let digest = Sha256::new().chain_update(server).chain_update([0]).chain_update(name);
    marked.push('_');
    for byte in digest.finalize().iter().take(MARK_CHARS / 2) {
        marked.push_str(&format!("{byte:02x}"));
    }
    marked
}

/// Characters of a mark: 48 bits.
const MARK_CHARS: usize = 12;

#[cfg(test)]
mod tests;
