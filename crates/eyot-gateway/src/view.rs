//! One list, merged of those of all servers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use eyot_jsonrpc::JsonRun;

use crate::item_list::{Item, ItemList, Place};
use crate::listing::Listing;
use crate::member::Member;
use crate::name_index::NameIndex;
use crate::names::{Offered, Prefix, exposed};
use crate::runs::Runs;

/// What one server lists.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) member: Member,
    pub(crate) items: Arc<ItemList>,
}

/// A merged list: in the order of the servers, and of each as it lists. The texts and the servers' own
/// names are those of the parts.
#[derive(Debug)]
pub(crate) struct View {
    parts: Vec<Part>,
    entries: Box<[Entry]>,
    /// The names that their servers do not give, one behind the other.
    names: Box<str>,
    /// The numbers of the entries by the names that clients use.
    index: NameIndex,
    /// Names that clients were told earlier, and that still lead somewhere.
    earlier: HashMap<Box<str>, Route>,
    /// What servers list under an address that another one has already, as far as there is room for it.
    pub(crate) hidden: Vec<Hidden>,
}

/// One item of the list.
#[derive(Clone, Copy, Debug)]
struct Entry {
    part: u32,
    item: u32,
    /// Its name in `names`; empty: its server's own name.
    name: Place,
}

const _: () = assert!(size_of::<Entry>() <= 16, "there are thousands");

/// An item that clients do not see, because another server has its address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) key: String,
    pub(crate) server: String,
    pub(crate) shown: String,
}

/// Where a name leads.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) member: Member,
    /// What the server itself calls it. `None`: the same.
    pub(crate) original: Option<Box<str>>,
}

impl Route {
    /// As it is called where it leads, at another server if one is chosen.
    pub(crate) fn at(self, chosen: Option<Member>) -> Self {
        Self { member: chosen.unwrap_or(self.member), ..self }
    }
}

impl View {
    /// The list of these parts. Names that the `last` one had keep on leading to what they led to.
    pub(crate) fn new(
        parts: Vec<Part>,
        listing: Listing,
        prefix: Prefix,
        last: Option<&Self>,
    ) -> Self {
        let (entries, names, hidden) = match listing.has_names() {
            true => named(&parts, prefix),
            false => addressed(&parts),
        };
        let is_news = last.is_none_or(|it| it.hidden != hidden);
        if let Some(Hidden { key, server, shown }) = hidden.first().filter(|_| is_news) {
            let count = hidden.len();
            tracing::warn!(
                uri = key,
                server,
                shown,
                count,
                "servers have the same addresses: those of the first one are offered"
            );
        }
        let index = NameIndex::of(entries.iter().map(|it| name_of(&parts, &names, it)));
        let (entries, names) = (entries.into(), names.into());
        let mut view = Self { parts, entries, names, index, earlier: HashMap::new(), hidden };
        if let Some(last) = last.filter(|_| listing.has_names()) {
            view.earlier = view.lasting(last);
        }
        view
    }

    /// What names of an earlier view led to, and still can.
    fn lasting(&self, last: &Self) -> HashMap<Box<str>, Route> {
        let own = last.entries.iter().map(|it| (last.name(it), last.route_of(it)));
        let earlier = last.earlier.iter().map(|(name, it)| (Cow::from(&**name), Some(it.clone())));
        let lasting = own.chain(earlier).filter_map(|(name, route)| {
            let route = route.filter(|_| self.entry(&name).is_none())?;
            self.has(&name, &route).then(|| (name.into(), route))
        });
        lasting.take(EARLIER_NAMES_MAX).collect()
    }

    /// Whether it is the list of these parts.
    pub(crate) fn is_of(&self, parts: &[Part]) -> bool {
        let is_same = |(own, other): (&Part, &Part)| {
            own.member.is(&other.member) && Arc::ptr_eq(&own.items, &other.items)
        };
        self.parts.len() == parts.len() && self.parts.iter().zip(parts).all(is_same)
    }

    /// Where a name leads.
    pub(crate) fn route(&self, name: &str) -> Option<Route> {
        match self.entry(name) {
            Some(entry) => self.route_of(entry),
            None => self.earlier.get(name).cloned(),
        }
    }

    /// The first item whose key passes, with its server.
    pub(crate) fn find(&self, passes: impl Fn(&str) -> bool) -> Option<&Member> {
        let mut found = self.entries.iter().filter_map(|it| self.item(it));
        found.find_map(|(part, item)| passes(&item.key()).then_some(&part.member))
    }

    /// The servers that list something.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.parts.iter().filter(|it| it.items.len() > 0).map(|it| &it.member)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The items from number `start` on, at most `count` and about `bytes`, and the number of the next
    /// one.
    pub(crate) fn runs(&self, start: usize, count: usize, bytes: usize) -> (Vec<JsonRun>, usize) {
        let mut runs = Runs::default();
        let (mut at, mut len_bytes) = (start, 0_usize);
        for entry in self.entries.iter().skip(start).take(count) {
            let Some((part, item)) = self.item(entry) else { continue };
            len_bytes += item.len_bytes() + 1;
            if at > start && len_bytes > bytes {
                break;
            }
            match entry.name.is_empty() {
                true => runs.add(&part.items, entry.item as usize),
                false => runs.add_renamed(item, entry.name.within(&self.names)),
            }
            at += 1;
        }
        (runs.finish(), at)
    }

    /// The server and the key of the item with this number.
    pub(crate) fn mark(&self, at: usize) -> Option<(&str, Cow<'_, str>)> {
        let (part, item) = self.item(self.entries.get(at)?)?;
        Some((part.member.slot().as_str(), item.key()))
    }

    /// The number of the first item behind the one of that server and key, or of what would be behind
    /// it, if it is not there any more.
    pub(crate) fn behind(&self, slot: &str, key: &str) -> usize {
        let slot_of = |it: &Entry| self.item(it).map(|(part, item)| (part.member.slot(), item));
        let is_it = |it: &Entry| {
            slot_of(it).is_some_and(|(own, it)| own.as_str() == slot && it.key() == key)
        };
        if let Some(at) = self.entries.iter().position(is_it) {
            return at + 1;
        }
        let is_later = |it: &Entry| slot_of(it).is_some_and(|(own, _)| own.as_str() > slot);
        self.entries.iter().position(is_later).unwrap_or(self.entries.len())
    }

    /// The entry that has a name now.
    fn entry(&self, name: &str) -> Option<&Entry> {
        let has_it = |at| self.entries.get(at).is_some_and(|it| self.name(it) == name);
        self.entries.get(self.index.find(name, has_it)?)
    }

    fn name(&self, entry: &Entry) -> Cow<'_, str> {
        name_of(&self.parts, &self.names, entry)
    }

    fn route_of(&self, entry: &Entry) -> Option<Route> {
        let (part, item) = self.item(entry)?;
        let original = (!entry.name.is_empty()).then(|| item.key().into());
        Some(Route { member: part.member.clone(), original })
    }

    fn item(&self, entry: &Entry) -> Option<(&Part, Item<'_>)> {
        item_of(&self.parts, entry)
    }

    /// Whether the server still has what a name led to.
    fn has(&self, name: &str, route: &Route) -> bool {
        let original = route.original.as_deref().unwrap_or(name);
        let part = self.parts.iter().find(|it| it.member.is(&route.member));
        part.is_some_and(|it| it.items.usable().any(|(_, it)| it.key() == original))
    }
}

fn item_of<'p>(parts: &'p [Part], entry: &Entry) -> Option<(&'p Part, Item<'p>)> {
    let part = parts.get(entry.part as usize)?;
    Some((part, part.items.get(entry.item as usize)?))
}

fn name_of<'p>(parts: &'p [Part], names: &'p str, entry: &Entry) -> Cow<'p, str> {
    match entry.name.is_empty() {
        true => item_of(parts, entry).map_or(Cow::Borrowed(""), |(_, it)| it.key()),
        false => entry.name.within(names).into(),
    }
}

/// The items of all parts that clients can use, with the places where they are.
fn all(parts: &[Part]) -> impl Iterator<Item = (u32, u32, &Part, Cow<'_, str>)> {
    (0..).zip(parts).flat_map(|(at, part)| {
        part.items.usable().map(move |(number, item)| {
            // A list has fewer bytes than that.
            (at, u32::try_from(number).unwrap_or(u32::MAX), part, item.key())
        })
    })
}

type Made = (Vec<Entry>, String, Vec<Hidden>);

/// Items that clients name.
fn named(parts: &[Part], prefix: Prefix) -> Made {
    let keys: Vec<(&Part, Cow<'_, str>)> = all(parts).map(|(.., part, key)| (part, key)).collect();
    let offered: Vec<Offered<'_>> =
        keys.iter().map(|(part, key)| (part.member.slot().as_str(), &**key)).collect();
    let exposed = exposed(&offered, prefix);
    let mut entries = Vec::with_capacity(exposed.len());
    let mut names = String::new();
    for ((part, item, _, key), name) in all(parts).zip(exposed) {
        let Some(new) = name else { continue };
        let start = names.len();
        if new != key {
            names.push_str(&new);
        }
        let Some(name) = Place::new(start..names.len()) else { break };
        entries.push(Entry { part, item, name });
    }
    (entries, names, Vec::new())
}

/// Items that have addresses: where two servers have one, the first counts.
fn addressed(parts: &[Part]) -> Made {
    let (mut entries, mut hidden) = (Vec::new(), Vec::new());
    let mut firsts = HashMap::<Cow<'_, str>, &Part>::new();
    for (at, item, part, key) in all(parts) {
        if let Some(first) = firsts.get(&key) {
            if !first.member.is(&part.member) && hidden.len() < HIDDEN_MAX {
                hidden.push(Hidden {
                    key: key.into_owned(),
                    server: part.member.name().to_owned(),
                    shown: first.member.name().to_owned(),
                });
            }
            continue;
        }
        firsts.insert(key, part);
        entries.push(Entry { part: at, item, name: Place::default() });
    }
    (entries, String::new(), hidden)
}

/// Hidden items that are named.
const HIDDEN_MAX: usize = 100;
/// Names that still lead somewhere although they are listed no more.
const EARLIER_NAMES_MAX: usize = 4_096;

#[cfg(test)]
mod tests;
