//! The session of a pipe: it lasts as long as the pipe and is kept in memory.

use std::sync::Arc;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Request};
use eyot_service::{BoxService, Call, Input, Peer, SessionHandle};
use eyot_session::{
    Fence, LogLimits, SessionId, SessionRecord, SessionState, Sessions as _, Store,
};
use eyot_stdx::random_token;
use eyot_store_memory::MemoryStore;
use eyot_types::Revision;
use futures_util::FutureExt as _;
use futures_util::stream::AbortHandle;
use tower_service::Service as _;

/// A legacy session over a pipe.
pub(super) struct PipeSession {
    handle: Arc<SessionHandle>,
    store: Arc<MemoryStore>,
    /// The id of `initialize`, until it is answered.
    opened_by: Option<Id>,
    params: Bytes,
    listening: Option<AbortHandle>,
}

impl PipeSession {
    /// A session that may come to be: `initialize` runs in it.
    pub(super) fn open(request: &Request, peer: &Peer) -> Option<Self> {
        let id = SessionId::parse(&random_token(16))?;
        let store = Arc::new(MemoryStore::new(LogLimits::default()));
        let shared: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        let (principal, state) = (peer.principal_name().cloned(), SessionState::default());
        let handle = SessionHandle::new(id, principal, Fence(1), state, shared);
        let params = request.params().unwrap_or("{}");
        Some(Self {
            handle: Arc::new(handle),
            store,
            opened_by: Some(request.id()),
            params: Bytes::copy_from_slice(params.as_bytes()),
            listening: None,
        })
    }

    /// Whether the request of that id has opened it.
    pub(super) fn is_opened_by(&self, id: &Id) -> bool {
        self.opened_by.as_ref() == Some(id)
    }

    /// Whether `initialize` is not answered yet.
    pub(super) fn is_opening(&self) -> bool {
        self.opened_by.is_some()
    }

    /// Takes the answer to `initialize`; `false` when it opens nothing.
    pub(super) fn agree(&mut self, answer: &Message) -> bool {
        self.opened_by = None;
        let Some(revision) = crate::legacy::agreed_revision(answer) else { return false };
        self.handle.set_revision(revision);
        let record = SessionRecord {
            id: self.handle.id().clone(),
            principal: self.handle.principal().map(|it| it.as_ref().to_owned()),
            revision,
            initialize: std::mem::take(&mut self.params),
            state: self.handle.state(),
            owner: None,
            fence: self.handle.fence(),
            created_ms: 0,
            expires_ms: u64::MAX,
        };
        // The store is in memory: it is done when it returns.
        matches!(self.store.create(record).now_or_never(), Some(Ok(())))
    }

    /// Keeps that the client is ready: an upstream that is opened anew must be told so, and what the
    /// client has set since.
    pub(super) fn note_initialized(&self) {
        let noting = self.handle.update(|state| state.is_initialized = true);
        // The store is in memory: it is done when it returns.
        if !matches!(noting.now_or_never(), Some(Ok(()))) {
            tracing::error!("the session of a pipe was not kept");
        }
    }

    /// The revision that was agreed; `None` before the answer to `initialize`.
    pub(super) fn revision(&self) -> Option<Revision> {
        self.handle.revision()
    }

    /// The session as calls carry it.
    pub(super) fn shared(&self) -> Arc<SessionHandle> {
        Arc::clone(&self.handle)
    }

    pub(super) fn is_listening(&self) -> bool {
        self.listening.is_some()
    }

    pub(super) fn set_listening(&mut self, handle: AbortHandle) {
        self.listening = Some(handle);
    }

    /// Nothing that belongs to no call is sent any more.
    pub(super) fn stop_listening(&self) {
        if let Some(handle) = &self.listening {
            handle.abort();
        }
    }

    /// Tells the service that the session is over.
    pub(super) async fn close(self, service: &BoxService, peer: Peer) {
        let mut call = Call::new(Input::Close, peer);
        call.session = Some(self.shared());
        if let Err(fault) = service.clone().call(call).await {
            tracing::debug!(%fault, "service was not told that its session is over");
        }
    }
}
