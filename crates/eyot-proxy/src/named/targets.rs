//! The upstreams that clients have named, as far as something is kept of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyot_endpoint::{FindService, Finding, FoundService};
use eyot_jsonrpc::ErrorObject;
use eyot_service::{BoxService, Fault, Peer, SessionHandle, SharedTotal, TotalQuota};
use eyot_stdx::{QuotaPermit, ThingNo, UseOrder};
use eyot_upstream::Target;
use http::Uri;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::ForwardConfig;
use super::named_upstream::{is_named, named};
use super::target_entry::{TargetEntry, upstream_of};
use super::upstream_url::UpstreamUrl;
use crate::config::Relays;

/// Finds the upstream that a client names, and keeps what is known of it.
pub(crate) struct Targets {
    forward: ForwardConfig,
    relays: Relays,
    quota: TotalQuota,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// By their URLs.
    rows: HashMap<Arc<str>, Row>,
    order: UseOrder<Arc<str>, Owner, Instant>,
}

/// The principal that an upstream counts for: the first that has named it.
type Owner = Option<Arc<str>>;

struct Row {
    entry: Arc<TargetEntry>,
    number: ThingNo,
}

impl Targets {
    pub(crate) fn new(forward: ForwardConfig, relays: Relays) -> Self {
        let quota = TotalQuota::new(SharedTotal::Targets, &relays.runtime.limits);
        Self { forward, relays, quota, table: Mutex::default() }
    }

    /// Closes connections that nothing has used for too long.
    pub(crate) fn sweep(&self) {
        let entries: Vec<_> =
            self.table.lock().rows.values().map(|it| Arc::clone(&it.entry)).collect();
        entries.iter().for_each(|it| it.sweep());
    }

    async fn find_named(&self, uri: &Uri, peer: &Peer) -> Result<FoundService, Fault> {
        let url = named(uri, &self.forward.allow)?;
        let entry = self.entry(&url, peer.principal_name())?;
        entry.learn_name(&*self.relays.store).await.map_err(|error| {
            tracing::error!(%error, "the key of the store cannot be read");
            Fault::internal("the session store cannot be used now")
        })?;
        let service = BoxService::of_shared(Arc::clone(&entry));
        Ok(FoundService::new(service, move |state| entry.owns(state)))
    }

    /// What is kept of an upstream; made now if nothing is.
    fn entry(
        &self,
        url: &UpstreamUrl,
        principal: Option<&Arc<str>>,
    ) -> Result<Arc<TargetEntry>, Fault> {
        let url = url.to_string();
        if let Some(entry) = self.table.lock().find(&url) {
            return Ok(entry);
        }
        let permit = self.permit(principal);
        let permit = permit.map_err(|error| Fault::overloaded(error, FULL_RETRY))?;
        let target = self.target(&url)?;
        let relay = self.relays.relay(target.clone());
        let made = Arc::new(TargetEntry::new(target, relay, permit));
        Ok(self.table.lock().find_or_add(url, principal, &made))
    }

    /// Leave for one more upstream. When there is none, the idle one that was used least lately makes
    /// room: among those of the principal, or among all.
    fn permit(&self, principal: Option<&Arc<str>>) -> Result<QuotaPermit, ErrorObject> {
        let quota = self.quota.quota();
        if let Ok(permit) = quota.acquire(principal, 0) {
            return Ok(permit);
        }
        let is_full = quota.usage().things >= quota.limits().things_max;
        let mut idle = self.table.lock().take_idle(Some(&principal.cloned()));
        if idle.is_none() && is_full {
            idle = self.table.lock().take_idle(None);
        }
        // Dropped without the lock: a relay lets go of its sessions. Then its permit is free.
        drop(idle);
        self.quota.acquire(principal, 0)
    }

    fn target(&self, url: &str) -> Result<Target, Fault> {
        let ForwardConfig { connector, transport, .. } = &self.forward;
        let limits = *self.relays.runtime.limits;
        let target = Target::url_over(url, limits, connector).map_err(|error| {
            tracing::warn!(%error, "upstream cannot be used");
            Fault::internal("the upstream's URL cannot be used")
        })?;
        Ok(target.with_transport(*transport).with_query_in_identity())
    }
}

impl Table {
    fn find(&self, url: &str) -> Option<Arc<TargetEntry>> {
        let entry = &self.rows.get(url)?.entry;
        entry.touch();
        Some(Arc::clone(entry))
    }

    /// Adds an upstream, unless another request has been faster.
    fn find_or_add(
        &mut self,
        url: String,
        principal: Option<&Arc<str>>,
        made: &Arc<TargetEntry>,
    ) -> Arc<TargetEntry> {
        if let Some(entry) = self.find(&url) {
            return entry;
        }
        let url: Arc<str> = url.into();
        let number = self.order.add(Arc::clone(&url), principal.cloned(), Instant::now());
        self.rows.insert(url, Row { entry: Arc::clone(made), number });
        Arc::clone(made)
    }

    /// Takes out the idle upstream that was used least lately, of one owner or of all.
    fn take_idle(&mut self, owner: Option<&Owner>) -> Option<Arc<TargetEntry>> {
        let rows = &self.rows;
        let idle = |key: &Arc<str>| rows.get(key).and_then(|it| it.entry.idle_since(1));
        let oldest = self.order.oldest(owner, idle).cloned()?;
        let Row { entry, number } = self.rows.remove(&oldest)?;
        self.order.remove(number);
        tracing::debug!("an idle upstream is forgotten");
        Some(entry)
    }
}

impl FindService for Targets {
    fn covers(&self, path: &str) -> bool {
        is_named(path)
    }

    fn find<'a>(&'a self, uri: &'a Uri, peer: &'a Peer) -> Finding<'a> {
        Box::pin(self.find_named(uri, peer))
    }

    fn of_session(&self, session: &SessionHandle) -> Option<BoxService> {
        upstream_of(session)
    }
}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Targets").field("allow", &self.forward.allow).finish_non_exhaustive()
    }
}

/// When an upstream may be idle, so that another one can take its place.
const FULL_RETRY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
