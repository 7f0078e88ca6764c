//! One list, merged of those of all servers.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use eyot_jsonrpc::Response;

use crate::item::Item;
use crate::listing::Listing;
use crate::member::Member;
use crate::names::{Prefix, exposed};

/// What one server lists.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) member: Member,
    pub(crate) items: Arc<[Item]>,
}

/// A merged list: in the order of the servers, and of each as it lists.
#[derive(Debug)]
pub(crate) struct View {
    parts: Vec<Part>,
    entries: Vec<Entry>,
    /// By the name that clients use.
    routes: HashMap<Arc<str>, Route>,
    /// Names that clients were told earlier, and that still lead somewhere.
    earlier: HashMap<Arc<str>, Route>,
    /// What servers list under an address that another one has already, as far as there is room for it.
    pub(crate) hidden: Vec<Hidden>,
    /// The answer that has all of it, once it was made.
    pub(crate) whole: OnceLock<Response>,
}

/// One item of the list.
#[derive(Debug)]
struct Entry {
    part: usize,
    item: usize,
    /// `None`: its server's own name.
    name: Option<Arc<str>>,
}

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
    pub(crate) original: Option<Arc<str>>,
}

impl View {
    /// The list of these parts. Names that the `last` one had keep on leading to what they led to.
    pub(crate) fn new(
        parts: Vec<Part>,
        listing: Listing,
        prefix: Prefix,
        last: Option<&Self>,
    ) -> Self {
        let (entries, routes, hidden) = match listing.has_names() {
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
        let (earlier, whole) = (HashMap::new(), OnceLock::new());
        let mut view = Self { parts, entries, routes, earlier, hidden, whole };
        if let Some(last) = last.filter(|_| listing.has_names()) {
            let earlier = last.routes.iter().chain(&last.earlier);
            let lasting = earlier
                .filter(|(name, route)| !view.routes.contains_key(*name) && view.has(name, route))
                .take(EARLIER_NAMES_MAX)
                .map(|(name, route)| (Arc::clone(name), route.clone()))
                .collect();
            view.earlier = lasting;
        }
        view
    }

    /// Whether it is the list of these parts.
    pub(crate) fn is_of(&self, parts: &[Part]) -> bool {
        let is_same = |(own, other): (&Part, &Part)| {
            own.member.is(&other.member) && Arc::ptr_eq(&own.items, &other.items)
        };
        self.parts.len() == parts.len() && self.parts.iter().zip(parts).all(is_same)
    }

    /// Where a name leads.
    pub(crate) fn route(&self, name: &str) -> Option<&Route> {
        self.routes.get(name).or_else(|| self.earlier.get(name))
    }

    /// The first item whose key passes, with its server.
    pub(crate) fn find(&self, passes: impl Fn(&str) -> bool) -> Option<&Member> {
        let mut found = self.entries.iter().filter_map(|it| self.item(it));
        found.find_map(|(part, item)| passes(item.key()).then_some(&part.member))
    }

    /// The servers that list something.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.parts.iter().filter(|it| !it.items.is_empty()).map(|it| &it.member)
    }

    /// Bytes of all items, about.
    pub(crate) fn len_bytes(&self) -> usize {
        let items = self.parts.iter().flat_map(|it| it.items.iter());
        items.map(|it| it.len_bytes() + 1).sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Writes items from number `start` on, at most `count` and about `bytes`; returns the number of
    /// the next one.
    pub(crate) fn write(&self, start: usize, count: usize, bytes: usize, to: &mut String) -> usize {
        let mut at = start;
        to.push('[');
        for entry in self.entries.iter().skip(start).take(count) {
            let Some((_, item)) = self.item(entry) else { continue };
            let is_first = at == start;
            if !is_first && to.len() + item.len_bytes() > bytes {
                break;
            }
            if !is_first {
                to.push(',');
            }
            item.write(entry.name.as_deref(), to);
            at += 1;
        }
        to.push(']');
        at
    }

    /// The server and the key of the item with this number.
    pub(crate) fn mark(&self, at: usize) -> Option<(&str, &str)> {
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

    fn item(&self, entry: &Entry) -> Option<(&Part, &Item)> {
        let part = self.parts.get(entry.part)?;
        Some((part, part.items.get(entry.item)?))
    }

    /// Whether the server still has what a name led to.
    fn has(&self, name: &str, route: &Route) -> bool {
        let original = route.original.as_deref().unwrap_or(name);
        let part = self.parts.iter().find(|it| it.member.is(&route.member));
        part.is_some_and(|it| it.items.iter().any(|it| it.key() == original))
    }
}

type Made = (Vec<Entry>, HashMap<Arc<str>, Route>, Vec<Hidden>);

/// Items that clients name.
fn named(parts: &[Part], prefix: Prefix) -> Made {
    let lists: Vec<(&str, Vec<&str>)> = parts
        .iter()
        .map(|it| (it.member.slot().as_str(), it.items.iter().map(Item::key).collect()))
        .collect();
    let (mut entries, mut routes) = (Vec::new(), HashMap::new());
    for (at, (part, names)) in parts.iter().zip(exposed(&lists, prefix)).enumerate() {
        for (item, (own, name)) in part.items.iter().zip(names).enumerate() {
            let Some(name) = name else { continue };
            let is_own = name == own.key();
            let name: Arc<str> = name.into();
            let original = (!is_own).then(|| own.key().into());
            let route = Route { member: part.member.clone(), original };
            routes.insert(Arc::clone(&name), route);
            entries.push(Entry { part: at, item, name: (!is_own).then_some(name) });
        }
    }
    (entries, routes, Vec::new())
}

/// Items that have addresses: where two servers have one, the first counts.
fn addressed(parts: &[Part]) -> Made {
    let (mut entries, mut hidden) = (Vec::new(), Vec::new());
    let mut routes = HashMap::<Arc<str>, Route>::new();
    for (at, part) in parts.iter().enumerate() {
        for (item, own) in part.items.iter().enumerate() {
            if let Some(first) = routes.get(own.key()) {
                if !first.member.is(&part.member) && hidden.len() < HIDDEN_MAX {
                    hidden.push(Hidden {
                        key: own.key().to_owned(),
                        server: part.member.name().to_owned(),
                        shown: first.member.name().to_owned(),
                    });
                }
                continue;
            }
            let route = Route { member: part.member.clone(), original: None };
            routes.insert(own.key().into(), route);
            entries.push(Entry { part: at, item, name: None });
        }
    }
    (entries, routes, hidden)
}

/// Hidden items that are named.
const HIDDEN_MAX: usize = 100;
/// Names that still lead somewhere although they are listed no more.
const EARLIER_NAMES_MAX: usize = 4_096;
