//! This process among those that share its store.
//!
//! Each says with a lease that it lives, and where it is reached. A session belongs to one of them: what comes
//! for it elsewhere is passed on to its owner as long as that one lives, and the session is taken over when it
//! does not. **Invariant:** a process that cannot be sure of its lease serves no session, before another may
//! think that it has ended.

mod link;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eyot_http::{Connector, HttpClient, InvalidUrl};
use eyot_service::Limits;
use eyot_session::{NodeId, NodeLease, Store, StoreError};
use eyot_stdx::random_token;
use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior};

pub(crate) use self::link::Link;
use self::link::is_alive;

/// How long a lease holds.
const LEASE: Duration = Duration::from_secs(10);
/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(3);
/// How long after its last renewal a process is sure of its lease: the others wait for a little longer.
const SURE: Duration = Duration::from_secs(8);

/// What other processes are told of this one.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NodeConfig {
    /// Its name, if it has one that stays over restarts: who starts under a name takes the place of the one
    /// before at once. `None`: after a failure the others wait until its lease is over, at most 10 seconds.
    pub name: Option<String>,
    /// Where the others reach its endpoint, as `http://10.0.0.5:8080`. `None`: they do not, and take a session
    /// over when its client comes to them.
    pub address: Option<String>,
    /// How they are reached from here.
    pub connector: Connector,
}

/// This process among those that share its store.
pub(crate) struct Nodes {
    store: Arc<dyn Store>,
    lease: NodeLease,
    connector: Connector,
    limits: Limits,
    /// When the lease was renewed last. `None`: it was not asked for yet, and no other process waits for it.
    renewed: Mutex<Option<Instant>>,
    is_draining: AtomicBool,
    /// Connections to others.
    links: Mutex<HashMap<NodeId, Arc<Link>>>,
}

impl Nodes {
    pub(crate) fn new(store: Arc<dyn Store>, config: NodeConfig, limits: &Limits) -> Self {
        let lease = NodeLease {
            node: NodeId::new(&random_token(12)),
            name: config.name.map(String::into_boxed_str),
            address: config.address.map(String::into_boxed_str),
            process: eyot_files::this_process().map(String::into_boxed_str),
            is_draining: false,
        };
        Self {
            store,
            lease,
            connector: config.connector,
            limits: *limits,
            renewed: Mutex::default(),
            is_draining: AtomicBool::default(),
            links: Mutex::default(),
        }
    }

    /// This process.
    pub(crate) fn node(&self) -> &NodeId {
        &self.lease.node
    }

    /// Whether no other process can think that this one has ended.
    pub(crate) fn is_sure(&self) -> bool {
        self.renewed.lock().is_none_or(|it| it.elapsed() < SURE)
    }

    /// Renews the lease at each interval. Never ready. Calls `lost` when it could not be renewed for so long
    /// that others may take what this process serves.
    pub(crate) async fn keep_on(&self, lost: impl Fn()) {
        let mut ticks = tokio::time::interval(RENEWAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let was_sure = self.is_sure();
            self.renew().await;
            if !was_sure {
                lost();
            }
        }
    }

    async fn renew(&self) {
        let is_draining = self.is_draining.load(Ordering::Relaxed);
        let lease = NodeLease { is_draining, ..self.lease.clone() };
        // The others count from when the store has it, which is later.
        let asked = Instant::now();
        match self.store.renew(lease, LEASE).await {
            Ok(()) => *self.renewed.lock() = Some(asked),
            Err(error) => tracing::warn!(%error, "the lease of this process is not renewed"),
        }
    }

    /// Says that this process ends soon.
    pub(crate) async fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
        self.renew().await;
    }

    /// Ends the lease: nothing is served any more.
    pub(crate) async fn end(&self) {
        *self.renewed.lock() = None;
        if let Err(error) = self.store.end_lease(self.node().clone()).await {
            tracing::debug!(%error, "the lease of this process ends by itself");
        }
    }

    /// The way to another process that serves sessions. `None`: it has ended, or cannot be reached.
    pub(crate) async fn link(&self, node: &NodeId) -> Result<Option<Arc<Link>>, StoreError> {
        if node == self.node() {
            return Ok(None);
        }
        let Some(lease) = self.store.lease(node.clone()).await? else { return Ok(None) };
        let is_alive = is_alive(&lease);
        let Some(address) = lease.address.filter(|_| is_alive) else { return Ok(None) };
        match self.link_to(node, &address) {
            Ok(link) => Ok(Some(link)),
            Err(error) => {
                tracing::warn!(%error, "address of another process");
                Ok(None)
            }
        }
    }

    fn link_to(&self, node: &NodeId, address: &str) -> Result<Arc<Link>, InvalidUrl> {
        let mut links = self.links.lock();
        if let Some(link) = links.get(node) {
            return Ok(Arc::clone(link));
        }
        let client = HttpClient::with_connector(address, self.limits, &self.connector)?;
        let link = Arc::new(Link::new(client, node.clone(), Arc::clone(&self.store)));
        if links.len() >= LINKS_MAX {
            links.clear();
        }
        links.insert(node.clone(), Arc::clone(&link));
        Ok(link)
    }
}

/// The lease ends with the process that it is about, also where nothing waits for its end.
impl Drop for Nodes {
    fn drop(&mut self) {
        if self.renewed.lock().is_some() {
            drop(self.store.end_lease(self.lease.node.clone()));
        }
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nodes").field("lease", &self.lease).finish_non_exhaustive()
    }
}

/// More processes than share one store at a time; those that have ended are among them.
const LINKS_MAX: usize = 256;
