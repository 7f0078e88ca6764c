//! What is kept of one upstream that clients have named.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_relay::Relay;
use eyot_service::{
    BoxService, Call, Fault, Messages, Reply, ReplyFuture, ReplyItem, SessionHandle, SharedService,
};
use eyot_session::{SessionState, Store, StoreError, UpstreamName};
use eyot_stdx::QuotaPermit;
use eyot_upstream::{Target, TargetName};
use futures_core::Stream;
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tower_service::Service as _;

/// One upstream: its relay, and what calls it at the moment.
///
/// It is in use as long as anything holds it besides the table: a request, a reply that is not over,
/// or a session that was opened or found again in this process.
#[derive(Debug)]
pub(super) struct TargetEntry {
    relay: Relay,
    /// The relay behind its layers.
    service: BoxService,
    target: Target,
    name: TargetName,
    /// The name under the key of the store: stored sessions have it.
    stored_name: OnceCell<Box<str>>,
    used: Mutex<Instant>,
    _permit: QuotaPermit,
}

/// What a session keeps of its upstream.
#[derive(Clone, Debug)]
struct Held(#[expect(dead_code, reason = "it is held")] Arc<TargetEntry>);

impl TargetEntry {
    pub(super) fn new(
        target: Target,
        (relay, service): (Relay, BoxService),
        permit: QuotaPermit,
    ) -> Self {
        let name = TargetName::new(&target);
        let (stored_name, used) = (OnceCell::new(), Mutex::new(Instant::now()));
        Self { relay, service, target, name, stored_name, used, _permit: permit }
    }

    /// Learns how stored sessions name the upstream: before that, it owns none.
    ///
    /// # Errors
    ///
    /// Those of the store, whose key it needs.
    pub(super) async fn learn_name(&self, store: &dyn Store) -> Result<(), StoreError> {
        let naming = || self.name.get(|| store.seal_key());
        self.stored_name.get_or_try_init(naming).await.map(drop)
    }

    /// Takes note that it is used now.
    pub(super) fn touch(&self) {
        *self.used.lock() = Instant::now();
    }

    /// When it was used last; `None` as long as dropping it would lose something. `held`: how many
    /// hold it that make no use of it.
    pub(super) fn idle_since(self: &Arc<Self>, held: usize) -> Option<Instant> {
        let is_idle = Arc::strong_count(self) <= held && !self.relay.awaits_clients();
        is_idle.then(|| *self.used.lock())
    }

    /// Closes connections that nothing has used for too long.
    pub(super) fn sweep(&self) {
        self.target.sweep();
    }

    /// Whether a session was opened at this upstream. `false` as long as the name is not known.
    pub(super) fn owns(&self, state: &SessionState) -> bool {
        let opened_at = state.upstreams.get(&UpstreamName::DEFAULT);
        let opened_at = opened_at.and_then(|it| it.target.as_deref());
        opened_at.is_some() && opened_at == self.stored_name.get().map(AsRef::as_ref)
    }
}

/// What is to hear of the end of a session: the upstream that this process has joined with it.
pub(super) fn upstream_of(session: &SessionHandle) -> Option<BoxService> {
    session.upstream(&UpstreamName::DEFAULT)
}

impl SharedService for TargetEntry {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        if let Some(session) = &call.session {
            session.value_or_else(|| Held(Arc::clone(&self)));
        }
        let answering = self.service.clone().call(call);
        Box::pin(async move {
            Ok(match answering.await? {
                Reply::Stream(messages) => {
                    Reply::Stream(Messages::new(HeldStream { messages, _entry: self }))
                }
                reply => reply,
            })
        })
    }
}

/// A reply that holds its upstream until it is over.
struct HeldStream {
    messages: Messages,
    _entry: Arc<TargetEntry>,
}

impl Stream for HeldStream {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.messages).poll_next(cx)
    }
}
