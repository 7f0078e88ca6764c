//! The session of a legacy client whose server is legacy, too: one upstream session is held for it.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Notification, Request, Response};
use eyot_service::{
    BoxService, Call, Fault, FaultKind, Input, Messages, Reply, ReplyFuture, SessionHandle,
    SharedService,
};
use eyot_session::{SessionRecord, SessionState, StoreError, UpstreamName, UpstreamRef};
use eyot_stdx::Backoff;
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, Method, Revision, cancelled_id, is_cancelled};
use eyot_upstream::{CallClock, LegacyConnection, ResumedSession, Upstream, initialize};
use parking_lot::Mutex;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::listening::Listening;
use crate::questions::Questions;
use crate::revisions::LegacyRevisions;
use crate::server_id::to_upstream;
use crate::watch::{Change, Watch};

/// Holds the upstream session, and opens it again when it is lost.
#[derive(Debug)]
pub(crate) struct PassthroughSession {
    pub(crate) upstream: Arc<Upstream>,
    /// Replaced when its link is lost; opened once for all calls that wait for it.
    cell: Mutex<Arc<OnceCell<Link>>>,
    /// The last session that was opened because of an answer, if it did not change that.
    vain: Mutex<Option<Vain>>,
    pub(crate) questions: Arc<Questions>,
}

/// An open upstream session and its generation.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) connection: LegacyConnection,
    pub(crate) generation: u64,
    /// `None`: the client and the upstream speak the same.
    pub(crate) revisions: Option<LegacyRevisions>,
}

/// A session that has not helped.
#[derive(Clone, Copy, Debug)]
struct Vain {
    generation: u64,
    /// How many in a row have not.
    failures: u32,
    /// Until then another one is not tried.
    until: Instant,
}

impl PassthroughSession {
    /// A session whose upstream has just been opened.
    pub(crate) fn opened(upstream: Arc<Upstream>, link: Link) -> Self {
        let cell = OnceCell::new_with(Some(link));
        Self { cell: Mutex::new(Arc::new(cell)), ..Self::stored(upstream) }
    }

    /// A session that was stored; its upstream is opened when it is needed.
    pub(crate) fn stored(upstream: Arc<Upstream>) -> Self {
        let limits = Arc::clone(&upstream.runtime.limits);
        let questions = Arc::new(Questions::new(upstream.slot.clone(), limits));
        Self { upstream, cell: Mutex::default(), vain: Mutex::default(), questions }
    }

    /// What answers the calls of the session.
    pub(crate) fn into_service(self) -> BoxService {
        BoxService::of_shared(Arc::new(self))
    }
}

impl SharedService for PassthroughSession {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        let session = self;
        let Some(context) = call.session else {
            return Box::pin(ready(Err(Fault::internal("call has no session"))));
        };
        match call.input {
            Input::Request(request) => Box::pin(session.request(context, request)),
            Input::Notification(notification) => Box::pin(async move {
                session.notify(&context, notification).await.map(|()| Reply::None)
            }),
            Input::Response(response) => {
                Box::pin(
                    async move { session.respond(&context, response).await.map(|()| Reply::None) },
                )
            }
            Input::Listen { cursor } => {
                Box::pin(async move { Ok(Reply::Stream(session.listen(context, cursor).await)) })
            }
            Input::Resume { request_id, cursor } => {
                Box::pin(async move { session.resume(&context, request_id, cursor).await })
            }
            Input::Close => Box::pin(async move {
                session.close().await;
                Ok(Reply::None)
            }),
            _ => Box::pin(ready(Err(Fault::internal("this input is not known here")))),
        }
    }
}

impl PassthroughSession {
    /// Sends a request of the client.
    async fn request(
        self: Arc<Self>,
        context: Arc<SessionHandle>,
        request: Request,
    ) -> Result<Reply, Fault> {
        let answered = self.ask(&context, request).await;
        eyot_metrics::calls(Era::Legacy.as_str(), answered.is_ok());
        answered
    }

    async fn ask(&self, context: &Arc<SessionHandle>, request: Request) -> Result<Reply, Fault> {
        let link = self.link(context).await?;
        let mut watch = self.watch(context, &link, &request)?;
        let request = match link.revisions {
            Some(revisions) => revisions.request(request),
            None => request,
        };
        let id = request.id();
        // Kept until the upstream is told: a call that is dropped is no longer known by its id.
        let mut asking = pin!(async {
            match link.connection.request(request.clone()).await {
                Err(fault) if self.may_renew(&link, &fault) => {
                    Box::pin(self.ask_anew(context, &link, request)).await
                }
                asked => asked.map(|reply| (reply, None)),
            }
        });
        match self.questions.wait(context, &watch.clock, asking.as_mut()).await {
            Ok(Ok((reply, renewed))) => {
                if let Some(Link { connection, generation, revisions }) = renewed {
                    watch.connection = connection;
                    watch.generation = generation;
                    watch.revisions = revisions;
                }
                if let Reply::One(answer) = &reply {
                    watch.remember(answer).await?;
                }
                Ok(watch.reply(reply))
            }
            Ok(Err(fault)) => told(id, fault),
            Err(fault) => Err(Box::pin(watch.give_up(fault)).await),
        }
    }

    /// Whether a request has provably not run, and a new session may take it: the upstream has
    /// forgotten its session, or its child died without having been given the request.
    pub(crate) fn may_renew(&self, link: &Link, fault: &Fault) -> bool {
        if fault.kind != FaultKind::SessionGone {
            return !self.upstream.target.can_resume() && is_not_sent(fault);
        }
        let vain = *self.vain.lock();
        let is_vain = |it: Vain| it.generation == link.generation && Instant::now() < it.until;
        !vain.is_some_and(is_vain)
    }

    /// Sends a request over a new upstream session.
    async fn ask_anew(
        &self,
        context: &SessionHandle,
        lost: &Link,
        request: Request,
    ) -> Result<(Reply, Option<Link>), Fault> {
        let link = self.renew(context, lost).await?;
        let asked = link.connection.request(request).await;
        let is_vain = asked.as_ref().is_err_and(|it| it.kind == FaultKind::SessionGone);
        self.note(link.generation, is_vain);
        Ok((asked?, Some(link)))
    }

    /// Notes whether a session of this generation has helped.
    fn note(&self, generation: u64, is_vain: bool) {
        let mut vain = self.vain.lock();
        let failures = vain.map_or(0, |it| it.failures).saturating_add(1);
        let until = Instant::now() + VAIN.steady_delay(failures);
        *vain = is_vain.then_some(Vain { generation, failures, until });
    }

    /// # Errors
    /// What the request would change is out of bounds; the upstream does not get it.
    fn watch(
        &self,
        context: &Arc<SessionHandle>,
        link: &Link,
        request: &Request,
    ) -> Result<Watch, Fault> {
        let limits = &self.upstream.runtime.limits.sessions;
        let slot = &self.upstream.slot;
        let change = Change::of((context, slot), request, limits).map_err(Fault::refused)?;
        Ok(Watch {
            context: Arc::clone(context),
            connection: link.connection.clone(),
            generation: link.generation,
            revisions: link.revisions,
            method: link.revisions.map(|_| request.method().into()),
            id: request.id(),
            change,
            clock: CallClock::start(&self.upstream.runtime.limits.calls),
            questions: Arc::clone(&self.questions),
        })
    }

    /// Hands on a notification of the client.
    async fn notify(
        &self,
        context: &SessionHandle,
        notification: Notification,
    ) -> Result<(), Fault> {
        let link = self.link(context).await?;
        if let Some(call) = cancelled_id(&notification) {
            // "the receiver of the cancellation […] SHOULD NOT send a response": none is due.
            Box::pin(self.questions.call_ended(context, &call)).await;
        }
        let sent = self.sent(link.connection.send(notification.clone().into())).await;
        let sent = match sent {
            Err(fault) if self.may_renew(&link, &fault) && !is_cancelled(&notification) => {
                Box::pin(self.notify_anew(context, &link, notification)).await
            }
            sent => sent,
        };
        sent.map_err(Fault::in_words_of_upstream)
    }

    /// Hands on a notification over a new upstream session.
    async fn notify_anew(
        &self,
        context: &SessionHandle,
        lost: &Link,
        notification: Notification,
    ) -> Result<(), Fault> {
        let link = self.renew(context, lost).await?;
        match notification.is_method(Method::Initialized.as_str()) {
            // It was said when the session was opened.
            true => Ok(()),
            false => self.sent(link.connection.send(notification.into())).await,
        }
    }

    /// Hands on the client's answer to a question of the upstream.
    async fn respond(&self, context: &SessionHandle, response: Response) -> Result<(), Fault> {
        let link = self.link(context).await?;
        let question = response.id().and_then(|id| self.questions.take(context, &id));
        let id = question.as_ref().and_then(|it| to_upstream(&it.id));
        let (Some(question), Some((generation, id))) = (question, id) else {
            // Not asked in this session, or answered or withdrawn since.
            eyot_metrics::messages_dropped("answer_unmatched");
            return Ok(());
        };
        if generation != link.generation {
            // The upstream session that asked has ended.
            eyot_metrics::messages_dropped("answer_unmatched");
            self.questions.answered(context, question).await;
            return Ok(());
        }
        let response = match link.revisions {
            Some(revisions) => revisions.answer(response),
            None => response,
        };
        let answer = response.into_message().with_id(id);
        let sent = self.sent(link.connection.send(answer)).await;
        match &sent {
            Ok(()) => self.questions.answered(context, question).await,
            Err(_) => self.questions.not_answered(context, question),
        }
        sent.map_err(Fault::in_words_of_upstream)
    }

    /// Waits until a message is sent that has no answer.
    async fn sent(&self, sending: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
        let timeout = self.upstream.runtime.limits.calls.timeout;
        let sent = tokio::time::timeout(timeout, sending).await;
        sent.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout)))
    }

    /// The upstream's messages that belong to no call; goes on over an upstream session that
    /// is opened again. Returns when the upstream's stream is open, or could not be opened.
    async fn listen(
        self: Arc<Self>,
        context: Arc<SessionHandle>,
        cursor: Option<Bytes>,
    ) -> Messages {
        Messages::new(Listening::open(self, context, cursor).await)
    }

    /// The rest of a call that an earlier process began.
    async fn resume(
        &self,
        context: &Arc<SessionHandle>,
        request_id: Id,
        cursor: Option<Bytes>,
    ) -> Result<Reply, Fault> {
        let lost = || {
            let reason = "the call ran in a process that has ended";
            Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, true))
        };
        if !self.upstream.target.can_resume() {
            return Err(lost());
        }
        let link = self.link(context).await?;
        let parts = link.connection.follow(request_id.clone(), cursor).ok_or_else(lost)?;
        let watch = Watch {
            context: Arc::clone(context),
            connection: link.connection,
            generation: link.generation,
            revisions: link.revisions,
            // The process that has ended knew it.
            method: None,
            id: request_id,
            change: None,
            clock: CallClock::start(&self.upstream.runtime.limits.calls),
            questions: Arc::clone(&self.questions),
        };
        Ok(watch.reply(Reply::Stream(parts)))
    }

    /// Ends the upstream session.
    async fn close(&self) {
        let cell = std::mem::take(&mut *self.cell.lock());
        if let Some(link) = cell.get() {
            link.connection.close().await;
        }
    }

    /// The open upstream session; opened now if it is not.
    pub(crate) async fn link(&self, context: &SessionHandle) -> Result<Link, Fault> {
        let (cell, is_lost) = {
            let mut cell = self.cell.lock();
            let is_lost = cell.get().is_some_and(|link| !link.connection.is_open());
            if is_lost {
                *cell = Arc::default();
            }
            (Arc::clone(&cell), is_lost)
        };
        // Boxed, because it is large and rare, and this future is part of every call.
        cell.get_or_try_init(|| Box::pin(self.restore(context, is_lost))).await.cloned()
    }

    /// A new upstream session in the place of one that the upstream has forgotten.
    pub(crate) async fn renew(&self, context: &SessionHandle, lost: &Link) -> Result<Link, Fault> {
        let cell = {
            let mut cell = self.cell.lock();
            if cell.get().is_some_and(|link| link.generation == lost.generation) {
                *cell = Arc::default();
            }
            Arc::clone(&cell)
        };
        cell.get_or_try_init(|| Box::pin(self.restore(context, true))).await.cloned()
    }

    /// Opens the upstream as the client did: its own `initialize`, then what it has set
    /// since. A session at a URL that outlived our process is used as it is.
    async fn restore(&self, context: &SessionHandle, is_lost: bool) -> Result<Link, Fault> {
        let unread = |error: StoreError| {
            tracing::error!(%error, "session cannot be read");
            Fault::internal("the session store cannot be used now")
        };
        let record = context.record().await.map_err(unread)?;
        let gone = || Fault::session_gone("session not found");
        let SessionRecord { initialize, state, .. } = record.ok_or_else(gone)?;
        let slot = &self.upstream.slot;
        let mut upstream = state.upstreams.get(slot).cloned().unwrap_or_default();
        let stored = upstream.target.take();
        let name = &self.upstream.name;
        let ours = name.recognize(stored.as_deref(), || context.store().seal_key()).await;
        let name = ours.map_err(unread)?.ok_or_else(gone)?;
        let was_named = stored.as_deref() == Some(&*name);
        upstream.target = Some(name);
        if !is_lost {
            let UpstreamRef { session_id, revision, cookies, generation, .. } = upstream.clone();
            let session = ResumedSession {
                session_id: session_id.as_deref(),
                revision: revision.as_deref(),
                cookies: cookies.as_deref(),
            };
            let resumed = self.upstream.resume(&context.peer(), &session);
            if let Some(connection) = resumed {
                if !was_named {
                    let insert = |state: &mut SessionState| {
                        state.upstreams.insert(slot.clone(), upstream);
                    };
                    context.update(insert).await.map_err(unread)?;
                }
                let revisions = revisions(context, revision.as_deref());
                return Ok(Link { connection, generation, revisions });
            }
        }
        self.reopen(context, &initialize, state, upstream).await
    }

    async fn reopen(
        &self,
        context: &SessionHandle,
        initialize: &[u8],
        state: SessionState,
        upstream: UpstreamRef,
    ) -> Result<Link, Fault> {
        eyot_metrics::upstreams_opened("lost");
        tracing::info!(session = ?context.id(), "upstream session is opened again");
        let params: Box<RawValue> = serde_json::from_slice(initialize)
            .map_err(|_| Fault::internal("stored session cannot be read"))?;
        let request = Request::unnumbered(Method::Initialize.as_str(), &params);
        let mut opened = self.upstream.open(&context.peer(), request).await;
        if initialize::may_be_modern(&opened) {
            opened = initialize::name_pin(&self.upstream.era, opened);
        }
        let not_sent = |it: Fault| Fault { error: codes::not_sent(it.error), ..it };
        let opened = opened.map_err(not_sent)?;
        if let Some(error) = opened.answer.error_object() {
            let reason = format!("upstream refused to open the session again: {}", error.message);
            return Err(Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true)));
        }
        let revision = initialize::agreed_revision(&opened.answer);
        let connection = opened.connection;
        let revisions = revisions(context, revision.as_deref());
        let session_id = connection.session_id().map(Into::into);
        let cookies = connection.cookies().map(Into::into);
        let renewed = UpstreamRef { session_id, revision, cookies, ..upstream.clone() };
        let slot = &self.upstream.slot;
        let generation = context.add_upstream(slot.clone(), renewed);
        self.questions.forget_orphans(context).await;
        let timeout = self.upstream.runtime.limits.calls.timeout;
        let set_up = tokio::time::timeout(timeout, set_up(&connection, slot, &state)).await;
        if let Err(fault) = set_up.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout))) {
            // No later process may go on with a session that lacks what the client has set.
            context.edit(|state| state.upstreams.insert(slot.clone(), upstream));
            return Err(fault);
        }
        let link = Link { connection, generation, revisions };
        context.update(|_| ()).await.map_err(|error| {
            tracing::error!(%error, "upstream session was not stored");
            Fault::internal("the session store cannot be used now")
        })?;
        Ok(link)
    }
}

/// Repeats what the client has set in the session.
async fn set_up(
    connection: &LegacyConnection,
    slot: &UpstreamName,
    state: &SessionState,
) -> Result<(), Fault> {
    if !state.is_initialized {
        return Ok(());
    }
    let initialized = Message::notification(Method::Initialized.as_str(), &json!({}));
    connection.send(initialized).await?;
    let level =
        state.log_level.iter().map(|level| (Method::LoggingSetLevel, json!({ "level": level })));
    let uris = state.items.subscriptions_at(slot);
    let uris = uris.map(|uri| (Method::ResourcesSubscribe, json!({ "uri": uri })));
    for (method, params) in level.chain(uris) {
        let request = Request::unnumbered(method.as_str(), &params);
        connection.request(request).await?.answer(drop).await?;
    }
    Ok(())
}

/// Whether the upstream has provably not seen the request.
fn is_not_sent(fault: &Fault) -> bool {
    Outcome::of(&fault.error) == Some(Outcome::NotSent)
}

/// What stands between the client of a session and an upstream of this revision.
fn revisions(context: &SessionHandle, upstream: Option<&str>) -> Option<LegacyRevisions> {
    LegacyRevisions::between(context.revision().map(Revision::as_str)?, upstream?)
}

/// What the client is told of a call that no new session has helped: the upstream's own error is an
/// answer.
fn told(id: Id, fault: Fault) -> Result<Reply, Fault> {
    match (fault.kind, &fault.upstream_error) {
        (FaultKind::SessionGone, Some(error)) => {
            Ok(Reply::One(Response::of_error(Some(id), error)))
        }
        // A session that is gone in our own store has no data.
        (FaultKind::SessionGone, None) if fault.error.data.is_none() => Err(fault),
        _ => Err(fault.in_words_of_upstream()),
    }
}

/// How long a session that has not helped is believed to be what the upstream speaks of: not long at
/// first, because a server that starts again twice looks just like that.
const VAIN: Backoff = Backoff { base: Duration::from_secs(1), delay_max: Duration::from_secs(60) };
