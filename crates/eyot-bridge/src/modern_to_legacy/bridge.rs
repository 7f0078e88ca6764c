//! Answers modern clients with what a legacy upstream says.

use std::sync::Arc;
use std::time::Duration;

use eyot_era::modern_to_legacy::{self, Rounds, TaskPlan};
use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST, Id, Message, Response};
use eyot_service::{Call, Fault, Input, Limits, Reply, SealedState};
use eyot_session::Store;
use eyot_types::{
    Era, InputRequests, InputRequiredResult, JsonObject, Method, Revision, RoundParams, codes,
};
use eyot_upstream::Upstream;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::affinity::Affinity;
use super::ask::Ask;
use super::attempt::Attempt;
use super::call::{CallShared, UpstreamCall};
use super::mirrors::Mirrors;
use super::park::ParkTable;
use super::pool::Pool;
use super::record::Records;
use super::sealed::State;
use super::session::UpstreamSession;
use super::tasks::{Planned, Tasks, drive};
use crate::losses::count_losses;

/// The bridge to one upstream. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bridge(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pool: Arc<Pool>,
    pub(crate) table: Arc<ParkTable>,
    pub(crate) mirrors: Mirrors,
    pub(crate) tasks: Tasks,
    pub(crate) records: Arc<Records>,
    pub(crate) limits: Arc<Limits>,
}

impl Bridge {
    /// A bridge to one upstream; calls that wait are kept in the store, if there is one.
    #[must_use]
    pub fn new(
        upstream: &Arc<Upstream>,
        affinity: Affinity,
        store: Option<Arc<dyn Store>>,
    ) -> Self {
        let limits = Arc::clone(&upstream.runtime.limits);
        let records =
            Arc::new(Records::new(store, upstream.fingerprint.clone(), limits.question_timeout));
        Self(Arc::new(Inner {
            pool: Pool::new(Arc::clone(upstream), affinity),
            table: Arc::new(ParkTable::new(Arc::clone(&records), Arc::clone(&limits))),
            mirrors: Mirrors::default(),
            tasks: Tasks::new(&limits),
            records,
            limits,
        }))
    }

    /// Answers a message.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when there is no answer; an answer that is an error is none.
    ///
    /// # Cancel safety
    ///
    /// The upstream is told that its call is given up.
    pub async fn answer(&self, call: Call) -> Result<Reply, Fault> {
        let request = match &call.input {
            Input::Request(request) => request.clone(),
            // A request is cancelled by hanging up; nothing else is of interest to the upstream.
            Input::Notification(_) | Input::Response(_) => return Ok(Reply::None),
            _ => return Err(Fault::internal("modern clients have no sessions")),
        };
        let ask = match Ask::read(request, &call) {
            Ok(ask) => Arc::new(ask),
            Err(error) => return Err(Fault::refused(error)),
        };
        let text = ask.method();
        let method = Method::parse(&text);
        match method {
            Method::ServerDiscover => self.discover(&ask).await,
            Method::Other(_) => self.call(&ask).await,
            Method::SubscriptionsListen => Box::pin(self.0.listen(&ask)).await,
            Method::TasksGet | Method::TasksUpdate | Method::TasksCancel => {
                Box::pin(self.0.task_request(&ask, method)).await
            }
            _ if method.is_in(Revision::MODERN) => self.call(&ask).await,
            _ => Ok(not_found(&ask, &text)),
        }
    }

    async fn discover(&self, ask: &Ask) -> Result<Reply, Fault> {
        let initialized = match self.0.pool.said(ask) {
            Some(initialized) => initialized,
            None => self.0.pool.session(ask, false).await?.initialized.clone(),
        };
        let answered = modern_to_legacy::discover(ask.id.clone(), initialized);
        count_losses(&answered.losses, Era::Legacy);
        Ok(Reply::One(answered.message))
    }

    async fn call(&self, ask: &Arc<Ask>) -> Result<Reply, Fault> {
        let inner = &self.0;
        let round = RoundParams::of(&ask.message).map_err(Fault::refused)?;
        let responses = round.input_responses.unwrap_or_default();
        if let Some(sealed) = round.request_state {
            match inner.request_state(ask).await.open(&sealed) {
                Ok(State::Parked(state)) => {
                    return Box::pin(inner.resume(ask, &state, &responses)).await;
                }
                Ok(State::Visit(keys)) => {
                    if let Some(error) = refused_visit(&keys, &responses) {
                        return Ok(Reply::One(ask.refuse(&error)));
                    }
                }
                Err(error) => return Ok(Reply::One(ask.refuse(&error))),
            }
        }
        if let Err(error) = inner.check_headers(ask).await? {
            return Ok(Reply::One(ask.refuse(&error)));
        }
        let call = inner.begin(ask).await?;
        Ok(Reply::Stream(Attempt::first(inner, Arc::clone(ask), call).into_messages()))
    }
}

impl Inner {
    /// What seals and opens the states of this request.
    pub(crate) async fn request_state<'a>(&'a self, ask: &'a Ask) -> SealedState<'a> {
        let Ask { peer, message, .. } = ask;
        SealedState { keys: self.records.keys().await, maker: "bridge", peer, request: message }
    }

    /// What a client is told that must come again: "Servers MUST include at least one of
    /// `inputRequests` or `requestState`" (2026-07-28, basic/patterns/mrtr).
    pub(crate) async fn question(
        &self,
        ask: &Ask,
        requests: InputRequests,
        state: &State,
    ) -> Response {
        let sealed = self.request_state(ask).await.seal(state, self.limits.question_timeout);
        let result = InputRequiredResult::new(requests).with_request_state(sealed);
        Response::new(ask.id.clone(), &result)
    }

    /// Sends the request of a client.
    pub(crate) async fn begin(&self, ask: &Ask) -> Result<Arc<UpstreamCall>, Fault> {
        let session = self.pool.session(ask, false).await?;
        let Planned { plan, room } = Box::pin(self.tasks.plan(ask, &session)).await?;
        let params = modern_to_legacy::params(&ask.message, session.revision);
        let (params, losses) = params.map_err(Fault::refused)?;
        count_losses(&losses, Era::Modern);
        let params = self.tasks.params(plan, params).map_err(Fault::refused)?;
        let shared = CallShared::new(session.next_number(), ask.may_be_asked(), Rounds::new());
        shared.begin_attempt(ask.log_level.clone(), ask.progress_token.clone());
        *shared.task_room.lock() = room;
        // What is asked in a task says which it is of.
        let is_driven = plan == TaskPlan::Driven;
        let turn = if is_driven { None } else { self.turn(ask, &session).await? };
        self.set_level(ask, &shared, &session).await;
        let request = Message::request_of_text(shared.id(), &ask.method(), &params)
            .with_progress_token(Id::from_number(shared.number));
        let shared = Arc::new(shared);
        if is_driven {
            let sending = drive(&session, &shared, (request, self.limits.call_timeout));
            return Ok(UpstreamCall::follow(session, shared, sending));
        }
        Ok(UpstreamCall::send(session, shared, request, turn))
    }

    /// Waits until nobody else may be asked in the session, where a question does not say which
    /// call it is of.
    async fn turn(
        &self,
        ask: &Ask,
        session: &UpstreamSession,
    ) -> Result<Option<OwnedSemaphorePermit>, Fault> {
        if !ask.may_be_asked() || !self.pool.takes_turns(session) {
            return Ok(None);
        }
        let waiting = Arc::clone(&session.turn).acquire_owned();
        match tokio::time::timeout(self.limits.call_timeout, waiting).await {
            Ok(Ok(turn)) => Ok(Some(turn)),
            _ => Err(Fault::overloaded(
                codes::overloaded("calls that may be asked in one upstream session"),
                Duration::from_secs(1),
            )),
        }
    }

    /// Tells the upstream how much of its log is wanted now.
    async fn set_level(&self, ask: &Ask, shared: &CallShared, session: &UpstreamSession) {
        if !session.initialized.capabilities.has("logging") {
            return;
        }
        if let Some(level) = session.hub.level(shared.number, ask.log_level.as_ref()) {
            let params = json!({ "level": level });
            if let Err(fault) = session.ask(Method::LoggingSetLevel, &params).await {
                tracing::debug!(%fault, "upstream's log level was not set");
            }
        }
    }

    /// Holds the headers of a tool call against its arguments.
    async fn check_headers(&self, ask: &Ask) -> Result<Result<(), ErrorObject>, Fault> {
        if !ask.has_headers() || Method::parse(&ask.method()) != Method::ToolsCall {
            return Ok(Ok(()));
        }
        if self.mirrors.is_unknown(ask) {
            let session = self.pool.session(ask, false).await?;
            let listed = session.ask(Method::ToolsList, &Mirrors::list_params()).await?;
            drop(self.mirrors.learn(ask, listed));
        }
        Ok(self.mirrors.check(ask))
    }
}

/// The error of a user who did not visit a page that the upstream insists on.
fn refused_visit(keys: &[String], responses: &JsonObject) -> Option<ErrorObject> {
    let is_accepted = |key: &String| {
        let action = responses.get(key).and_then(|it| it.get("action"));
        action.and_then(serde_json::Value::as_str) == Some("accept")
    };
    let is_refused = !keys.iter().all(is_accepted);
    is_refused.then(|| {
        ErrorObject::new(INVALID_REQUEST, "the user did not visit the page that the server needs")
    })
}

fn not_found(ask: &Ask, method: &str) -> Reply {
    Reply::One(ask.refuse(&codes::method_not_found(method)))
}
