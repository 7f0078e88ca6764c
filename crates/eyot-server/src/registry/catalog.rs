//! Things that a server offers, in a stable order.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;

/// Things that are offered under names: tools, prompts, resources.
///
/// The order is that of registration, so a list looks alike to every client at every time ("Servers
/// SHOULD return tools in a deterministic order", 2026-07-28, server/tools). A thing keeps its
/// number for life, and a page ends at a number: pages stay right while things come and go.
#[derive(Debug)]
pub(crate) struct Catalog<T>(RwLock<State<T>>);

#[derive(Debug)]
struct State<T> {
    by_name: BTreeMap<Arc<str>, u64>,
    /// Ascending by number.
    items: Vec<(u64, Arc<T>)>,
    last: u64,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<Arc<T>>,
    /// The number that the next page begins after. `None`: this is the last one.
    pub(crate) next: Option<u64>,
}

impl<T> Default for Catalog<T> {
    fn default() -> Self {
        Self(RwLock::new(State { by_name: BTreeMap::new(), items: Vec::new(), last: 0 }))
    }
}

impl<T> Catalog<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.read().items.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<T>> {
        let state = self.0.read();
        let number = state.by_name.get(name)?;
        let index = state.index(*number)?;
        state.items.get(index).map(|(_, item)| Arc::clone(item))
    }

    /// Adds a thing, or replaces the one with its name.
    pub(crate) fn insert(&self, name: &str, item: T) {
        let mut state = self.0.write();
        let item = Arc::new(item);
        if let Some(index) = state.by_name.get(name).copied().and_then(|it| state.index(it))
            && let Some(entry) = state.items.get_mut(index)
        {
            entry.1 = item;
            return;
        }
        state.last += 1;
        let number = state.last;
        state.by_name.insert(name.into(), number);
        state.items.push((number, item));
    }

    /// Removes a thing; `false` when there is none.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let mut state = self.0.write();
        let Some(number) = state.by_name.remove(name) else { return false };
        state.items.retain(|(it, _)| *it != number);
        true
    }

    /// Up to `limit` things after the number `after`.
    pub(crate) fn page(&self, after: u64, limit: usize) -> Page<T> {
        let state = self.0.read();
        let start = state.items.partition_point(|(number, _)| *number <= after);
        let rest = state.items.get(start..).unwrap_or_default();
        let items: Vec<_> = rest.iter().take(limit).cloned().collect();
        let next = (rest.len() > limit).then(|| items.last().map(|(number, _)| *number)).flatten();
        Page { items: items.into_iter().map(|(_, item)| item).collect(), next }
    }

    /// The first thing for which `find` returns something, with what it returned.
    pub(crate) fn find<R>(&self, find: impl Fn(&T) -> Option<R>) -> Option<(Arc<T>, R)> {
        let state = self.0.read();
        state.items.iter().find_map(|(_, item)| Some((Arc::clone(item), find(item)?)))
    }
}

impl<T> State<T> {
    fn index(&self, number: u64) -> Option<usize> {
        self.items.binary_search_by_key(&number, |(it, _)| *it).ok()
    }
}

#[cfg(test)]
mod tests;
