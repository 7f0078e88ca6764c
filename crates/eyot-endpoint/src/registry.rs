//! The sessions that this process serves; the others are found in the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use eyot_jsonrpc::ErrorObject;
use eyot_service::{BoxService, Input, Limits, SessionHandle, SharedTotal, TotalQuota, unix_ms};
use eyot_session::{
    Claimant, Fence, Limits as LimitsOfOne, NodeId, SessionId, SessionMachine, SessionRecord,
    Store, StoreError,
};
use eyot_stdx::random_token;
use eyot_types::Revision;
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::task::yield_now;

use crate::active_session::ActiveSession;
use crate::farewells::{Farewell, Farewells};
use crate::session_shards::SessionShards;
use crate::sweep::Sweep;

/// Finds, opens and ends sessions.
pub(crate) struct Registry {
    store: Arc<dyn Store>,
    farewells: Farewells,
    node: NodeId,
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
    /// The session cannot be promised to survive.
    #[error("session cannot be stored: {0}")]
    Store(#[from] StoreError),
}

impl Registry {
    pub(crate) fn new(store: Arc<dyn Store>, farewells: Farewells, limits: &Limits) -> Self {
        let quota = TotalQuota::new(SharedTotal::Sessions, limits);
        Self {
            store,
            farewells,
            node: NodeId::new(&random_token(12)),
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
            owner: Some(self.node.clone()),
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
        // First the room for it, then the fence: a refusal changes nothing.
        let mut place = self.quota.acquire(principal.as_ref(), 0).map_err(OpenError::TooMany)?;
        let claimed =
            self.store.claim(id, Claimant::new(self.node.clone(), principal), now_ms).await?;
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

    /// Writes the ends of all sessions, so that the next process knows them.
    pub(crate) fn touch_all(&self) {
        for session in self.all() {
            let expires_ms = session.machine().expires_ms();
            self.store.touch(session.handle().id(), expires_ms);
        }
    }

    fn report(&self) {
        eyot_metrics::sessions(self.sessions.len());
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Sessions that a sweep looks at in one go.
const SLICE: usize = 256;

#[cfg(test)]
mod tests;
