//! The sessions that this process serves; the others are found in the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use eyot_jsonrpc::ErrorObject;
use eyot_service::{BoxService, Input, Limits, SessionHandle, SharedTotal, TotalQuota, unix_ms};
use eyot_session::{
    Claimant, Fence, Limits as LimitsOfOne, SessionId, SessionMachine, SessionRecord, Store,
    StoreError,
};
use eyot_stdx::random_token;
use eyot_types::Revision;
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::task::yield_now;

use crate::active_session::ActiveSession;
use crate::farewells::{Farewell, Farewells};
use crate::nodes::{Link, Nodes};
use crate::session_shards::SessionShards;
use crate::sweep::Sweep;

/// Finds, opens and ends sessions.
pub(crate) struct Registry {
    store: Arc<dyn Store>,
    farewells: Farewells,
    nodes: Nodes,
    quota: TotalQuota,
    limits_of_one: LimitsOfOne,
    sessions: SessionShards,
    /// Sessions that are being claimed: requests that come at once share one claim. Clients choose
    /// these ids: the map's own hasher keeps them from flooding it.
    claiming: Mutex<HashMap<Claim, Arc<Claiming>>>,
}

/// A session and the principal that asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Claim {
    id: SessionId,
    principal: Option<Arc<str>>,
}

type Claiming = OnceCell<Option<Arc<ActiveSession>>>;

/// Why a session can neither be opened nor be found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// There are as many sessions as allowed.
    #[error("too many sessions")]
    TooMany(ErrorObject),
    /// A random text that cannot be an id: the alphabet of ids is wrong.
    #[error("no session id can be made")]
    NoId,
    /// The process cannot be sure that no other one serves the session by now.
    #[error("this process is cut off from the others")]
    Unsure,
    /// Another process has taken the session a moment ago.
    #[error("session moves between processes")]
    Moving,
    /// Another process serves the session.
    #[error("session is served by another process")]
    Elsewhere(Arc<Link>),
    /// The session cannot be promised to survive.
    #[error("session cannot be stored: {0}")]
    Store(#[from] StoreError),
}

impl Registry {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        nodes: Nodes,
        farewells: Farewells,
        limits: &Limits,
    ) -> Self {
        let quota = TotalQuota::new(SharedTotal::Sessions, limits);
        Self {
            store,
            farewells,
            nodes,
            quota,
            limits_of_one: limits.sessions.each,
            sessions: SessionShards::new(limits.sessions.in_all_max),
            claiming: Mutex::new(HashMap::new()),
        }
    }

    /// A handle for a session that may come to be: `initialize` runs in it.
    ///
    /// The id is 128 random bits: "globally unique and cryptographically secure"
    /// (2025-11-25, basic/transports). An id that the client sends is never adopted.
    pub(crate) fn prepare(
        &self,
        principal: Option<Arc<str>>,
        initialize_bytes: usize,
    ) -> Result<ActiveSession, OpenError> {
        let permit =
            self.quota.acquire(principal.as_ref(), initialize_bytes).map_err(OpenError::TooMany)?;
        let id = SessionId::parse(&random_token(16)).ok_or(OpenError::NoId)?;
        let store = Arc::clone(&self.store);
        let handle = SessionHandle::new(id, principal, Fence(1), Default::default(), store);
        let machine = SessionMachine::open(Revision::LATEST_LEGACY, self.limits_of_one, unix_ms());
        Ok(ActiveSession::new(handle, machine, permit))
    }

    /// Stores the session; from here on it survives the process.
    pub(crate) async fn open(
        &self,
        session: ActiveSession,
        revision: Revision,
        initialize: bytes::Bytes,
    ) -> Result<Arc<ActiveSession>, OpenError> {
        let now_ms = unix_ms();
        *session.machine() = SessionMachine::open(revision, self.limits_of_one, now_ms);
        let handle = session.handle();
        handle.set_revision(revision);
        let record = SessionRecord {
            id: handle.id().clone(),
            principal: handle.principal().map(|it| it.as_ref().to_owned()),
            revision,
            initialize,
            state: handle.state(),
            owner: Some(self.nodes.node().clone()),
            fence: handle.fence(),
            created_ms: now_ms,
            expires_ms: session.machine().expires_ms(),
        };
        self.store.create(record).await?;
        let session = Arc::new(session);
        self.sessions.insert(Arc::clone(&session));
        self.report();
        Ok(session)
    }

    /// The session of that id, if it belongs to `principal`: an id alone opens nothing.
    pub(crate) async fn find(
        &self,
        id: &str,
        principal: Option<&Arc<str>>,
    ) -> Result<Option<Arc<ActiveSession>>, OpenError> {
        if !self.nodes.is_sure() {
            return Err(OpenError::Unsure);
        }
        if let Some(session) = self.sessions.get(id) {
            return Ok(Some(session).filter(|it| it.belongs_to(principal)));
        }
        let Some(id) = SessionId::parse(id) else { return Ok(None) };
        Box::pin(self.claim(Claim { id, principal: principal.cloned() })).await
    }

    /// The sessions that this process serves now.
    pub(crate) fn all(&self) -> impl Iterator<Item = Arc<ActiveSession>> {
        self.sessions.lists().flatten()
    }

    /// Takes over a session that this process does not serve yet.
    async fn claim(&self, claim: Claim) -> Result<Option<Arc<ActiveSession>>, OpenError> {
        let cell = Arc::clone(self.claiming.lock().entry(claim.clone()).or_default());
        let claimed = cell.get_or_try_init(|| self.claim_once(&claim)).await.cloned();
        self.claiming.lock().remove(&claim);
        claimed
    }

    async fn claim_once(&self, claim: &Claim) -> Result<Option<Arc<ActiveSession>>, OpenError> {
        let now_ms = unix_ms();
        // Another request may have been faster between the look-up and the turn.
        if let Some(session) = self.sessions.get(claim.id.as_str()) {
            return Ok(Some(session).filter(|it| it.belongs_to(claim.principal.as_ref())));
        }
        let Claim { id, principal } = claim.clone();
        let Some(record) = self.store.load(id.clone(), now_ms).await? else { return Ok(None) };
        if !record.belongs_to(principal.as_deref()) {
            return Ok(None);
        }
        if let Some(owner) = &record.owner
            && let Some(link) = self.nodes.link(owner).await?
        {
            return Err(OpenError::Elsewhere(link));
        }
        // First the room for it, then the fence: a refusal changes nothing.
        let mut place = self.quota.acquire(principal.as_ref(), 0).map_err(OpenError::TooMany)?;
        let claimant = Claimant::new(self.nodes.node().clone(), principal).over(record.fence);
        let claimed = match self.store.claim(id, claimant, now_ms).await {
            Err(StoreError::Conflict) => return Err(OpenError::Moving),
            claimed => claimed?,
        };
        let Some(claimed) = claimed else { return Ok(None) };
        let machine = SessionMachine::resume(&claimed, self.limits_of_one, now_ms);
        let record = claimed.record;
        let uris = record.state.items.subscriptions().map(str::len).sum::<usize>();
        let bytes = record.initialize.len() + uris;
        self.quota.grow(&mut place, bytes).map_err(OpenError::TooMany)?;
        let revision = record.revision;
        let handle = SessionHandle::new(
            record.id,
            record.principal.map(Arc::from),
            record.fence,
            record.state,
            Arc::clone(&self.store),
        );
        handle.set_revision(revision);
        let session = Arc::new(ActiveSession::new(handle, machine, place));
        self.sessions.insert(Arc::clone(&session));
        self.report();
        Ok(Some(session))
    }

    /// Ends a session for good. Its service, if it is known, is told of it later.
    pub(crate) async fn end(&self, session: &Arc<ActiveSession>) -> Result<(), StoreError> {
        self.end_with(session, self.farewells.service_of(session.handle())).await
    }

    /// As [`end`](Self::end); this is its service.
    pub(crate) async fn end_at(
        &self,
        session: &Arc<ActiveSession>,
        service: BoxService,
    ) -> Result<(), StoreError> {
        self.end_with(session, Some(service)).await
    }

    async fn end_with(
        &self,
        session: &Arc<ActiveSession>,
        service: Option<BoxService>,
    ) -> Result<(), StoreError> {
        let id = session.handle().id();
        self.sessions.remove(id.as_str());
        self.report();
        session.end();
        if let Some(service) = service {
            let call = session.call(Input::Close, session.handle().peer());
            self.farewells.say(Farewell { call, service });
        }
        self.store.remove(id.clone()).await.map(drop)
    }

    /// Stops serving a session that is no longer ours: another process has claimed it or removed it
    /// from the store. The next request looks it up anew.
    pub(crate) fn forget(&self, session: &ActiveSession) {
        self.sessions.remove(session.handle().id().as_str());
        session.end();
        self.report();
    }

    /// Writes what is due, and ends what has expired. Other tasks have their turn after each end, and
    /// after each [`SLICE`] of sessions that go on.
    pub(crate) async fn sweep(&self) {
        let now_ms = unix_ms();
        let mut looked_at = 0;
        for session in self.all() {
            let (has_ended, touch) = {
                let mut machine = session.machine();
                (machine.handle_timeout(now_ms), machine.poll_touch())
            };
            if let Some(expires_ms) = touch {
                self.store.touch(session.handle().id(), expires_ms);
            }
            if has_ended && let Err(error) = self.end(&session).await {
                tracing::warn!(%error, "expired session was not removed");
            }
            looked_at += 1;
            if has_ended || looked_at % SLICE == 0 {
                yield_now().await;
            }
        }
        Sweep::store(&*self.store).await;
    }

    /// Says as long as it runs that this process lives. Never ready.
    pub(crate) async fn keep_lease(&self) {
        self.nodes.keep_on(|| self.forget_all()).await;
    }

    /// Says that this process ends soon.
    pub(crate) async fn drain(&self) {
        self.nodes.drain().await;
    }

    /// Other processes may serve the sessions by now.
    fn forget_all(&self) {
        let mut count = 0;
        for session in self.all() {
            self.forget(&session);
            count += 1;
        }
        tracing::warn!(count, "sessions are let go: other processes may have taken them");
    }

    /// Writes the ends of all sessions, so that the next process knows them, and lets them go.
    pub(crate) async fn let_go(&self) {
        let mut releasing = Vec::new();
        for session in self.all() {
            let handle = session.handle();
            self.store.touch(handle.id(), session.machine().expires_ms());
            releasing.push(self.store.release(handle.id().clone(), handle.fence()));
        }
        for released in join_all(releasing).await {
            if let Err(error) = released {
                tracing::debug!(%error, "a session is not let go: the next process waits for it");
            }
        }
        self.nodes.end().await;
    }

    fn report(&self) {
        eyot_metrics::sessions(self.sessions.len());
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("nodes", &self.nodes).finish_non_exhaustive()
    }
}

/// Sessions that a sweep looks at in one go.
const SLICE: usize = 256;

#[cfg(test)]
mod tests;
