//! Legacy clients before a modern server.
//!
//! What a message becomes is said by `eyot_era::legacy_to_modern`; here is the rest. The server is one
//! [`upstream`] for all sessions. A session ([`emulated_session`]) is kept here alone, because the
//! server knows none; its [`service`] answers the client: calls ([`call`]), the stream of changes
//! ([`listening`], [`change_subscription`]) and [`tasks`].

mod call;
mod change_subscription;
mod emulated_session;
mod listening;
mod pending;
mod service;
mod tasks;
mod upstream;

use std::sync::Arc;

use eyot_era::legacy_to_modern::{self, ClientMeta};
use eyot_jsonrpc::Request;
use eyot_service::{BoxService, Fault, Peer, Reply, SessionHandle};
use eyot_session::{SessionState, UpstreamRef};
use eyot_types::{DiscoverResult, Era, Implementation, Revision, codes};
use eyot_upstream::{ModernSide, Upstream, initialize};

use self::emulated_session::EmulatedSession;
use self::service::SessionService;
use self::tasks::KnownTasks;
use self::upstream::ModernUpstream;
use crate::losses::count_losses;

/// Legacy clients before one modern server.
#[derive(Debug)]
pub struct LegacyToModern {
    upstream: Arc<Upstream>,
    modern: Arc<ModernSide>,
    /// The server as sessions see it.
    server: Arc<ModernUpstream>,
    known_tasks: Arc<KnownTasks>,
}

impl LegacyToModern {
    /// The bridge to an upstream, which is asked through its modern side.
    #[must_use]
    pub fn new(upstream: Arc<Upstream>, modern: Arc<ModernSide>) -> Self {
        let known_tasks = KnownTasks::new(&upstream.runtime);
        let server = ModernUpstream::new(Arc::clone(&upstream), Arc::clone(&modern));
        Self { upstream, modern, server: Arc::new(server), known_tasks }
    }

    /// Whether the upstream is known to speak the modern era alone.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.upstream.era.lacks(Era::Legacy)
    }

    /// Finds out whether the upstream, which has just refused `initialize`, is modern.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends a probing child.
    pub async fn probe(&self) -> bool {
        self.upstream.era.invalidate(Era::Legacy);
        let is_modern = self.modern.required().await.is_ok();
        if is_modern {
            self.upstream.era.find_only(Era::Modern);
        }
        is_modern
    }

    /// Answers `initialize` with what the upstream says of itself.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the client says nothing that can be understood, or the upstream does not
    /// answer.
    ///
    /// # Cancel safety
    ///
    /// No session is made.
    pub async fn initialize(
        &self,
        context: &SessionHandle,
        request: Request,
    ) -> Result<Reply, Fault> {
        let revision = Revision::negotiate(&initialize::requested_revision(&request));
        let params = request.params().unwrap_or("{}");
        let (client, losses) = ClientMeta::of_initialize(revision, params)
            .map_err(|error| Fault::refused(codes::invalid_params(&error.to_string())))?;
        count_losses(&losses, Era::Legacy);
        let discovered = self.server.discover().await;
        // The server may have changed its era: `initialize` is tried first the next time.
        let discovered = discovered.inspect_err(|_| self.upstream.era.invalidate(Era::Modern))?;
        let discovered = DiscoverResult::clone(&discovered);
        let (result, losses) = legacy_to_modern::initialize(
            revision,
            discovered,
            Implementation::new("unnamed", "0"),
            // A client that is authenticated can list its tasks.
            context.principal().is_some(),
        );
        count_losses(&losses, Era::Modern);
        let name = self.upstream.name.get(|| context.store().seal_key()).await;
        let name = name.map_err(|error| {
            tracing::error!(%error, "the key of the store cannot be read");
            Fault::internal("the session store cannot be used now")
        })?;
        let upstream = UpstreamRef {
            target: Some(name),
            revision: Some(Revision::MODERN.as_str().into()),
            is_modern: true,
            ..UpstreamRef::default()
        };
        let slot = &self.upstream.slot;
        context.add_upstream(slot.clone(), upstream);
        let session = self.stored_session(context.peer(), SessionState::default());
        let service = SessionService::new(session.of(client)).into_service();
        context.set_upstream(slot.clone(), service);
        Ok(Reply::One(request.answer(&result)))
    }

    /// What answers the calls of a session that an earlier process has opened.
    #[must_use]
    pub fn stored(&self, peer: Peer, state: SessionState) -> BoxService {
        SessionService::new(self.stored_session(peer, state)).into_service()
    }

    fn stored_session(&self, peer: Peer, state: SessionState) -> EmulatedSession {
        EmulatedSession::stored(Arc::clone(&self.server), &self.known_tasks, peer, state)
    }
}
