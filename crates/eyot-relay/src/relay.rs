//! The service that answers with what an upstream says.

use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_bridge::{
    Affinity, KnownCapabilities, LegacyToModern, ModernRequest, ModernToLegacy, ParamHeaders,
};
use eyot_jsonrpc::Request;
use eyot_service::{BoxService, Call, Fault, Input, Reply, ReplyFuture, SessionHandle, Transport};
use eyot_session::{SessionState, Store, StoreError, UpstreamName, UpstreamRef};
use eyot_types::{Era, Method};
use eyot_upstream::{
    EraMode, ModernConnection, ModernSide, Runtime, Sender, Target, Upstream, initialize,
};
use tower_service::Service;

use crate::headerless_client::HeaderlessClient;
use crate::headerless_server::HeaderlessServer;
use crate::late_session::LateSession;
use crate::passthrough_session::{Link, PassthroughSession};
use crate::principal_states::PrincipalStates;
use crate::revisions::LegacyRevisions;

/// The options of a relay.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, from its default")]
pub struct RelayOptions {
    /// The era that the upstream is spoken to in. Unless it is [`EraMode::Auto`], the upstream is
    /// never asked: clients of the other era go over the bridge from their first call on, and an
    /// upstream that refuses the era is an error that names the option.
    pub era: EraMode,
    /// Which modern clients share a session at a legacy upstream.
    pub affinity: Affinity,
    /// Under which name the sessions of legacy clients keep the upstream. With a name it is one of
    /// several of each session: it is opened when a session first needs it, with the client's words at
    /// `initialize`, which the relay need not have answered.
    pub slot: UpstreamName,
    /// Where calls are kept that wait for a modern client's answers to a legacy upstream; its key
    /// seals what clients with principals keep for an upstream of either era. Without it such calls
    /// end with the process: the key is a random one of this relay.
    pub store: Option<Arc<dyn Store>>,
}

/// Answers calls with what one upstream says. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct Relay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    upstream: Arc<Upstream>,
    modern: Arc<ModernSide>,
    modern_to_legacy: ModernToLegacy,
    legacy_to_modern: LegacyToModern,
    param_headers: ParamHeaders,
    states: PrincipalStates,
}

impl Relay {
    /// A relay to `target`, whose era is found out. Nothing is started or connected before the
    /// first call.
    #[must_use]
    pub fn new(target: Target, runtime: Runtime) -> Self {
        Self::with_options(target, runtime, RelayOptions::default())
    }

    /// Like [`new`](Self::new), with options.
    #[must_use]
    pub fn with_options(target: Target, runtime: Runtime, options: RelayOptions) -> Self {
        let RelayOptions { era, affinity, slot, store } = options;
        let upstream = Arc::new(Upstream::new(target, runtime, era).with_slot(slot));
        let modern = Arc::new(ModernSide::new(Arc::clone(&upstream)));
        let modern_to_legacy = ModernToLegacy::new(&upstream, affinity, store.clone());
        let legacy_to_modern = LegacyToModern::new(Arc::clone(&upstream), Arc::clone(&modern));
        let limits = &upstream.runtime.limits;
        let param_headers = ParamHeaders::new(limits);
        let ttl = limits.calls.total_timeout;
        let states = PrincipalStates::new(Arc::clone(&upstream.name), store, ttl);
        Self(Arc::new(Inner {
            upstream,
            modern,
            modern_to_legacy,
            legacy_to_modern,
            param_headers,
            states,
        }))
    }

    /// Whether something is kept that modern clients will come back for, as
    /// [`ModernToLegacy::awaits_clients`] says: the relay should not be dropped then.
    #[must_use]
    pub fn awaits_clients(&self) -> bool {
        self.0.modern_to_legacy.awaits_clients()
    }

    /// The future of the answer. What it needs is looked up here, so that the future of an
    /// ordinary request holds nothing but the request: it is made for every call.
    fn answer(&self, call: Call) -> ReplyFuture {
        match call.peer.era {
            Era::Legacy => self.answer_legacy(call),
            Era::Modern => self.answer_modern(call),
        }
    }

    fn answer_legacy(&self, call: Call) -> ReplyFuture {
        let Some(context) = &call.session else { return failed("call has no session") };
        if let Input::Request(request) = &call.input
            && request.is_method(Method::Initialize.as_str())
        {
            let (relay, context, request) = (self.clone(), Arc::clone(context), request.clone());
            return Box::pin(async move { relay.initialize(&context, request).await });
        }
        match context.upstream(&self.0.upstream.slot).or_else(|| self.join_again(context)) {
            Some(mut upstream) => upstream.call(call),
            None => gone(),
        }
    }

    fn answer_modern(&self, call: Call) -> ReplyFuture {
        let Inner { upstream, modern, modern_to_legacy, param_headers, .. } = &*self.0;
        let is_ordinary = match upstream.target.has_headers() {
            true => !needs_headers(&call),
            false => param_headers.concerned(&call).is_none(),
        };
        let connection = modern.open_connection().filter(|_| is_ordinary);
        match (connection, call) {
            // Nearly every call: its future is made and moved each time, so it is kept small.
            (Some(connection), Call { input: Input::Request(request), peer, extensions, .. })
                if peer.principal.is_none() =>
            {
                let (modern, sender) = (Arc::clone(modern), Sender::of_peer(peer, &extensions));
                Box::pin(
                    async move { counted(modern.request(&connection, request, &sender).await) },
                )
            }
            (None, call) if upstream.era.lacks(Era::Modern) => {
                let bridge = modern_to_legacy.clone();
                Box::pin(async move { counted(bridge.answer(call).await) })
            }
            (Some(connection), call) if matches!(call.input, Input::Request(_)) => {
                let relay = self.clone();
                Box::pin(async move {
                    let ask = |call| relay.request_modern(&connection, call);
                    counted(relay.0.states.guard(call, ask).await)
                })
            }
            (_, call) => {
                let relay = self.clone();
                Box::pin(async move { counted(relay.ask_modern(call).await) })
            }
        }
    }

    async fn ask_modern(&self, call: Call) -> Result<Reply, Fault> {
        let Inner { modern, modern_to_legacy, states, .. } = &*self.0;
        let Some(connection) = modern.connection().await? else {
            return Box::pin(modern_to_legacy.answer(call)).await;
        };
        if matches!(call.input, Input::Request(_)) {
            let ask = |call| self.request_modern(&connection, call);
            return states.guard(call, ask).await;
        }
        let sender = Sender::of(&call);
        let message = match call.input {
            Input::Notification(notification) => notification.into_message(),
            Input::Response(response) => response.into_message(),
            _ => return Err(Fault::internal("modern clients have no sessions")),
        };
        modern.send(&connection, message, &sender).await.map(|()| Reply::None)
    }

    /// Asks for a client, whose headers are checked here or made where a side has none.
    async fn request_modern(
        &self,
        connection: &ModernConnection,
        call: Call,
    ) -> Result<Reply, Fault> {
        let Inner { upstream, modern, param_headers, .. } = &*self.0;
        let has_headers = upstream.target.has_headers();
        if !has_headers && let Some(request) = param_headers.concerned(&call) {
            let known = KnownCapabilities::default();
            let request = ModernRequest::read(request, &call, (&known, &upstream.runtime.limits))
                .map_err(Fault::refused)?;
            let server = HeaderlessServer { modern, connection, param_headers };
            return Box::pin(server.answer(request)).await;
        }
        let needs_headers = has_headers && needs_headers(&call);
        let sender = Sender::of(&call);
        let Input::Request(request) = call.input else {
            return Err(Fault::internal("only requests are answered"));
        };
        if needs_headers {
            let tools = &param_headers.tools;
            let client = HeaderlessClient { modern, connection, tools };
            return Box::pin(client.call(request, &call.peer)).await;
        }
        modern.request(connection, request, &sender).await
    }

    /// Opens the upstream session with the client's own words, or goes over the bridge to an
    /// upstream that does not know them.
    pub(crate) async fn initialize(
        &self,
        context: &SessionHandle,
        request: Request,
    ) -> Result<Reply, Fault> {
        let Inner { upstream, legacy_to_modern, .. } = &*self.0;
        if legacy_to_modern.is_needed() {
            return legacy_to_modern.initialize(context, request).await;
        }
        let Upstream { name, era, slot, .. } = &**upstream;
        let name = name.get(|| context.store().seal_key()).await.map_err(|it| unnamed(&it))?;
        let requested = initialize::requested_revision(&request);
        let mut opened = upstream.open(&context.peer(), request.clone()).await;
        if initialize::may_be_modern(&opened) {
            if era.pinned().is_some() {
                opened = initialize::name_pin(era, opened);
            } else if legacy_to_modern.probe().await {
                return legacy_to_modern.initialize(context, request).await;
            }
        }
        let mut opened = opened?;
        if opened.answer.result().is_some() {
            eyot_metrics::upstreams_opened("client");
            let revision = initialize::agreed_revision(&opened.answer);
            let revisions = LegacyRevisions::between(&requested, revision.as_deref().unwrap_or(""));
            if let Some(revisions) = revisions {
                opened.answer = revisions.initialized(opened.answer);
            }
            let upstream = UpstreamRef {
                target: Some(name),
                session_id: opened.connection.session_id().map(Into::into),
                revision,
                cookies: opened.connection.cookies().map(Into::into),
                ..UpstreamRef::default()
            };
            let generation = context.add_upstream(slot.clone(), upstream);
            let link = Link { connection: opened.connection, generation, revisions };
            let session = PassthroughSession::opened(Arc::clone(&self.0.upstream), link);
            context.set_upstream(slot.clone(), session.into_service());
        }
        Ok(Reply::One(opened.answer))
    }

    /// Joins a session of an earlier process with its upstream; `None` when it was opened before
    /// the upstream was pinned to the other era.
    fn join_again(&self, context: &SessionHandle) -> Option<BoxService> {
        let slot = self.0.upstream.slot.clone();
        if slot.is_default() {
            let state = context.state();
            let upstream = state.upstreams.get(&slot).cloned().unwrap_or_default();
            let era = self.era_of(&upstream)?;
            return Some(context.upstream_or_else(slot, || self.stored(context, era, state)));
        }
        Some(context.upstream_or_else(slot, || LateSession::new(self.clone()).into_service()))
    }

    /// The era of an upstream session that is kept; `None`: the upstream is pinned to the other one.
    pub(crate) fn era_of(&self, upstream: &UpstreamRef) -> Option<Era> {
        let era = if upstream.is_modern { Era::Modern } else { Era::Legacy };
        self.0.upstream.era.pinned().is_none_or(|it| it == era).then_some(era)
    }

    /// What answers in a session that was opened at the upstream before.
    pub(crate) fn stored(
        &self,
        context: &SessionHandle,
        era: Era,
        state: SessionState,
    ) -> BoxService {
        match era {
            Era::Modern => self.0.legacy_to_modern.stored(context.peer(), state),
            Era::Legacy => PassthroughSession::stored(Arc::clone(&self.0.upstream)).into_service(),
        }
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.0.upstream
    }
}

/// Whether the call is of a tool, and of a client whose requests have no headers.
fn needs_headers(call: &Call) -> bool {
    let is_tool_call = |request: &Request| request.is_method(Method::ToolsCall.as_str());
    call.peer.transport != Transport::Http
        && matches!(&call.input, Input::Request(request) if is_tool_call(request))
}

fn counted(answered: Result<Reply, Fault>) -> Result<Reply, Fault> {
    eyot_metrics::calls(Era::Modern.as_str(), answered.is_ok());
    answered
}

/// The session is gone: its client opens a new one, in the era that the upstream is pinned to.
fn gone() -> ReplyFuture {
    Box::pin(std::future::ready(Err(Fault::session_gone("session not found"))))
}

/// The upstream of a session cannot be named without the store.
pub(crate) fn unnamed(error: &StoreError) -> Fault {
    tracing::error!(%error, "the key of the store cannot be read");
    Fault::internal("the session store cannot be used now")
}

fn failed(message: &'static str) -> ReplyFuture {
    Box::pin(std::future::ready(Err(Fault::internal(message))))
}

impl Service<Call> for Relay {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        self.answer(call)
    }
}
