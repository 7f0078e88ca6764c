//! Many subscriptions of modern clients over one legacy session.

use std::collections::{BTreeMap, BTreeSet};

use eyot_jsonrpc::Message;
use eyot_types::{Method, ServerCapabilities, SubscriptionFilter};

/// The part of a filter that the server can tell of.
///
/// `has_stream` says whether the server can say anything unasked.
#[must_use]
pub fn granted(
    wanted: &SubscriptionFilter,
    server: &ServerCapabilities,
    has_stream: bool,
) -> SubscriptionFilter {
    let mut granted = SubscriptionFilter::new();
    if !has_stream {
        return granted;
    }
    let list =
        |wanted: Option<bool>, name: &str| wanted.filter(|it| *it && server.has_list_changed(name));
    granted.tools_list_changed = list(wanted.tools_list_changed, "tools");
    granted.prompts_list_changed = list(wanted.prompts_list_changed, "prompts");
    granted.resources_list_changed = list(wanted.resources_list_changed, "resources");
    if server.has_resources_subscribe() {
        let mut uris = wanted.resource_subscriptions.clone().unwrap_or_default();
        uris.truncate(URIS_MAX);
        granted.resource_subscriptions = Some(uris).filter(|it| !it.is_empty());
    }
    granted
}

/// Something that a subscription is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources.
    Resources,
    /// A resource.
    Resource(String),
}

impl Change {
    /// What a notification of the server says.
    #[must_use]
    pub fn of(notification: &Message) -> Option<Self> {
        let method = notification.method()?;
        match Method::parse(&method) {
            Method::ToolsListChanged => Some(Self::Tools),
            Method::PromptsListChanged => Some(Self::Prompts),
            Method::ResourcesListChanged => Some(Self::Resources),
            Method::ResourcesUpdated => Some(Self::Resource(notification.uri()?.into_owned())),
            _ => None,
        }
    }

    /// The notification that tells it.
    #[must_use]
    pub const fn method(&self) -> Method<'static> {
        match self {
            Self::Tools => Method::ToolsListChanged,
            Self::Prompts => Method::PromptsListChanged,
            Self::Resources => Method::ResourcesListChanged,
            Self::Resource(_) => Method::ResourcesUpdated,
        }
    }
}

/// The subscriptions of one session. What is not told yet is kept once, however often it happens,
/// so that a slow reader costs no more than what it has subscribed to.
#[derive(Debug, Default)]
pub struct Subscribers {
    last: u64,
    subscriptions: BTreeMap<u64, Subscription>,
    /// How many want each resource.
    wanted: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Subscription {
    filter: SubscriptionFilter,
    untold: BTreeSet<Change>,
}

impl Subscribers {
    /// There is no subscription.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a subscription to what was granted: its number, and the resources that no other one
    /// wants, which the server must be told.
    pub fn add(&mut self, filter: SubscriptionFilter) -> (u64, Vec<String>) {
        self.last += 1;
        let mut new = Vec::new();
        for uri in uris(&filter) {
            let count = self.wanted.entry(uri.clone()).or_default();
            *count += 1;
            if *count == 1 {
                new.push(uri.clone());
            }
        }
        self.subscriptions.insert(self.last, Subscription { filter, untold: BTreeSet::new() });
        (self.last, new)
    }

    /// Ends a subscription: the resources that no other one wants.
    pub fn remove(&mut self, number: u64) -> Vec<String> {
        let Some(Subscription { filter, .. }) = self.subscriptions.remove(&number) else {
            return Vec::new();
        };
        let mut unwanted = Vec::new();
        for uri in uris(&filter) {
            let Some(count) = self.wanted.get_mut(uri) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.wanted.remove(uri);
                unwanted.push(uri.clone());
            }
        }
        unwanted
    }

    /// Whether no subscription wants the resource.
    #[must_use]
    pub fn is_unwanted(&self, uri: &str) -> bool {
        !self.wanted.contains_key(uri)
    }

    /// Takes note of a change; whether a subscription is to be told.
    pub fn changed(&mut self, change: &Change) -> bool {
        let mut is_heard = false;
        for subscription in self.subscriptions.values_mut() {
            if wants(&subscription.filter, change) && subscription.untold.len() < UNTOLD_MAX {
                subscription.untold.insert(change.clone());
                is_heard = true;
            }
        }
        is_heard
    }

    /// The next thing that a subscription is told.
    pub fn next(&mut self, number: u64) -> Option<Change> {
        self.subscriptions.get_mut(&number)?.untold.pop_first()
    }

    /// Whether there is no subscription.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// A change of everything that a subscription has: for one that may have missed some.
    #[must_use]
    pub fn everything(filter: &SubscriptionFilter) -> Vec<Change> {
        let lists = [
            (filter.tools_list_changed, Change::Tools),
            (filter.prompts_list_changed, Change::Prompts),
            (filter.resources_list_changed, Change::Resources),
        ];
        let lists = lists.into_iter().filter(|(is_on, _)| *is_on == Some(true));
        lists.map(|(_, change)| change).chain(uris(filter).cloned().map(Change::Resource)).collect()
    }
}

fn uris(filter: &SubscriptionFilter) -> impl Iterator<Item = &String> {
    let uris: BTreeSet<_> = filter.resource_subscriptions.iter().flatten().collect();
    uris.into_iter()
}

fn wants(filter: &SubscriptionFilter, change: &Change) -> bool {
    match change {
        Change::Tools => filter.tools_list_changed == Some(true),
        Change::Prompts => filter.prompts_list_changed == Some(true),
        Change::Resources => filter.resources_list_changed == Some(true),
        Change::Resource(changed) => uris(filter).any(|uri| is_part_of(changed, uri)),
    }
}

/// "This might be a sub-resource of the one that the client actually subscribed to" (2025-11-25,
/// schema, `ResourceUpdatedNotification`).
fn is_part_of(changed: &str, uri: &str) -> bool {
    changed.strip_prefix(uri).is_some_and(|rest| {
        rest.is_empty() || uri.ends_with('/') || rest.starts_with(['/', '#', '?'])
    })
}

/// Resources of one subscription.
const URIS_MAX: usize = 256;
/// Changes that one subscription has not been told of yet.
const UNTOLD_MAX: usize = 512;

#[cfg(test)]
mod tests;
