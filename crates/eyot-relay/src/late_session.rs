//! The session of a legacy client at one upstream of several, which is opened when it is needed.

use std::sync::Arc;

use eyot_jsonrpc::{Changes, Json, Keeps, Notification, Request};
use eyot_service::{
    BoxService, Call, Fault, Input, Reply, ReplyFuture, SessionHandle, SharedService,
};
use eyot_session::StoreError;
use eyot_types::codes::{self, Outcome};
use eyot_types::{Method, Revision};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::OnceCell;
use tower_service::Service as _;

use crate::relay::{Relay, unnamed};

/// Opens the upstream for the first call of a session, and then gives its place to what answers
/// there.
#[derive(Debug)]
pub(crate) struct LateSession {
    relay: Relay,
    /// One caller opens it; all that come meanwhile wait for that.
    opened: OnceCell<BoxService>,
}

impl LateSession {
    pub(crate) fn new(relay: Relay) -> Self {
        Self { relay, opened: OnceCell::new() }
    }

    /// What answers the calls of the session until it is open.
    pub(crate) fn into_service(self) -> BoxService {
        BoxService::of_shared(Arc::new(self))
    }

    async fn answer(&self, call: Call) -> Result<Reply, Fault> {
        let Some(context) = call.session.clone() else {
            return Err(Fault::internal("call has no session"));
        };
        let joined = self.opened.get_or_try_init(|| self.join(&context, &call)).await;
        joined?.clone().call(call).await
    }

    /// Joins the session with the upstream: with the session that it has there, or with a new one.
    async fn join(&self, context: &Arc<SessionHandle>, call: &Call) -> Result<BoxService, Fault> {
        let upstream = self.relay.upstream();
        let state = context.state();
        if let Some(known) = state.upstreams.get(&upstream.slot)
            && let Some(era) = self.relay.era_of(known)
        {
            let key = || context.store().seal_key();
            let ours = upstream.name.recognize(known.target.as_deref(), key).await;
            // Another target may have taken over the name since.
            if ours.map_err(|it| unnamed(&it))?.is_some() {
                let service = self.relay.stored(context, era, state);
                context.set_upstream(upstream.slot.clone(), service.clone());
                return Ok(service);
            }
        }
        // Boxed: it is large and rare.
        let opened = Box::pin(self.open(context, call)).await;
        // What waits for this has not been sent.
        opened.map_err(|it| Fault { error: codes::not_sent(it.error), ..it })
    }

    /// Opens the upstream as if the client had come to it alone: with its `initialize`, and what it has
    /// set since.
    async fn open(&self, context: &Arc<SessionHandle>, call: &Call) -> Result<BoxService, Fault> {
        let record = context.record().await.map_err(|it| unread(&it))?;
        let record = record.ok_or_else(|| Fault::session_gone("session not found"))?;
        let revision = context.revision().unwrap_or(record.revision);
        let request = initialize(&record.initialize, revision)?;
        let Reply::One(answer) = self.relay.initialize(context, request).await? else {
            return Err(Fault::unanswered());
        };
        if let Some(error) = answer.error_object() {
            let reason = format!("server refused to open a session: {}", error.message);
            return Err(Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true)));
        }
        let slot = &self.relay.upstream().slot;
        let opened = context.upstream(slot);
        let opened = opened.ok_or_else(|| Fault::internal("upstream session was not kept"))?;
        let set_up = Self::set_up(context, call, &opened).await;
        if let Err(fault) = set_up {
            // It is not what the client believes that it is: the next call opens another one.
            context.edit(|state| state.upstreams.remove(slot));
            context.remove_upstream(slot);
            return Err(fault);
        }
        Ok(opened)
    }

    /// Says what follows on `initialize`, and keeps the session.
    async fn set_up(
        context: &Arc<SessionHandle>,
        call: &Call,
        opened: &BoxService,
    ) -> Result<(), Fault> {
        let say = |input: Input| {
            let mut call = Call { input, ..call.clone() };
            call.session = Some(Arc::clone(context));
            opened.clone().call(call)
        };
        let initialized = Notification::new(Method::Initialized.as_str(), &json!({}));
        say(Input::Notification(initialized)).await?;
        if let Some(level) = context.look(|state| state.log_level.clone()) {
            let params = json!({ "level": level });
            let request = Request::unnumbered(Method::LoggingSetLevel.as_str(), &params);
            // A server that does not log refuses it, and that changes nothing.
            say(Input::Request(request)).await?.answer(drop).await?;
        }
        context.update(|_| ()).await.map_err(|it| unread(&it))
    }
}

impl SharedService for LateSession {
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
        if matches!(call.input, Input::Close) && !self.opened.initialized() {
            // What was never opened has nothing to end, and what an earlier process has opened is
            // ended by the time that it keeps sessions for.
            return Box::pin(std::future::ready(Ok(Reply::None)));
        }
        Box::pin(async move { Self::answer(&self, call).await })
    }
}

/// The client's `initialize`, with the revision that was agreed with it.
fn initialize(params: &[u8], revision: Revision) -> Result<Request, Fault> {
    let unreadable = || Fault::internal("stored session cannot be read");
    let params: Box<RawValue> = serde_json::from_slice(params).map_err(|_| unreadable())?;
    let request = Request::unnumbered(Method::Initialize.as_str(), &params);
    let revision = Json::of(&revision.as_str());
    let revision = revision.as_ref().map(|it| ("protocolVersion", it));
    let agreed = Changes { keeps: Keeps::All, adds: &[revision] };
    request.rewritten(&agreed, &Changes::NONE).ok_or_else(unreadable)
}

fn unread(error: &StoreError) -> Fault {
    tracing::error!(%error, "session cannot be read or stored");
    Fault::internal("the session store cannot be used now")
}
