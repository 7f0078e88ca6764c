//! The names under which clients see what several servers offer.
//!
//! A name is a function of what all the servers offer, and of nothing else: neither of the order of
//! the servers nor of who was there first. So it is equal after a restart.

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

/// The names of what servers offer, list by list: each with the server's name and the names that it
/// gives. `None` where a server has given a name twice: the first counts.
pub(crate) fn exposed(lists: &[(&str, Vec<&str>)], prefix: Prefix) -> Vec<Vec<Option<String>>> {
    let items: Vec<Offered<'_>> = offered(lists);
    let plain = |it: &Offered<'_>| fitted(it.name, it);
    let prefixed = |it: &Offered<'_>| fitted(&format!("{}_{}", it.server, it.name), it);
    let mut names: Vec<Option<String>> = vec![None; items.len()];
    let mut taken = HashSet::new();
    if prefix == Prefix::Auto {
        settle(&items, &mut names, &mut taken, plain);
    }
    settle(&items, &mut names, &mut taken, prefixed);
    let marked =
        |it: &Offered<'_>| marked(&format!("{}_{}", it.server, it.name), it.server, it.name);
    settle(&items, &mut names, &mut taken, marked);
    let mut names = items.iter().zip(names).map(|(it, name)| name.filter(|_| !it.is_repeated));
    lists.iter().map(|(_, own)| names.by_ref().take(own.len()).collect()).collect()
}

/// One thing that a server offers.
struct Offered<'a> {
    server: &'a str,
    name: &'a str,
    /// The server has given this name before.
    is_repeated: bool,
}

fn offered<'a>(lists: &[(&'a str, Vec<&'a str>)]) -> Vec<Offered<'a>> {
    let mut items = Vec::new();
    for (server, names) in lists {
        let mut seen = HashSet::new();
        for name in names {
            items.push(Offered { server, name, is_repeated: !seen.insert(*name) });
        }
    }
    items
}

/// Gives those without a name the one that `make` makes, where it is one item's alone.
fn settle(
    items: &[Offered<'_>],
    names: &mut [Option<String>],
    taken: &mut HashSet<String>,
    make: impl Fn(&Offered<'_>) -> String,
) {
    let open: Vec<(usize, String)> = items
        .iter()
        .enumerate()
        .filter(|(at, it)| !it.is_repeated && names.get(*at).is_some_and(Option::is_none))
        .map(|(at, it)| (at, make(it)))
        .collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (_, name) in &open {
        *counts.entry(name).or_default() += 1;
    }
    let alone: Vec<(usize, String)> = open
        .iter()
        .filter(|(_, name)| counts.get(&**name) == Some(&1) && !taken.contains(name))
        .cloned()
        .collect();
    for (at, name) in alone {
        taken.insert(name.clone());
        if let Some(place) = names.get_mut(at) {
            *place = Some(name);
        }
    }
}

/// The text as a name. One that has to be changed is marked, so that no other becomes the same.
fn fitted(text: &str, it: &Offered<'_>) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    let fits = !text.is_empty() && text.len() <= NAME_CHARS_MAX && text.chars().all(is_plain);
    if fits { text.to_owned() } else { marked(text, it.server, it.name) }
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
