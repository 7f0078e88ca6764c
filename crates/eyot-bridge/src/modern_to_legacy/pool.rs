//! Upstream sessions for modern clients, shared as far as the affinity allows.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_service::{Fault, SharedTotal, TotalQuota};
use eyot_stdx::{QuotaPermit, QuotaScope};
use eyot_types::{ClientCapabilities, InitializeResult};
use eyot_upstream::Upstream;
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::affinity::Affinity;
use super::driver::Idle;
use super::modern_request::{CapabilityClass, ModernRequest};
use super::record::UpstreamPosition;
use super::session::{Opening, UpstreamSession};
use super::session_router::SessionRouter;
use crate::known_tools::KnownTools;

/// The key of a shared session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    principal: Option<Arc<str>>,
    /// A legacy server learns what its client can do once per session.
    class: CapabilityClass,
    handle: Option<String>,
    /// The upstream's id of a session that an earlier process has opened.
    restored: Option<String>,
}

/// The sessions of one upstream.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) upstream: Arc<Upstream>,
    affinity: Affinity,
    permits: TotalQuota,
    /// The upstream gives no session ids.
    is_stateless: AtomicBool,
    asks_aside: Arc<AtomicBool>,
    tools: Arc<KnownTools>,
    sessions: Mutex<HashMap<Key, Entry>>,
    /// What the upstream said of itself, to whom, and when.
    said: Mutex<HashMap<Said, (InitializeResult, Instant)>>,
    weak: Weak<Self>,
}

type Said = (Option<Arc<str>>, CapabilityClass);
type Cell = Arc<OnceCell<Arc<UpstreamSession>>>;

#[derive(Debug)]
struct Entry {
    cell: Cell,
    used: Instant,
}

impl Pool {
    pub(crate) fn new(
        upstream: Arc<Upstream>,
        affinity: Affinity,
        tools: Arc<KnownTools>,
    ) -> Arc<Self> {
        let permits = TotalQuota::new(SharedTotal::UpstreamSessions, &upstream.runtime.limits);
        Arc::new_cyclic(|weak| Self {
            upstream,
            affinity,
            permits,
            is_stateless: AtomicBool::new(false),
            asks_aside: Arc::default(),
            tools,
            sessions: Mutex::default(),
            said: Mutex::default(),
            weak: weak.clone(),
        })
    }

    /// The session for a request; opened now if there is none. `wants_stream`: open the session's own
    /// stream even if the session is not shared.
    pub(crate) async fn session(
        &self,
        request: &ModernRequest,
        wants_stream: bool,
    ) -> Result<Arc<UpstreamSession>, Fault> {
        let Some(key) = self.key(request) else {
            let wants_stream = wants_stream || !request.capabilities.0.is_empty();
            let principal = request.peer.principal_name();
            let session = self.open(request, principal, wants_stream, None).await?;
            self.remember(request, &session, Duration::ZERO);
            return Ok(session);
        };
        let place = self.place(key);
        let opening = async {
            let idle = self.idle(&place.key);
            let session = self.open(request, place.principal(), true, Some(idle)).await?;
            self.remember(request, &session, Duration::ZERO);
            Ok::<_, Fault>(session)
        };
        let session = Arc::clone(place.cell.get_or_try_init(|| Box::pin(opening)).await?);
        self.remember(request, &session, SAID_TTL / 2);
        Ok(session)
    }

    /// A session that an earlier process has opened, for the calls that it has left behind. `None`
    /// when it cannot have outlived that process.
    ///
    /// # Errors
    /// There are too many sessions.
    pub(crate) async fn restored(
        &self,
        request: &ModernRequest,
        position: &UpstreamPosition,
    ) -> Result<Option<Arc<UpstreamSession>>, Fault> {
        let principal = request.peer.principal_name().cloned();
        let restored = Some(position.session_id.clone().unwrap_or_default());
        let key = Key { principal, class: request.class, handle: None, restored };
        let place = self.place(key);
        let restoring = async {
            let permit = self.permit(place.principal()).map_err(Some)?;
            let router = self.router(position.capabilities.clone());
            let (peer, idle) = (request.peer.clone(), Some(self.idle(&place.key)));
            let capabilities = position.capabilities.clone();
            let opening = Opening { peer, capabilities, router, wants_stream: true, permit, idle };
            UpstreamSession::restore(&self.upstream, opening, position).await.ok_or(None)
        };
        match place.cell.get_or_try_init(|| Box::pin(restoring)).await {
            Ok(session) => Ok(Some(Arc::clone(session))),
            Err(None) => Ok(None),
            Err(Some(fault)) => Err(fault),
        }
    }

    /// Forgets a session that the upstream has forgotten.
    pub(crate) fn forget(&self, request: &ModernRequest, lost: &Arc<UpstreamSession>) {
        lost.router.set_gone();
        let Some(key) = self.key(request) else { return };
        let mut sessions = self.sessions.lock();
        if sessions.get(&key).is_some_and(|it| it.is(lost)) {
            sessions.remove(&key);
        }
    }

    /// What the upstream says of itself to such clients, if it said so lately.
    pub(crate) fn said(&self, request: &ModernRequest) -> Option<InitializeResult> {
        let said = self.said.lock();
        let (result, at) = said.get(&(request.peer.principal_name().cloned(), request.class))?;
        (at.elapsed() < SAID_TTL).then(|| result.clone())
    }

    /// Whether only one call at a time may be asked in a session.
    pub(crate) fn asks_one_at_a_time(&self, session: &UpstreamSession) -> bool {
        session.is_pipe || self.asks_aside.load(Ordering::Relaxed)
    }

    fn router(&self, capabilities: ClientCapabilities) -> SessionRouter {
        SessionRouter::new(capabilities, Arc::clone(&self.asks_aside), Arc::clone(&self.tools))
    }

    fn idle(&self, key: &Key) -> Idle {
        let (pool, key) = (self.weak.clone(), key.clone());
        let close = move |timeout| {
            if let Some(pool) = pool.upgrade() {
                pool.close_idle(&key, timeout);
            }
        };
        let timeout = self.upstream.runtime.limits.upstream.session_idle_timeout;
        Idle { close: Box::new(close), timeout }
    }

    /// Closes a session that is not in use and has not been for so long.
    fn close_idle(&self, key: &Key, idle: Duration) {
        let mut sessions = self.sessions.lock();
        let is_idle = |it: &Entry| it.used.elapsed() >= idle && it.is_unused();
        let closed =
            if sessions.get(key).is_some_and(is_idle) { sessions.remove(key) } else { None };
        drop(sessions);
        drop(closed);
    }

    fn place(&self, key: Key) -> Place<'_> {
        let mut sessions = self.sessions.lock();
        let entry = sessions
            .entry(key.clone())
            .or_insert_with(|| Entry { cell: Arc::default(), used: Instant::now() });
        entry.used = Instant::now();
        if entry.cell.get().is_some_and(|it| !it.is_open()) {
            entry.cell = Arc::default();
        }
        let cell = Arc::clone(&entry.cell);
        drop(sessions);
        Place { pool: self, key, cell }
    }

    /// `None`: the request shares its session with no other.
    fn key(&self, request: &ModernRequest) -> Option<Key> {
        let principal = request.peer.principal_name();
        let key = |principal: Option<Arc<str>>, handle| {
            Some(Key { principal, class: request.class, handle, restored: None })
        };
        if self.is_stateless.load(Ordering::Relaxed) {
            return key(None, None);
        }
        match self.affinity {
            Affinity::Auto => key(Some(Arc::clone(principal?)), None),
            Affinity::Shared => key(None, None),
            Affinity::PerPrincipal => key(principal.cloned(), None),
            Affinity::Handle => key(principal.cloned(), Some(request.handle.clone()?)),
            Affinity::PerRequest => None,
        }
    }

    async fn open(
        &self,
        request: &ModernRequest,
        principal: Option<&Arc<str>>,
        wants_stream: bool,
        idle: Option<Idle>,
    ) -> Result<Arc<UpstreamSession>, Fault> {
        let permit = self.permit(principal)?;
        let (peer, capabilities) = (request.peer.clone(), request.capabilities.clone());
        let router = self.router(capabilities.clone());
        let opening = Opening { peer, capabilities, router, wants_stream, permit, idle };
        let session = Box::pin(UpstreamSession::open(&self.upstream, opening)).await?;
        if session.is_stateless() {
            self.is_stateless.store(true, Ordering::Relaxed);
        }
        Ok(session)
    }

    /// Leave for one more session; the one that was used least lately is closed for it, and where
    /// the principal has its whole part, one of its own.
    fn permit(&self, principal: Option<&Arc<str>>) -> Result<QuotaPermit, Fault> {
        let taken = self.permits.quota().acquire(principal, 0).or_else(|full| {
            let is_own = |key: &Key| key.principal.as_ref() == principal;
            drop(self.take_idle(|key| full.scope == QuotaScope::All || is_own(key)));
            self.permits.quota().acquire(principal, 0)
        });
        taken.map_err(|_full| {
            Fault::overloaded(SharedTotal::UpstreamSessions.refusal(), Duration::from_secs(1))
        })
    }

    fn take_idle(&self, may_end: impl Fn(&Key) -> bool) -> Option<Entry> {
        let mut sessions = self.sessions.lock();
        let idle = sessions.iter().filter(|(key, it)| may_end(key) && it.is_unused());
        let key = idle.min_by_key(|(_, it)| it.used).map(|(key, _)| key.clone())?;
        sessions.remove(&key)
    }

    /// Keeps what the upstream says of itself, unless that is known from less than `recent` ago.
    fn remember(&self, request: &ModernRequest, session: &UpstreamSession, recent: Duration) {
        let mut said = self.said.lock();
        let key = (request.peer.principal_name().cloned(), request.class);
        if said.get(&key).is_some_and(|(_, at)| at.elapsed() < recent) {
            return;
        }
        if said.len() >= SAID_MAX {
            said.retain(|_, (_, at)| at.elapsed() < SAID_TTL);
        }
        if said.len() < SAID_MAX {
            said.insert(key, (session.initialized.clone(), Instant::now()));
        }
    }
}

/// A session's place in the pool, held by a caller that needs the session.
struct Place<'p> {
    pool: &'p Pool,
    key: Key,
    cell: Cell,
}

impl Place<'_> {
    /// The session counts for this principal.
    fn principal(&self) -> Option<&Arc<str>> {
        self.key.principal.as_ref()
    }
}

/// A place whose session could not be opened is not kept.
impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.cell.initialized() {
            return;
        }
        let mut sessions = self.pool.sessions.lock();
        let is_last = |it: &Entry| Arc::ptr_eq(&it.cell, &self.cell) && it.is_forsaken();
        if sessions.get(&self.key).is_some_and(is_last) {
            sessions.remove(&self.key);
        }
    }
}

impl Entry {
    fn is(&self, session: &Arc<UpstreamSession>) -> bool {
        self.cell.get().is_some_and(|it| Arc::ptr_eq(it, session))
    }

    /// Whether the pool alone holds it, and no caller waits for it.
    fn is_unused(&self) -> bool {
        Arc::strong_count(&self.cell) == 1
            && self.cell.get().is_some_and(|it| Arc::strong_count(it) == 1)
    }

    /// Whether there is no session, and only the caller that gives up here still waits for one.
    fn is_forsaken(&self) -> bool {
        Arc::strong_count(&self.cell) == 2 && !self.cell.initialized()
    }
}

/// How long the upstream's word of itself holds.
const SAID_TTL: Duration = Duration::from_secs(60);
const SAID_MAX: usize = 256;
