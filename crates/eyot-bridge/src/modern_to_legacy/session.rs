//! One upstream session that is held for modern clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use eyot_era::modern_to_legacy;
use eyot_jsonrpc::{ErrorObject, Json, Message, Request, Response, UpstreamId};
use eyot_service::{Fault, FaultKind, Limits, Messages, Peer, Turns, unix_ms};
use eyot_stdx::QuotaPermit;
use eyot_types::codes::{self, Outcome};
use eyot_types::{
    ClientCapabilities, Era, Implementation, InitializeResult, LogLevel, Method, Revision,
};
use eyot_upstream::{LegacyConnection, ResumedSession, Upstream, initialize};
use futures_util::{FutureExt as _, StreamExt as _};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::driver::{Driver, DriverWork, Idle};
use super::modern_request::ModernRequest;
use super::record::UpstreamPosition;
use super::session_router::SessionRouter;
use super::shared::CallShared;
use super::tasks::AskTarget;

/// An open session. When the last handle is dropped, its driver ends it.
#[derive(Debug)]
pub(crate) struct UpstreamSession {
    pub(crate) connection: LegacyConnection,
    /// What the upstream says of itself.
    pub(crate) initialized: InitializeResult,
    /// Its name of these, as it is put into results.
    pub(crate) server: Json,
    pub(crate) revision: Revision,
    pub(crate) offers: Offers,
    /// Everything that the upstream says comes on one pipe.
    pub(crate) is_pipe: bool,
    /// Whether the upstream can say something that belongs to no call.
    pub(crate) has_stream: bool,
    pub(crate) router: Arc<SessionRouter>,
    /// Where messages do not say which call they belong to.
    pub(crate) turns: Turns,
    work_queue: mpsc::Sender<DriverWork>,
    next_id: AtomicU64,
    limits: Arc<Limits>,
    /// Counts the sessions of the pool.
    _permit: QuotaPermit,
}

/// What a call asks an upstream for first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offers {
    /// Calls of tools can be tasks.
    pub(crate) tasks: bool,
    /// A log.
    pub(crate) log: bool,
}

/// How a session is opened.
pub(crate) struct Opening {
    /// The first client of the session; others of its class may share it.
    pub(crate) peer: Peer,
    pub(crate) capabilities: ClientCapabilities,
    pub(crate) router: SessionRouter,
    /// Whether anything that belongs to no call is waited for.
    pub(crate) wants_stream: bool,
    pub(crate) permit: QuotaPermit,
    /// Closes the session when it is not used.
    pub(crate) idle: Option<Idle>,
}

impl UpstreamSession {
    /// Opens a session: `initialize`, then `notifications/initialized` (2025-11-25,
    /// basic/lifecycle, Initialization), then the stream of what belongs to no call.
    pub(crate) async fn open(upstream: &Upstream, opening: Opening) -> Result<Arc<Self>, Fault> {
        let Upstream { target, runtime, .. } = upstream;
        let params = modern_to_legacy::initialize(opening.capabilities.clone(), us());
        let request = Request::unnumbered(Method::Initialize.as_str(), &params);
        let mut opened = upstream.open(&opening.peer, request).await;
        if initialize::may_be_modern(&opened) {
            // The server may have changed its era: the next call finds out.
            upstream.era.invalidate(Era::Legacy);
            opened = initialize::name_pin(&upstream.era, opened);
        }
        let opened = opened.map_err(not_opened)?;
        let (initialized, revision) = agreed(&opened.answer)?;
        let connection = opened.connection;
        let warming_up = async {
            let note = Message::notification(Method::Initialized.as_str(), &json!({}));
            connection.send(note).await?;
            match opening.wants_stream || target.is_shared_channel() {
                true => Ok(Some(connection.listen_soon(None, LISTEN_PATIENCE).await)),
                false => Ok(None),
            }
        };
        let timeout = runtime.limits.calls.timeout;
        let warmed_up = tokio::time::timeout(timeout, warming_up).await;
        let unasked = warmed_up.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)))?;
        eyot_metrics::upstreams_opened("bridge");
        let opened = OpenedSession { connection, initialized, revision, first_id: 1 };
        Ok(opened.drive(upstream, opening, unasked))
    }

    /// Goes on with a session that an earlier process has opened; `None` when it cannot have
    /// outlived that process.
    pub(crate) async fn restore(
        upstream: &Upstream,
        opening: Opening,
        position: &UpstreamPosition,
    ) -> Option<Arc<Self>> {
        let initialized = position.initialized.clone();
        let revision = Revision::parse(&initialized.protocol_version)?;
        let session_id = position.session_id.as_deref();
        let cookies = position.cookies.as_deref();
        let session = ResumedSession { session_id, revision: Some(revision.as_str()), cookies };
        let connection = upstream.resume(&opening.peer, &session)?;
        let cursor = position.unasked.clone().map(Bytes::from);
        let listening = connection.listen_soon(cursor, LISTEN_PATIENCE).await;
        eyot_metrics::upstreams_opened("restored");
        // Above all that an earlier process can have used in this session.
        let first_id = unix_ms().saturating_mul(IDS_PER_MS);
        let opened = OpenedSession { connection, initialized, revision, first_id };
        Some(opened.drive(upstream, opening, Some(listening)))
    }

    /// How much of the upstream's log is wanted from now on, if it must be told.
    pub(crate) fn level_to_set(
        &self,
        call: &CallShared,
        request: &ModernRequest,
    ) -> Option<LogLevel> {
        self.offers.log.then(|| self.router.level(call.id, request.log_level.as_ref()))?
    }

    /// Tells the upstream how much of its log is wanted.
    pub(crate) async fn set_level(&self, level: LogLevel) {
        let params = json!({ "level": level });
        if let Err(fault) = self.ask(Method::LoggingSetLevel, &params).await {
            tracing::debug!(%fault, "upstream's log level was not set");
        }
    }

    /// An id for a request of this session.
    pub(crate) fn next_id(&self) -> UpstreamId {
        UpstreamId::new(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes a message that is no answer, from the stream of the call `own` or from the session's.
    pub(crate) fn heard(&self, message: Message, own: Option<&Arc<CallShared>>) {
        self.heard_in(message, own.map(|it| AskTarget::Call(Arc::clone(it))));
    }

    /// Like [`heard`](Self::heard), for a stream whose questions go to `own`.
    pub(crate) fn heard_in(&self, message: Message, own: Option<AskTarget>) {
        if let Some(answer) = self.router.route(message, own) {
            let connection = self.connection.clone();
            self.run_on_driver(async move {
                if let Err(fault) = connection.send(answer.into()).await {
                    tracing::debug!(%fault, "upstream was not answered");
                }
            });
        }
    }

    /// Questions of one call, or of one task, that are open at once.
    pub(crate) fn questions_max(&self) -> usize {
        self.limits.calls.questions_max
    }

    /// Runs work on the driver, in the span of the call that gives it; `false` when its queue is
    /// full or it has ended.
    pub(crate) fn run_on_driver(&self, work: impl Future<Output = ()> + Send + 'static) -> bool {
        let is_taken = self.work_queue.try_send(Box::pin(work.in_current_span())).is_ok();
        if !is_taken {
            tracing::warn!("upstream session has too much to do, or has ended");
            eyot_metrics::messages_dropped("queue_full");
        }
        is_taken
    }

    /// Asks the upstream something of our own.
    pub(crate) async fn ask(
        &self,
        method: Method<'_>,
        params: &(impl Serialize + Sync),
    ) -> Result<Response, Fault> {
        let request = Request::unnumbered(method.as_str(), params);
        let request = request.with_upstream_id(self.next_id());
        let asking = async {
            let reply = self.connection.request(request).await?;
            reply.answer(|other| self.heard(other, None)).await
        };
        let timeout = self.limits.calls.timeout;
        let asked = tokio::time::timeout(timeout, asking).await;
        asked.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)))
    }

    /// Whether it can still be used.
    pub(crate) fn is_open(&self) -> bool {
        self.connection.is_open() && !self.router.is_gone()
    }

    /// Whether the upstream keeps a session for us at all.
    pub(crate) fn is_stateless(&self) -> bool {
        !self.is_pipe && self.connection.session_id().is_none()
    }
}

struct OpenedSession {
    connection: LegacyConnection,
    initialized: InitializeResult,
    revision: Revision,
    /// The first id of our requests.
    first_id: u64,
}

impl OpenedSession {
    /// Starts the driver.
    fn drive(
        self,
        upstream: &Upstream,
        opening: Opening,
        mut unasked: Option<Messages>,
    ) -> Arc<UpstreamSession> {
        let Self { connection, initialized, revision, first_id } = self;
        // A stream that the upstream does not offer has ended before it began.
        let mut first = None;
        if let Some(stream) = &mut unasked {
            match stream.next().now_or_never() {
                Some(None) => unasked = None,
                Some(Some(part)) => first = Some(part),
                None => {}
            }
        }
        // A name that cannot be written is none.
        let server = Json::of(&initialized.server_info).unwrap_or_else(|| Json::constant("{}"));
        let (work_queue, receiver) =
            mpsc::channel(upstream.runtime.limits.calls.queue_messages_max);
        let router = Arc::new(opening.router);
        let offers = Offers {
            tasks: modern_to_legacy::has_tasks(revision, &initialized.capabilities),
            log: initialized.capabilities.has("logging"),
        };
        let session = Arc::new(UpstreamSession {
            connection: connection.clone(),
            initialized,
            server,
            revision,
            offers,
            is_pipe: upstream.target.is_shared_channel(),
            has_stream: unasked.is_some(),
            router: Arc::clone(&router),
            turns: Turns::default(),
            work_queue,
            next_id: AtomicU64::new(first_id),
            limits: Arc::clone(&upstream.runtime.limits),
            _permit: opening.permit,
        });
        let driver = Driver { connection, router, queue: receiver, unasked, idle: opening.idle };
        driver.start(&upstream.runtime, first);
        session
    }
}

/// A fault as clients are told: the error in a refused authorization is about our `initialize`.
fn not_opened(fault: Fault) -> Fault {
    match &fault.challenge {
        Some(_) if Outcome::of(&fault.error).is_none() => refused_to_open(&fault.error),
        _ => fault,
    }
}

fn refused_to_open(error: &ErrorObject) -> Fault {
    refused(&format!("upstream refused to open a session: {}", error.message))
}

fn refused(reason: &str) -> Fault {
    Fault::upstream(codes::upstream_lost(reason, Outcome::NotSent, false))
}

/// What the upstream has answered to `initialize`.
fn agreed(answer: &Message) -> Result<(InitializeResult, Revision), Fault> {
    if let Ok(error) = answer.decode_error() {
        return Err(refused_to_open(&error));
    }
    let initialized: InitializeResult = eyot_types::read(answer.result().unwrap_or("null"))
        .map_err(|error| refused(&format!("upstream's `initialize` result is invalid: {error}")))?;
    let revision = Revision::parse(&initialized.protocol_version);
    let revision = revision.filter(|it| it.era() == Era::Legacy);
    let unknown = || {
        let version = &initialized.protocol_version;
        refused(&format!("upstream speaks the unknown revision {version:?}"))
    };
    let revision = revision.ok_or_else(unknown)?;
    Ok((initialized, revision))
}

/// Whether a request may be sent again after this fault: it has not run, or only reads.
pub(crate) fn may_resend(fault: &Fault, method: Method<'_>) -> bool {
    match fault.kind {
        FaultKind::SessionGone => true,
        FaultKind::Upstream => match Outcome::of(&fault.error) {
            Some(Outcome::NotSent) => true,
            Some(Outcome::Unknown) => method.is_read_only(),
            Some(Outcome::Ran) | None => false,
        },
        _ => false,
    }
}

/// The name under which the bridge opens sessions.
pub(crate) fn us() -> Implementation {
    Implementation::new("eyot", env!("CARGO_PKG_VERSION"))
}

/// How long the first call waits for the stream of messages that belong to no call.
const LISTEN_PATIENCE: Duration = Duration::from_secs(1);
/// Keeps the ids of calls rising over restarts, and exact in every JSON reader.
const IDS_PER_MS: u64 = 1_000;
