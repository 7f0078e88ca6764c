//! What the bridge to one upstream is made of, and how a call begins.

use std::sync::Arc;
use std::time::Duration;

use eyot_era::modern_to_legacy::{self, TaskPlan};
use eyot_era::parked::{ParkedCall, ParkedConfig};
use eyot_jsonrpc::{Request, Response};
use eyot_service::{Fault, Limits, SealedState, limit_reached};
use eyot_types::{Era, InputRequests, InputRequiredResult, Method};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::call::UpstreamCall;
use super::modern_request::ModernRequest;
use super::param_headers::ParamHeaders;
use super::parked::ParkedCalls;
use super::pool::Pool;
use super::sealed::State;
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
    pub(crate) tasks: Tasks,
    pub(crate) limits: Arc<Limits>,
}

impl Inner {
    /// What seals and opens the states of this request.
    pub(crate) async fn request_state<'a>(&'a self, request: &'a ModernRequest) -> SealedState<'a> {
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
        let sealed =
            self.request_state(request).await.seal(state, self.limits.calls.question_timeout);
        let result = InputRequiredResult::new(requests).with_request_state(sealed);
        Response::new(request.id.clone(), &result)
    }

    /// Sends the request of a client.
    pub(crate) async fn begin(&self, request: &ModernRequest) -> Result<Arc<UpstreamCall>, Fault> {
        let session = self.pool.session(request, false).await?;
        let Planned { plan, permit } =
            Box::pin(self.tasks.plan(request, &session, &self.param_headers.tools)).await?;
        let params = modern_to_legacy::params(&request.message, session.revision);
        let (params, losses) = params.map_err(Fault::refused)?;
        count_losses(&losses, Era::Modern);
        let params = self.tasks.params(plan, params).map_err(Fault::refused)?;
        let config = ParkedConfig {
            revision: session.revision,
            question_timeout: self.limits.calls.question_timeout,
            questions_max: self.limits.calls.questions_max,
        };
        let parked = ParkedCall::new(config);
        let shared = CallShared::new(session.next_id(), request.may_be_asked(), parked);
        shared.begin_round(request.log_level.clone(), request.progress_token.clone());
        *shared.task_permit.lock() = permit;
        // A question in a task says which task it belongs to.
        let is_driven = plan == TaskPlan::Driven;
        let permit = if is_driven { None } else { self.asking_permit(request, &session).await? };
        self.set_level(request, &shared, &session).await;
        let request = Request::of_text(shared.request_id(), request.method(), &params)
            .with_upstream_id_and_token(shared.id);
        let shared = Arc::new(shared);
        if is_driven {
            let sending = drive(&session, &shared, (request, self.limits.calls.timeout));
            return Ok(UpstreamCall::follow(session, shared, sending));
        }
        Ok(UpstreamCall::send(session, shared, request, permit))
    }

    /// Waits until no other call may be asked in the session, where a question does not say which
    /// call it belongs to.
    async fn asking_permit(
        &self,
        request: &ModernRequest,
        session: &UpstreamSession,
    ) -> Result<Option<OwnedSemaphorePermit>, Fault> {
        if !request.may_be_asked() || !self.pool.asks_one_at_a_time(session) {
            return Ok(None);
        }
        let waiting = Arc::clone(&session.asking).acquire_owned();
        match tokio::time::timeout(self.limits.calls.timeout, waiting).await {
            Ok(Ok(permit)) => Ok(Some(permit)),
            _ => Err(Fault::overloaded(
                limit_reached("calls that may be asked in one upstream session"),
                Duration::from_secs(1),
            )),
        }
    }

    /// Tells the upstream how much of its log is wanted now.
    async fn set_level(
        &self,
        request: &ModernRequest,
        shared: &CallShared,
        session: &UpstreamSession,
    ) {
        if !session.initialized.capabilities.has("logging") {
            return;
        }
        if let Some(level) = session.router.level(shared.id, request.log_level.as_ref()) {
            let params = json!({ "level": level });
            if let Err(fault) = session.ask(Method::LoggingSetLevel, &params).await {
                tracing::debug!(%fault, "upstream's log level was not set");
            }
        }
    }

    /// Holds the headers of a tool call against its arguments.
    ///
    /// # Errors
    /// A refusal when they differ; another fault when the upstream's tools must be known for that,
    /// and are not.
    pub(crate) async fn check_headers(&self, request: &ModernRequest) -> Result<(), Fault> {
        if !request.has_headers() || Method::parse(request.method()) != Method::ToolsCall {
            return Ok(());
        }
        let list = |page| async move {
            let session = self.pool.session(request, false).await?;
            session.ask(Method::ToolsList, &page).await
        };
        self.param_headers.check(request, list).await
    }
}
