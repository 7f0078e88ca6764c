//! Results that may be used again, for as long as the server says.

use std::collections::BTreeMap;
use std::time::Duration;

use eyot_jsonrpc::{Message, Notification};
use eyot_types::{CacheScope, Method};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::time::Instant;

/// What makes two requests equal: "the request method together with the request parameters that
/// affect the result" (2026-07-28, server/utilities/caching, Cache Key).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CacheKey {
    method: String,
    params: String,
}

impl CacheKey {
    /// The key of a request; `None` when its results are never cached.
    pub(crate) fn of(method: &str, params: &super::params::Params) -> Option<Self> {
        is_cacheable(&Method::parse(method))
            .then(|| Self { method: method.to_owned(), params: params.to_text() })
    }
}

fn is_cacheable(method: &Method<'_>) -> bool {
    matches!(
        method,
        Method::ToolsList
            | Method::PromptsList
            | Method::ResourcesList
            | Method::ResourcesTemplatesList
            | Method::ResourcesRead
    )
}

#[derive(Debug)]
struct Entry {
    answer: Message,
    /// Until when it is fresh.
    fresh_until: Instant,
    /// The authorization that it was given to; `None`: all may have it.
    owner: Option<u64>,
}

/// Fresh results of one server.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: Mutex<BTreeMap<CacheKey, Entry>>,
    entries_max: usize,
}

impl Cache {
    /// A cache for this many results; none turns it off.
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { entries: Mutex::default(), entries_max }
    }

    /// Whether nothing is ever found in it.
    pub(crate) fn is_off(&self) -> bool {
        self.entries_max == 0
    }

    /// A result that is fresh, and not another's.
    pub(crate) fn find(&self, key: &CacheKey, owner: u64, now: Instant) -> Option<Message> {
        let entries = self.entries.lock();
        let entry = entries.get(key)?;
        let is_ours = entry.owner.is_none_or(|it| it == owner);
        (is_ours && now < entry.fresh_until).then(|| entry.answer.clone())
    }

    /// Keeps a result for as long as it says.
    pub(crate) fn keep(&self, key: CacheKey, owner: u64, answer: &Message, now: Instant) {
        let Ok(hints) = answer.decode_result::<Hints>() else { return };
        let Some(ttl) = hints.ttl().filter(|it| !it.is_zero()) else { return };
        // "Caches MUST NOT be shared across authorization contexts": a result that does not say
        // that it is public is not.
        let owner = (hints.cache_scope != Some(CacheScope::Public)).then_some(owner);
        let Some(fresh_until) = now.checked_add(ttl) else { return };
        let mut entries = self.entries.lock();
        if entries.len() >= self.entries_max && !entries.contains_key(&key) {
            entries.retain(|_, entry| now < entry.fresh_until);
            let soonest = entries.iter().min_by_key(|it| it.1.fresh_until);
            let soonest = soonest.map(|it| it.0.clone());
            if let Some(soonest) = soonest.filter(|_| entries.len() >= self.entries_max) {
                entries.remove(&soonest);
            }
        }
        if entries.len() < self.entries_max {
            entries.insert(key, Entry { answer: answer.clone(), fresh_until, owner });
        }
    }

    /// Forgets what a notification says has changed. "The notification invalidates the cached
    /// response and it should be considered immediately stale."
    pub(crate) fn invalidate(&self, notification: &Notification) {
        let stale: &[Method<'_>] = match Method::parse(notification.method()) {
            Method::ToolsListChanged => &[Method::ToolsList],
            Method::PromptsListChanged => &[Method::PromptsList],
            Method::ResourcesListChanged => {
                &[Method::ResourcesList, Method::ResourcesTemplatesList]
            }
            Method::ResourcesUpdated => {
                if let Some(uri) = notification.uri() {
                    self.forget_resource(&uri);
                }
                return;
            }
            _ => return,
        };
        let is_stale = |key: &CacheKey| stale.iter().any(|it| key.method == it.as_str());
        self.entries.lock().retain(|key, _| !is_stale(key));
    }

    /// Forgets one list, to read it again.
    pub(crate) fn forget(&self, method: &Method<'_>) {
        self.entries.lock().retain(|key, _| key.method != method.as_str());
    }

    /// Forgets everything: another process may answer now.
    pub(crate) fn clear(&self) {
        self.entries.lock().clear();
    }

    /// The URI of an update may be that of a part of what was read.
    fn forget_resource(&self, uri: &str) {
        let prefix = "uri=\"";
        self.entries.lock().retain(|key, _| {
            let read = key.params.strip_prefix(prefix).and_then(|it| it.strip_suffix("\"\n"));
            let is_read = key.method == Method::ResourcesRead.as_str();
            !(is_read && read.is_none_or(|read| uri.starts_with(read)))
        });
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hints {
    ttl_ms: Option<serde_json::Number>,
    cache_scope: Option<CacheScope>,
    result_type: Option<String>,
}

impl Hints {
    /// "If `ttlMs` is absent, clients SHOULD assume a default of `0`", likewise if it is
    /// negative; interim results "are not cacheable".
    fn ttl(&self) -> Option<Duration> {
        let is_complete = self.result_type.as_deref().is_none_or(|it| it == "complete");
        let ttl = self.ttl_ms.as_ref().filter(|_| is_complete)?;
        ttl.as_u64().map(|it| Duration::from_millis(it).min(TTL_MAX))
    }
}

/// The longest that a result is believed, whatever it says.
const TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests;
