//! Upstream sessions for modern clients, shared as far as the affinity allows.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_service::{Aside, Fault, Needs, Reach, SharedTotal, TotalQuota, Turn};
use eyot_stdx::{QuotaPermit, QuotaScope, ThingNo, UseOrder};
use eyot_types::{ClientCapabilities, InitializeResult};
use eyot_upstream::{HoldChildren, KnownPage, Upstream};
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::affinity::Affinity;
use super::driver::Idle;
use super::known_capabilities::CapabilityClass;
use super::modern_request::ModernRequest;
use super::record::UpstreamPosition;
use super::session::{Opening, UpstreamSession};
use super::session_router::{Known, SessionRouter};

/// The key of a shared session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    principal: Option<Arc<str>>,
    /// A legacy server learns what its client can do once per session.
    class: CapabilityClass,
    handle: Option<String>,
    /// The upstream's id of a session that an earlier process has opened.
    restored: Option<String>,
    /// The number of a further session, for calls that cannot have their turn in the first (0).
    further: u16,
}

/// A key is looked up in every call: what it does not have is not hashed.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { principal, class, handle, restored, further } = self;
        class.hash(state);
        let texts = [principal.as_deref(), handle.as_deref(), restored.as_deref()];
        texts.into_iter().flatten().for_each(|text| text.hash(state));
        if *further > 0 {
            further.hash(state);
        }
    }
}

/// The sessions of one upstream.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) upstream: Arc<Upstream>,
    affinity: Affinity,
    permits: TotalQuota,
    /// The upstream gives no session ids.
    is_stateless: AtomicBool,
    aside: Arc<Aside>,
    known: Known,
    sessions: Mutex<Sessions>,
    /// What the upstream said of itself, to whom, and when.
    said: Mutex<HashMap<Said, (InitializeResult, Instant)>>,
    weak: Weak<Self>,
}

type Said = (Option<Arc<str>>, CapabilityClass);
type Cell = Arc<OnceCell<Arc<UpstreamSession>>>;

#[derive(Debug, Default)]
struct Sessions {
    entries: HashMap<Key, Entry>,
    order: UseOrder<Key, Owner, Instant>,
}

/// The principal that a session counts for.
type Owner = Option<Arc<str>>;

#[derive(Debug)]
struct Entry {
    cell: Cell,
    used: Instant,
    /// When the upstream's word of itself was last kept, out of this session.
    said: Option<Instant>,
    number: ThingNo,
}

impl Pool {
    pub(crate) fn new(upstream: Arc<Upstream>, affinity: Affinity, known: Known) -> Arc<Self> {
        let permits = upstream.runtime.totals.of(SharedTotal::UpstreamSessions);
        let pool = Arc::new_cyclic(|weak| Self {
            upstream,
            affinity,
            permits,
            is_stateless: AtomicBool::new(false),
            aside: Arc::default(),
            known,
            sessions: Mutex::default(),
            said: Mutex::default(),
            weak: weak.clone(),
        });
        if pool.upstream.target.is_shared_channel() {
            let holder: Weak<dyn HoldChildren> = pool.weak.clone();
            pool.upstream.runtime.children.add_holder(holder);
        }
        pool
    }

    /// The session for a request; opened now if there is none. `wants_stream`: open the session's own
    /// stream even if the session is not shared.
    pub(crate) async fn session(
        &self,
        request: &ModernRequest,
        wants_stream: bool,
    ) -> Result<Arc<UpstreamSession>, Fault> {
        let Some(key) = self.key(request) else {
            let wants_stream = wants_stream || !request.declared.capabilities.0.is_empty();
            let principal = request.peer.principal_name();
            let session = self.open(request, principal, wants_stream, None).await?;
            self.remember(request, &session);
            self.upstream.keep_spare(&request.peer);
            return Ok(session);
        };
        self.shared(request, key).await
    }

    /// Whether calls may go to further sessions of the same kind: not where an operator or a client
    /// has said which session they share.
    pub(crate) fn may_open_further(&self) -> bool {
        self.affinity == Affinity::Auto
    }

    /// A turn in a further session, for a call that cannot have it in the first.
    ///
    /// # Errors
    /// There are too many sessions or children, or the upstream opens none.
    pub(crate) async fn further(
        &self,
        request: &ModernRequest,
        needs: Needs,
    ) -> Result<(Arc<UpstreamSession>, Turn), Fault> {
        let first = self.key(request);
        for further in 1..=FURTHER_MAX {
            let Some(key) = first.clone().map(|it| Key { further, ..it }) else { break };
            let session = self.shared(request, key).await?;
            self.upstream.keep_spare(&request.peer);
            if let Some(turn) = session.turns.try_take(needs) {
                return Ok((session, turn));
            }
        }
        Err(too_many())
    }

    /// The session of that key; opened now if there is none.
    async fn shared(
        &self,
        request: &ModernRequest,
        key: Key,
    ) -> Result<Arc<UpstreamSession>, Fault> {
        let place = self.place(key);
        let opening = async {
            let idle = self.idle(&place.key);
            self.open(request, place.principal(), true, Some(idle)).await
        };
        let session = place.cell.get_or_try_init(|| Box::pin(opening)).await?;
        if place.is_word_old {
            self.remember(request, session);
        }
        Ok(Arc::clone(session))
    }

    /// Whether the session for a request is open already.
    fn is_open_for(&self, request: &ModernRequest) -> bool {
        let Some(key) = self.key(request) else { return false };
        let sessions = self.sessions.lock();
        sessions.entries.get(&key).and_then(|it| it.cell.get()).is_some_and(|it| it.is_open())
    }

    /// What the upstream has told this request's client and its like lately, where asking it would
    /// start a child.
    pub(crate) fn known_page(&self, request: &ModernRequest) -> Option<KnownPage> {
        let would_start = self.upstream.target.is_shared_channel() && !self.is_open_for(request);
        // A client that names its session wants to know what is listed there.
        let names_session = self.affinity == Affinity::Handle && request.handle().is_some();
        let is_of_use = would_start && !names_session;
        is_of_use.then(|| self.known.lists.find(&request.audience(), &request.message))?
    }

    /// Keeps a page of a list that the upstream has told a client, where that saves a child.
    pub(crate) fn learn_page(&self, request: &ModernRequest, page: KnownPage) {
        if self.upstream.target.is_shared_channel() {
            self.known.lists.learn(&request.audience(), &request.message, page);
        }
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
        let key =
            Key { principal, class: request.declared.class, handle: None, restored, further: 0 };
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
        self.known.lists.forget(&request.audience());
        let Some(key) = self.key(request) else { return };
        let mut sessions = self.sessions.lock();
        if sessions.entries.get(&key).is_some_and(|it| it.is(lost)) {
            sessions.remove(&key);
        }
    }

    /// What the upstream says of itself to such clients, if it said so lately.
    pub(crate) fn said(&self, request: &ModernRequest) -> Option<InitializeResult> {
        let said = self.said.lock();
        let (result, at) =
            said.get(&(request.peer.principal_name().cloned(), request.declared.class))?;
        (at.elapsed() < SAID_TTL).then(|| result.clone())
    }

    /// What a call needs to have for itself in a session. `None`: all that the upstream says to a
    /// call comes on the call's own stream. A question in a driven task says which task it is of.
    pub(crate) fn needs(
        &self,
        request: &ModernRequest,
        session: &UpstreamSession,
        is_driven: bool,
    ) -> Option<Needs> {
        let (asks, logs) = match session.is_pipe {
            true => (true, true),
            false => (self.aside.asks(), self.aside.logs()),
        };
        let is_log_wanted = request.log_level.is_some() && session.offers.log;
        match (asks, logs) {
            (false, false) => None,
            (_, true) if is_log_wanted => Some(Needs::Everything),
            (true, _) if request.may_be_asked() && !is_driven => Some(Needs::Questions),
            _ => Some(Needs::Nothing),
        }
    }

    fn router(&self, capabilities: ClientCapabilities) -> SessionRouter {
        SessionRouter::new(capabilities, Arc::clone(&self.aside), self.known.clone())
    }

    fn idle(&self, key: &Key) -> Idle {
        let is_further = key.further > 0;
        let (pool, key) = (self.weak.clone(), key.clone());
        let close = move |timeout| {
            if let Some(pool) = pool.upgrade() {
                pool.close_idle(&key, timeout);
            }
        };
        let timeout = self.upstream.runtime.limits.upstream.session_idle_timeout;
        let timeout = if is_further { timeout.min(FURTHER_IDLE) } else { timeout };
        Idle { close: Box::new(close), timeout }
    }

    /// Closes a session that is not in use and has not been for so long.
    fn close_idle(&self, key: &Key, idle: Duration) {
        let mut sessions = self.sessions.lock();
        let is_idle = |it: &Entry| it.used.elapsed() >= idle && it.is_unused();
        let closed = match sessions.entries.get(key).is_some_and(is_idle) {
            true => sessions.remove(key),
            false => None,
        };
        drop(sessions);
        drop(closed);
    }

    fn place(&self, key: Key) -> Place<'_> {
        let mut sessions = self.sessions.lock();
        let entry = sessions.use_now(&key);
        if entry.cell.get().is_some_and(|it| !it.is_open()) {
            (entry.cell, entry.said) = (Arc::default(), None);
        }
        let is_word_old = entry.is_word_old();
        let cell = Arc::clone(&entry.cell);
        drop(sessions);
        Place { pool: self, key, cell, is_word_old }
    }

    /// `None`: the request shares its session with no other.
    fn key(&self, request: &ModernRequest) -> Option<Key> {
        let principal = request.peer.principal_name();
        let key = |principal: Option<Arc<str>>, handle| {
            Some(Key {
                principal,
                class: request.declared.class,
                handle,
                restored: None,
                further: 0,
            })
        };
        if self.is_stateless.load(Ordering::Relaxed) {
            return key(None, None);
        }
        match self.affinity {
            Affinity::Auto if principal.is_none() && request.peer.reach != Reach::OneUser => None,
            Affinity::Auto => key(principal.cloned(), None),
            Affinity::Shared => key(None, None),
            Affinity::PerPrincipal => key(principal.cloned(), None),
            Affinity::Handle => key(principal.cloned(), Some(request.handle()?)),
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
        let (peer, capabilities) = (request.peer.clone(), request.declared.capabilities.clone());
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
            let is_own_full = full.scope == QuotaScope::Principal;
            drop(self.take_idle(is_own_full.then_some(principal)));
            self.permits.quota().acquire(principal, 0)
        });
        taken.map_err(|_full| too_many())
    }

    /// Takes the session out that was used least lately, of all or of one principal.
    fn take_idle(&self, owner: Option<Option<&Arc<str>>>) -> Option<Entry> {
        let owner = owner.map(|it| it.cloned());
        let mut sessions = self.sessions.lock();
        let Sessions { entries, order } = &mut *sessions;
        let last_use = |key: &Key| entries.get(key).filter(|it| it.is_unused()).map(|it| it.used);
        let key = order.oldest(owner.as_ref(), last_use)?.clone();
        sessions.remove(&key)
    }

    /// Keeps what the upstream says of itself.
    fn remember(&self, request: &ModernRequest, session: &UpstreamSession) {
        let mut said = self.said.lock();
        let key = (request.peer.principal_name().cloned(), request.declared.class);
        if said.len() >= SAID_MAX {
            said.retain(|_, (_, at)| at.elapsed() < SAID_TTL);
        }
        if said.len() < SAID_MAX || said.contains_key(&key) {
            said.insert(key, (session.initialized.clone(), Instant::now()));
        }
    }
}

impl Sessions {
    /// The entry of that key, made now if there is none.
    fn use_now(&mut self, key: &Key) -> &mut Entry {
        let Self { entries, order } = self;
        let used = Instant::now();
        let entry = entries.entry(key.clone()).or_insert_with(|| {
            let number = order.add(key.clone(), key.principal.clone(), used);
            Entry { cell: Arc::default(), used, said: None, number }
        });
        entry.used = used;
        entry
    }

    fn remove(&mut self, key: &Key) -> Option<Entry> {
        let removed = self.entries.remove(key)?;
        self.order.remove(removed.number);
        Some(removed)
    }
}

/// A session's place in the pool, held by a caller that needs the session.
struct Place<'p> {
    pool: &'p Pool,
    key: Key,
    cell: Cell,
    /// It is time to keep the upstream's word of itself again.
    is_word_old: bool,
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
        if sessions.entries.get(&self.key).is_some_and(is_last) {
            sessions.remove(&self.key);
        }
    }
}

impl HoldChildren for Pool {
    fn close_idle(&self, only_of: Option<Option<&Arc<str>>>) -> bool {
        self.take_idle(only_of).is_some()
    }
}

impl Entry {
    /// Whether the upstream's word of itself must be kept anew, now that the session is used; it
    /// counts as kept then.
    fn is_word_old(&mut self) -> bool {
        let is_old = self.said.is_none_or(|it| self.used.duration_since(it) >= SAID_TTL / 2);
        if is_old {
            self.said = Some(self.used);
        }
        is_old
    }

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

fn too_many() -> Fault {
    Fault::overloaded(SharedTotal::UpstreamSessions.refusal(), Duration::from_secs(1))
}

/// Further sessions of one kind.
const FURTHER_MAX: u16 = 64;
/// How long a further session is kept while no call uses it.
const FURTHER_IDLE: Duration = Duration::from_secs(60);
/// How long the upstream's word of itself holds.
const SAID_TTL: Duration = Duration::from_secs(60);
const SAID_MAX: usize = 256;
