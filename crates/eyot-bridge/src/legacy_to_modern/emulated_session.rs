//! One session of a legacy client whose server knows no sessions: kept here alone.

use std::sync::Arc;

use eyot_era::legacy_to_modern::ClientMeta;
use eyot_service::{Fault, Peer, SessionHandle};
use eyot_session::{SessionState, StoreError, UpstreamRef};
use eyot_upstream::Upstream;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::change_subscription::ChangeSubscription;
use super::pending::{Calls, Questions};
use super::tasks::{KnownTasks, SessionTasks};
use super::upstream::ModernUpstream;

/// What the bridge keeps of a session. Everything that must outlive the process is in the stored
/// state.
#[derive(Debug)]
pub(crate) struct EmulatedSession {
    upstream: Arc<ModernUpstream>,
    peer: Peer,
    /// Known from `initialize`, or read from the store.
    client: OnceCell<Arc<ClientMeta>>,
    log_level: Mutex<Option<String>>,
    questions: Arc<Questions>,
    calls: Arc<Calls>,
    changes: ChangeSubscription,
    tasks: SessionTasks,
}

impl EmulatedSession {
    /// A session that an earlier process has opened, or that is opened now.
    pub(crate) fn stored(
        upstream: Arc<ModernUpstream>,
        known_tasks: &Arc<KnownTasks>,
        peer: Peer,
        state: SessionState,
    ) -> Self {
        let wanted =
            state.items.subscriptions_at(&upstream.upstream().slot).map(str::to_owned).collect();
        Self {
            changes: ChangeSubscription::new(Arc::clone(&upstream), wanted),
            tasks: SessionTasks::new(known_tasks),
            upstream,
            peer,
            client: OnceCell::new(),
            log_level: Mutex::new(state.log_level.map(String::from)),
            questions: Arc::default(),
            calls: Arc::default(),
        }
    }

    /// The session of a client that has just said who it is.
    pub(crate) fn of(self, client: ClientMeta) -> Self {
        Self { client: OnceCell::new_with(Some(Arc::new(client))), ..self }
    }

    pub(crate) fn upstream(&self) -> &Arc<ModernUpstream> {
        &self.upstream
    }

    /// The client, as its calls name it.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(crate) fn changes(&self) -> &ChangeSubscription {
        &self.changes
    }

    pub(crate) fn tasks(&self) -> &SessionTasks {
        &self.tasks
    }

    pub(crate) fn questions(&self) -> &Arc<Questions> {
        &self.questions
    }

    /// The running calls, which the client can cancel.
    pub(crate) fn calls(&self) -> &Arc<Calls> {
        &self.calls
    }

    pub(crate) fn log_level(&self) -> Option<String> {
        self.log_level.lock().clone()
    }

    pub(crate) fn set_log_level(&self, level: String) {
        *self.log_level.lock() = Some(level);
    }

    /// Who the client is.
    pub(crate) async fn client(&self, context: &SessionHandle) -> Result<Arc<ClientMeta>, Fault> {
        let reading = || async {
            let unstored = |error: StoreError| {
                tracing::error!(%error, "session cannot be read");
                Fault::internal("the session store cannot be used now")
            };
            let record = context.record().await.map_err(unstored)?;
            let gone = || Fault::session_gone("session not found");
            let record = record.ok_or_else(gone)?;
            let Upstream { slot, name, .. } = self.upstream.upstream();
            let upstream = record.state.upstreams.get(slot);
            let target = upstream.and_then(|it| it.target.as_deref());
            let ours = name.recognize(target, || context.store().seal_key()).await;
            let name = ours.map_err(unstored)?.ok_or_else(gone)?;
            if target != Some(&*name) {
                let upstream =
                    UpstreamRef { target: Some(name), ..upstream.cloned().unwrap_or_default() };
                let insert = |it: &mut SessionState| it.upstreams.insert(slot.clone(), upstream);
                context.update(insert).await.map_err(unstored)?;
            }
            let unreadable = || Fault::internal("stored session cannot be read");
            let params = std::str::from_utf8(&record.initialize).map_err(|_| unreadable())?;
            let client = ClientMeta::of_initialize(record.revision, params);
            Ok(Arc::new(client.map_err(|_| unreadable())?.0))
        };
        self.client.get_or_try_init(reading).await.cloned()
    }
}
