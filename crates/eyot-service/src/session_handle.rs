//! The session that the service behind the endpoint sees.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use eyot_jsonrpc::ErrorObject;
use eyot_session::{
    Fence, ItemChange, SessionId, SessionRecord, SessionState, Store, StoreError, UpstreamName,
    UpstreamRef,
};
use eyot_stdx::QuotaPermit;
use eyot_types::{Era, Revision};
use http::Extensions;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::{BoxService, Peer, Principal, Reach, SharedTotal, Transport, unix_ms};

/// A legacy session: its id, its stored state, and the values that services keep with it.
///
/// It comes with every call of a legacy client as [`Call::session`](crate::Call), from `initialize`
/// on. The values live as long as the session lives in this process: one of each type, and the
/// services that answer for its upstreams, by name.
pub struct SessionHandle {
    id: SessionId,
    principal: Option<Arc<str>>,
    fence: Fence,
    /// Unknown until `initialize` is answered.
    revision: OnceLock<Revision>,
    store: Arc<dyn Store>,
    state: Mutex<SessionState>,
    /// One writer at a time, so that a later state is never overwritten by an earlier one.
    writing: Semaphore,
    kept: Mutex<Kept>,
}

/// What is kept with a session. Ten thousand sessions have one upstream each, which has no name.
#[derive(Default)]
struct Kept {
    /// What answers for the upstream without a name, once the session is joined with it.
    unnamed: Option<BoxService>,
    /// Its place among all sessions, with the bytes of its `initialize` and its subscriptions.
    /// `None`: it is the only one of its process, or has ended.
    place: Option<QuotaPermit>,
    /// One of each type, [`Named`] among them.
    values: Extensions,
}

/// What answers for the upstreams with a name.
#[derive(Clone, Default)]
struct Named(BTreeMap<UpstreamName, BoxService>);

const _: () = assert!(size_of::<SessionHandle>() <= 208, "10,000 and more of these live at once");

impl SessionHandle {
    /// A session that this process may write under `fence`.
    #[must_use]
    pub fn new(
        id: SessionId,
        principal: Option<Arc<str>>,
        fence: Fence,
        state: SessionState,
        store: Arc<dyn Store>,
    ) -> Self {
        Self {
            id,
            principal,
            fence,
            store,
            state: Mutex::new(state),
            writing: Semaphore::new(1),
            revision: OnceLock::new(),
            kept: Mutex::default(),
        }
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// The principal that opened the session.
    #[must_use]
    pub fn principal(&self) -> Option<&Arc<str>> {
        self.principal.as_ref()
    }

    /// The session's client, for work in its name while it is not here: its address is unknown, and
    /// who else could come its way.
    #[must_use]
    pub fn peer(&self) -> Peer {
        let principal = self.principal.clone().map(Principal::new);
        let (transport, reach) = (Transport::Http, Reach::Anybody);
        Peer { era: Era::Legacy, principal, address: None, transport, reach }
    }

    /// The agreed revision; `None` while `initialize` is being answered.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.revision.get().copied()
    }

    /// Sets the agreed revision, once.
    pub fn set_revision(&self, revision: Revision) {
        self.revision.get_or_init(|| revision);
    }

    /// The fence under which this process writes.
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// The store that keeps the session.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The current state.
    #[must_use]
    pub fn state(&self) -> SessionState {
        self.state.lock().clone()
    }

    /// Looks at the current state. No other session may be looked at meanwhile.
    pub fn look<T>(&self, at: impl FnOnce(&SessionState) -> T) -> T {
        at(&self.state.lock())
    }

    /// Changes the state in memory. Before the answer to `initialize` this is enough: the
    /// state is stored together with the session.
    pub fn edit(&self, edit: impl FnOnce(&mut SessionState)) {
        edit(&mut self.state.lock());
    }

    /// Changes the state and waits until it is stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the change stays in memory.
    ///
    /// # Cancel safety
    ///
    /// The change stays in memory and may not be stored before the next one.
    pub async fn update(&self, edit: impl FnOnce(&mut SessionState)) -> Result<(), StoreError> {
        self.edit(edit);
        let turn = self.writing.acquire().await;
        let stored = self.store.update(self.id.clone(), self.fence, self.state()).await;
        drop(turn);
        stored
    }

    /// Changes items of the state, and waits until that is stored.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the changes stay in memory.
    ///
    /// # Cancel safety
    ///
    /// As [`update`](Self::update).
    pub async fn change_items(&self, changes: Vec<ItemChange>) -> Result<(), StoreError> {
        let turn = self.writing.acquire().await;
        self.edit(|state| {
            for change in &changes {
                state.items.apply(change.clone());
            }
        });
        let stored = self.store.change_items(self.id.clone(), self.fence, changes).await;
        drop(turn);
        stored
    }

    /// Keeps the session's place among all sessions of the process, until it ends.
    pub fn keep_place(&self, place: QuotaPermit) {
        self.kept.lock().place = Some(place);
    }

    /// Gives the place up: the session is over, even if it is still held.
    pub fn give_up_place(&self) {
        let place = self.kept.lock().place.take();
        drop(place);
    }

    /// Takes room for so many bytes more.
    pub(crate) fn take_room(&self, bytes: usize) -> Result<(), ErrorObject> {
        let mut kept = self.kept.lock();
        let taken = kept.place.as_mut().map_or(Ok(()), |place| place.grow(bytes));
        drop(kept);
        taken.map_err(|_full| SharedTotal::Sessions.refusal())
    }

    /// Gives such room back.
    pub(crate) fn give_room(&self, bytes: usize) {
        if let Some(place) = &mut self.kept.lock().place {
            place.shrink(bytes);
        }
    }

    /// The whole stored record, with the client's `initialize`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    ///
    /// # Cancel safety
    ///
    /// Reads only.
    pub async fn record(&self) -> Result<Option<SessionRecord>, StoreError> {
        self.store.load(self.id.clone(), unix_ms()).await
    }

    /// Notes an upstream session that was opened just now, in memory, as [`edit`](Self::edit) does. It
    /// gets the next generation, which is returned.
    pub fn add_upstream(&self, name: UpstreamName, upstream: UpstreamRef) -> u64 {
        let mut state = self.state.lock();
        let generation = state.upstreams.next_generation();
        state.upstreams.insert(name, UpstreamRef { generation, ..upstream });
        generation
    }

    /// Keeps `service` as the one that answers for an upstream of the session; replaces an earlier
    /// one.
    pub fn set_upstream(&self, name: UpstreamName, service: BoxService) {
        self.kept.lock().insert(name, service);
    }

    /// Lets go of the service that answers for an upstream of the session.
    pub fn remove_upstream(&self, name: &UpstreamName) {
        let removed = self.kept.lock().remove(name);
        drop(removed);
    }

    /// The service that answers for an upstream of the session, if this process has joined the two.
    #[must_use]
    pub fn upstream(&self, name: &UpstreamName) -> Option<BoxService> {
        self.kept.lock().upstream(name).cloned()
    }

    /// The service that answers for an upstream of the session; `make` makes it if there is none.
    /// Calls that need it at once all get one service. `make` must not look at what else is kept.
    pub fn upstream_or_else(
        &self,
        name: UpstreamName,
        make: impl FnOnce() -> BoxService,
    ) -> BoxService {
        let mut kept = self.kept.lock();
        if let Some(known) = kept.upstream(&name) {
            return known.clone();
        }
        let made = make();
        kept.insert(name, made.clone());
        made
    }

    /// The value of this type that is kept with the session; `make` makes it if there is none.
    /// Calls that need it at once all get one value. `make` must not look at what else is kept.
    pub fn value_or_else<T>(&self, make: impl FnOnce() -> T) -> T
    where
        T: Clone + Send + Sync + 'static,
    {
        self.kept.lock().values.get_or_insert_with(make).clone()
    }
}

impl Kept {
    fn upstream(&self, name: &UpstreamName) -> Option<&BoxService> {
        match name.is_default() {
            true => self.unnamed.as_ref(),
            false => self.values.get::<Named>()?.0.get(name),
        }
    }

    fn remove(&mut self, name: &UpstreamName) -> Option<BoxService> {
        match name.is_default() {
            true => self.unnamed.take(),
            false => self.values.get_mut::<Named>()?.0.remove(name),
        }
    }

    fn insert(&mut self, name: UpstreamName, service: BoxService) {
        if name.is_default() {
            self.unnamed = Some(service);
        } else {
            self.values.get_or_insert_default::<Named>().0.insert(name, service);
        }
    }
}

impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionHandle").field("id", &self.id).finish_non_exhaustive()
    }
}
