//! The lists of one upstream, as it has told them lately: so that asking for one starts nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{Json, Request, Response};
use eyot_service::{Limits, SharedTotal, TotalQuota};
use eyot_stdx::{Quota, QuotaPermit};
use eyot_types::{Method, PaginatedParams};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Pages of lists, as each principal was told them, by what clients of a class can do.
#[derive(Debug)]
pub struct KnownLists {
    pages: Mutex<HashMap<Key, Known>>,
    quota: Quota,
    ttl: Duration,
}

/// The lists of one upstream, of which one says nothing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every list of the protocol")]
pub enum List {
    /// `tools/list`
    Tools,
    /// `prompts/list`
    Prompts,
    /// `resources/list`
    Resources,
    /// `resources/templates/list`
    Templates,
}

/// The clients that are told the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "made by those who ask")]
pub struct Audience {
    /// Their principal.
    pub principal: Option<Arc<str>>,
    /// A digest of what they can do: an upstream may list other things for it.
    pub class: [u8; 32],
}

/// A page, and the server that has told it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what was learnt is found again")]
pub struct KnownPage {
    /// The upstream's answer, under whatever id.
    pub answer: Response,
    /// The name of the server, an [`Implementation`](eyot_types::Implementation).
    pub server: Json,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    audience: Audience,
    list: List,
    cursor: Option<String>,
}

#[derive(Debug)]
struct Known {
    page: KnownPage,
    at: Instant,
    _permit: QuotaPermit,
}

impl List {
    /// The list that a method asks for.
    #[must_use]
    pub fn of(method: Method<'_>) -> Option<Self> {
        Some(match method {
            Method::ToolsList => Self::Tools,
            Method::PromptsList => Self::Prompts,
            Method::ResourcesList => Self::Resources,
            Method::ResourcesTemplatesList => Self::Templates,
            _ => return None,
        })
    }
}

impl KnownLists {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let quota = TotalQuota::new(SharedTotal::KnownLists, limits).quota().clone();
        Self { pages: Mutex::default(), quota, ttl: limits.memory.known_lists_ttl }
    }

    /// The page that a request asks for, if it is known from lately.
    #[must_use]
    pub fn find(&self, audience: &Audience, request: &Request) -> Option<KnownPage> {
        let key = Key::of(audience, request)?;
        let pages = self.pages.lock();
        pages.get(&key).filter(|it| it.at.elapsed() < self.ttl).map(|it| it.page.clone())
    }

    /// Takes a page that answers a request, if there is room.
    pub fn learn(&self, audience: &Audience, request: &Request, page: KnownPage) {
        let Some(key) = Key::of(audience, request) else { return };
        let Some(bytes) = page.answer.result().map(str::len) else { return };
        let mut pages = self.pages.lock();
        // The old page makes room for the new one.
        pages.remove(&key);
        let permit = self.quota.acquire(audience.principal.as_ref(), bytes).or_else(|_full| {
            pages.retain(|_, it| it.at.elapsed() < self.ttl);
            self.quota.acquire(audience.principal.as_ref(), bytes)
        });
        if let Ok(permit) = permit {
            pages.insert(key, Known { page, at: Instant::now(), _permit: permit });
        }
    }

    /// These lists have changed, or may have.
    pub fn handle_changed(&self, lists: &[List]) {
        self.pages.lock().retain(|key, _| !lists.contains(&key.list));
    }

    /// What these clients were told may not hold any more: their session has failed.
    pub fn forget(&self, audience: &Audience) {
        self.pages.lock().retain(|key, _| key.audience != *audience);
    }
}

impl Key {
    fn of(audience: &Audience, request: &Request) -> Option<Self> {
        let list = List::of(Method::parse(request.method()))?;
        let params: PaginatedParams = request.decode_params().ok()?;
        // A page that was asked for with more than that is one of its own kind.
        let is_plain = params.other.is_empty();
        is_plain.then(|| Self { audience: audience.clone(), list, cursor: params.cursor })
    }
}

#[cfg(test)]
mod tests;
