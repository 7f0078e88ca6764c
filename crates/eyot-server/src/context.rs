//! A session as the service behind the server sees it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use eyot_session::{Fence, SessionId, SessionRecord, SessionState, Store, StoreError};
use eyot_transport::unix_ms;
use eyot_types::Revision;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// A legacy session: its name, its stored state, and what the service keeps with it.
///
/// Comes with every call of a legacy client as [`Call::session`](eyot_transport::Call),
/// already with `initialize`.
pub struct SessionContext {
    id: SessionId,
    principal: Option<Arc<str>>,
    fence: Fence,
    /// Unknown until `initialize` is answered.
    revision: OnceLock<Revision>,
    store: Arc<dyn Store>,
    state: Mutex<SessionState>,
    /// One writer at a time, so that a later state is never overwritten by an earlier one.
    writing: Semaphore,
    attachment: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
}

impl SessionContext {
    pub(crate) fn new(
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
            revision: OnceLock::new(),
            store,
            state: Mutex::new(state),
            writing: Semaphore::new(1),
            attachment: Mutex::new(None),
        }
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Who opened the session.
    #[must_use]
    pub fn principal(&self) -> Option<&Arc<str>> {
        self.principal.as_ref()
    }

    /// The revision that was agreed; `None` while `initialize` is being answered.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.revision.get().copied()
    }

    /// Notes what was agreed, once.
    pub(crate) fn set_revision(&self, revision: Revision) {
        self.revision.get_or_init(|| revision);
    }

    /// The fence under which this process writes.
    pub(crate) fn fence(&self) -> Fence {
        self.fence
    }

    /// Where the session is stored.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The state as it is now.
    #[must_use]
    pub fn state(&self) -> SessionState {
        self.state.lock().clone()
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

    /// Keeps something with the session, in the place of what was kept before.
    pub fn attach<T: Any + Send + Sync>(&self, attachment: Arc<T>) {
        *self.attachment.lock() = Some(attachment);
    }

    /// What was kept, if it is a `T`.
    #[must_use]
    pub fn attachment<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.attachment.lock().clone()?.downcast().ok()
    }

    /// What was kept, or what `make` makes now. Nobody else can attach in between.
    pub fn attachment_or_else<T: Any + Send + Sync>(
        &self,
        make: impl FnOnce() -> Arc<T>,
    ) -> Arc<T> {
        let mut attachment = self.attachment.lock();
        if let Some(kept) = attachment.clone().and_then(|it| it.downcast().ok()) {
            return kept;
        }
        let made = make();
        *attachment = Some(Arc::<T>::clone(&made));
        made
    }
}

impl fmt::Debug for SessionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionContext").field("id", &self.id).finish_non_exhaustive()
    }
}
