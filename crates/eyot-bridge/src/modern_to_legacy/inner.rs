//! What the bridge to one upstream is made of, and how a call begins.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::modern_to_legacy::{self, TaskPlan};
use eyot_era::parked::{ParkedCall, ParkedConfig};
use eyot_jsonrpc::{ErrorObject, Response};
use eyot_service::{Fault, Limits, Needs, SealedState, Turn, UpstreamLimits, limit_reached};
use eyot_types::{Era, InputRequests, InputRequiredResult, Method};
use tokio::time::Instant;

use super::call::UpstreamCall;
use super::known_capabilities::KnownCapabilities;
use super::modern_request::ModernRequest;
use super::param_headers::ParamHeaders;
use super::parked::ParkedCalls;
use super::pool::Pool;
use super::sealed::{State, StateOf};
use super::session::UpstreamSession;
use super::shared::CallShared;
use super::tasks::{Planned, Tasks, drive};
use crate::losses::count_losses;

/// The parts of a bridge, shared by its replies.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pool: Arc<Pool>,
    pub(crate) parked: Arc<ParkedCalls>,
    pub(crate) param_headers: ParamHeaders,
    pub(crate) capabilities: KnownCapabilities,
    pub(crate) tasks: Tasks,
    pub(crate) limits: Arc<Limits>,
}

impl Inner {
    /// Opens a state that the client of this request brought back.
    pub(crate) async fn open_state(
        &self,
        request: &ModernRequest,
        sealed: &str,
    ) -> Result<State, ErrorObject> {
        let opened: StateOf<'static> = self.request_state(request).await.open(sealed)?;
        let name = self.parked.records.name().await;
        let is_ours = opened.upstream.is_none_or(|it| Some(&*it) == name);
        is_ours.then(|| opened.state.into_owned()).ok_or_else(SealedState::refused)
    }

    /// What seals and opens the states of this request.
    async fn request_state<'a>(&'a self, request: &'a ModernRequest) -> SealedState<'a> {
        let ModernRequest { peer, message, .. } = request;
        SealedState {
            keys: self.parked.records.keys().await,
            maker: "bridge",
            peer,
            request: message,
        }
    }

    /// The answer that asks the client to come again: "Servers MUST include at least one of
    /// `inputRequests` or `requestState`" (2026-07-28, basic/patterns/mrtr).
    pub(crate) async fn question(
        &self,
        request: &ModernRequest,
        requests: InputRequests,
        state: &State,
    ) -> Response {
        let upstream = self.parked.records.name().await.map(Cow::from);
        let state = StateOf { upstream, state: Cow::Borrowed(state) };
        let sealed =
            self.request_state(request).await.seal(&state, self.limits.calls.question_timeout);
        let result = InputRequiredResult::new(requests).with_request_state(sealed);
        Response::new(request.id.clone(), &result)
    }

    /// Sends the request of a client.
    pub(crate) async fn begin(&self, request: &ModernRequest) -> Result<Arc<UpstreamCall>, Fault> {
        let session = self.pool.session(request, false).await?;
        self.begin_in(request, session).await
    }

    /// Sends the request of a client in a session.
    pub(crate) async fn begin_in(
        &self,
        request: &ModernRequest,
        session: Arc<UpstreamSession>,
    ) -> Result<Arc<UpstreamCall>, Fault> {
        let Planned { plan, permit } =
            self.tasks.plan(request, &session, &self.param_headers.tools).await?;
        let asked = modern_to_legacy::request(&request.message, session.revision);
        let (asked, losses) = asked.map_err(Fault::refused)?;
        count_losses(&losses, Era::Modern);
        let asked = self.tasks.request(plan, asked);
        let config = ParkedConfig {
            revision: session.revision,
            question_timeout: self.limits.calls.question_timeout,
            questions_max: self.limits.calls.questions_max,
        };
        let is_driven = plan == TaskPlan::Driven;
        let (session, turn) = match self.pool.needs(request, &session, is_driven) {
            None => (session, None),
            Some(needs) => match session.turns.try_take(needs) {
                Some(turn) => (session, Some(turn)),
                // Boxed, because it is large and rare, and this future is part of every call.
                None => {
                    let (session, turn) = Box::pin(self.turn(request, session, needs)).await?;
                    (session, Some(turn))
                }
            },
        };
        let parked = ParkedCall::new(config);
        // Shared from the start: it is large, and would be copied out of this future.
        let shared = Arc::new(CallShared::new(session.next_id(), request.may_be_asked(), parked));
        shared.begin_round(request.log_level.clone(), request.progress_token.clone());
        *shared.task_permit.lock() = permit;
        if let Some(level) = session.level_to_set(&shared, request) {
            Box::pin(session.set_level(level)).await;
        }
        let request = asked.with_upstream_id_and_token(shared.id);
        if is_driven {
            let sending = drive(&session, &shared, (request, self.limits.calls.timeout));
            return Ok(UpstreamCall::follow(session, shared, sending, turn));
        }
        Ok(UpstreamCall::send(session, shared, request, turn))
    }

    /// The turn of a call in a session where messages do not say which call they belong to. A call
    /// that waits too long may get a session to itself.
    async fn turn(
        &self,
        request: &ModernRequest,
        session: Arc<UpstreamSession>,
        needs: Needs,
    ) -> Result<(Arc<UpstreamSession>, Turn), Fault> {
        let UpstreamLimits { turn_patience, .. } = self.limits.upstream;
        let until = Instant::now() + self.limits.calls.timeout;
        let turns = session.turns.clone();
        let mut waiting = pin!(tokio::time::timeout_at(until, turns.take(needs)));
        let going_on = async {
            if !self.pool.may_open_further() {
                return std::future::pending().await;
            }
            turns.impatience(turn_patience).await;
            match self.pool.further(request, needs).await {
                Ok(found) => found,
                Err(fault) => {
                    tracing::debug!(%fault, "a call goes on waiting for its turn");
                    std::future::pending().await
                }
            }
        };
        tokio::select! {
            biased;
            waited = waiting.as_mut() => match waited {
                Ok(turn) => Ok((session, turn)),
                Err(_elapsed) => Err(Fault::overloaded(
                    limit_reached("turns in one upstream session"),
                    Duration::from_secs(1),
                )),
            },
            found = going_on => Ok(found),
        }
    }

    /// Holds the headers of a tool call against its arguments, before it is sent in this session.
    ///
    /// # Errors
    /// A refusal when they differ; another fault when the upstream's tools must be known for that,
    /// and are not.
    pub(crate) async fn check_headers(
        &self,
        request: &ModernRequest,
        session: &UpstreamSession,
    ) -> Result<(), Fault> {
        if !request.has_headers() || Method::parse(request.method()) != Method::ToolsCall {
            return Ok(());
        }
        let list = |page| async move { session.ask(Method::ToolsList, &page).await };
        self.param_headers.check(request, list).await
    }
}
