//! Answers modern clients with what a legacy upstream says.

use std::sync::Arc;

use eyot_era::modern_to_legacy;
use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST};
use eyot_service::{Call, Fault, Input, Reply};
use eyot_session::Store;
use eyot_types::{Era, JsonObject, Method, Revision, RoundParams, codes};
use eyot_upstream::{KnownLists, KnownPage, List, Upstream};

use super::affinity::Affinity;
use super::inner::Inner;
use super::known_capabilities::KnownCapabilities;
use super::modern_request::ModernRequest;
use super::param_headers::ParamHeaders;
use super::parked::ParkedCalls;
use super::pool::Pool;
use super::record::Records;
use super::reply::{CallReply, list_answer};
use super::sealed::State;
use super::session_router::Known;
use super::tasks::Tasks;
use crate::losses::count_losses;

/// The bridge to one upstream. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ModernToLegacy(Arc<Inner>);

impl ModernToLegacy {
    /// A bridge to one upstream; calls that wait are kept in the store, if there is one.
    #[must_use]
    pub fn new(
        upstream: &Arc<Upstream>,
        affinity: Affinity,
        store: Option<Arc<dyn Store>>,
    ) -> Self {
        let limits = Arc::clone(&upstream.runtime.limits);
        let records = Arc::new(Records::new(store, Arc::clone(&upstream.name)));
        let param_headers = ParamHeaders::new(&limits);
        let (tools, lists) = (Arc::clone(&param_headers.tools), Arc::new(KnownLists::new(&limits)));
        Self(Arc::new(Inner {
            pool: Pool::new(Arc::clone(upstream), affinity, Known { tools, lists }),
            parked: Arc::new(ParkedCalls::new(records, &upstream.runtime)),
            param_headers,
            capabilities: KnownCapabilities::default(),
            tasks: Tasks::new(&upstream.runtime),
            limits,
        }))
    }

    /// Whether clients will come back for something that is kept here: parked calls, or tasks.
    #[must_use]
    pub fn awaits_clients(&self) -> bool {
        self.0.parked.len() > 0 || !self.0.tasks.table.is_empty()
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
        let request =
            match ModernRequest::read(request, &call, (&self.0.capabilities, &self.0.limits)) {
                Ok(request) => Arc::new(request),
                Err(error) => return Err(Fault::refused(error)),
            };
        let method = Method::parse(request.method());
        match method {
            Method::ServerDiscover => self.discover(&request).await,
            Method::Other(_) => self.call(&request, method).await,
            Method::SubscriptionsListen => Box::pin(self.0.listen(&request)).await,
            Method::TasksGet | Method::TasksUpdate | Method::TasksCancel => {
                Box::pin(self.0.task_request(&request, method)).await
            }
            _ if method.is_in(Revision::MODERN) => self.call(&request, method).await,
            _ => Ok(not_found(&request, request.method())),
        }
    }

    async fn discover(&self, request: &ModernRequest) -> Result<Reply, Fault> {
        let initialized = match self.0.pool.said(request) {
            Some(initialized) => initialized,
            None => self.0.pool.session(request, false).await?.initialized.clone(),
        };
        let answered = modern_to_legacy::discover(request.id.clone(), initialized);
        count_losses(&answered.losses, Era::Legacy);
        Ok(Reply::One(answered.message))
    }

    async fn call(&self, request: &Arc<ModernRequest>, method: Method<'_>) -> Result<Reply, Fault> {
        let inner = &self.0;
        let round = RoundParams::of(&request.message).map_err(Fault::refused)?;
        let responses = round.input_responses.unwrap_or_default();
        if let Some(sealed) = round.request_state {
            match inner.open_state(request, &sealed).await {
                Ok(State::Parked(state)) => {
                    return Ok(Box::pin(inner.resume(request, &state, &responses)).await);
                }
                Ok(State::AwaitsUrl(keys)) => {
                    if let Some(error) = refused_url(&keys, &responses) {
                        return Ok(Reply::One(request.refuse(&error)));
                    }
                }
                Err(error) => return Ok(Reply::One(request.refuse(&error))),
            }
        }
        // Nothing is started for a list that is known.
        if List::of(method).is_some()
            && let Some(KnownPage { answer, server }) = inner.pool.known_page(request)
        {
            return Ok(Reply::One(list_answer(request, &answer, &server)));
        }
        let session = inner.pool.session(request, false).await?;
        if let Err(fault) = inner.check_headers(request, &session).await {
            return request.fail(fault);
        }
        let call = inner.begin_in(request, session).await?;
        Ok(Reply::Stream(CallReply::first(inner, Arc::clone(request), call).into_messages()))
    }
}

/// The error for a client whose user has not visited a page that the upstream insists on.
fn refused_url(keys: &[String], responses: &JsonObject) -> Option<ErrorObject> {
    let is_accepted = |key: &String| {
        let action = responses.get(key).and_then(|it| it.get("action"));
        action.and_then(serde_json::Value::as_str) == Some("accept")
    };
    let is_refused = !keys.iter().all(is_accepted);
    is_refused.then(|| {
        ErrorObject::new(INVALID_REQUEST, "the user did not visit the page that the server needs")
    })
}

fn not_found(request: &ModernRequest, method: &str) -> Reply {
    Reply::One(request.refuse(&codes::method_not_found(method)))
}
