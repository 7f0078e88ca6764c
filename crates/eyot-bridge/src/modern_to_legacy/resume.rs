//! A client comes back to its call: the call waits here, or another process has left it behind.

use std::sync::Arc;

use eyot_era::parked::{Came, ParkedCall, ParkedConfig, RecordStage, Word};
use eyot_jsonrpc::{ErrorObject, UpstreamId};
use eyot_service::{Fault, Needs, Reply, SealedState};
use eyot_types::codes::{self, Outcome};
use eyot_types::{InputRequests, JsonObject, Revision};
use eyot_upstream::clock::now;

use super::call::UpstreamCall;
use super::guard::CallGuard;
use super::inner::Inner;
use super::modern_request::ModernRequest;
use super::parked::{Entry, UpstreamPlace};
use super::record::UpstreamPosition;
use super::reply::CallReply;
use super::sealed::{ParkedState, State};
use super::shared::CallShared;

/// The call that a client has come back to.
struct Found {
    entry: Entry,
    came: Came,
    /// The questions, if it is asked.
    requests: InputRequests,
}

impl Inner {
    /// Goes on with a call that its client comes back to.
    pub(crate) async fn resume(
        self: &Arc<Self>,
        request: &Arc<ModernRequest>,
        state: &ParkedState,
        responses: &JsonObject,
    ) -> Reply {
        let Found { entry, came, requests } = match self.find(request, state, responses).await {
            Ok(found) => found,
            Err(error) => return Reply::One(request.refuse(&error)),
        };
        let waiter = match came {
            Came::Answers(waiter) | Came::Leads(waiter) | Came::Follows(waiter) => waiter,
            Came::Told(Word::Asked(round)) => {
                let state = State::Parked(ParkedState { round, ..state.clone() });
                return Reply::One(self.question(request, requests, &state).await);
            }
            Came::Told(Word::Last(message)) => {
                return Reply::One(message.with_client_id(request.id.clone()));
            }
            Came::Told(Word::Refused(error)) => return Reply::One(request.refuse(&error)),
        };
        let name = Arc::clone(&entry.claim.name);
        let guard = CallGuard::again(&self.parked, &entry.shared, waiter, name);
        Reply::Stream(CallReply::again(self, Arc::clone(request), guard).into_messages())
    }

    /// Finds a call, here or in the store, and gives it the answers of its client.
    async fn find(
        &self,
        request: &ModernRequest,
        state: &ParkedState,
        responses: &JsonObject,
    ) -> Result<Found, ErrorObject> {
        if let Some(found) = self.find_here(state, responses) {
            return Ok(found);
        }
        // One client at a time: the next finds the call here.
        let _restoring = self.parked.restoring(&state.call).await;
        if let Some(found) = self.find_here(state, responses) {
            return Ok(found);
        }
        let permit = self.parked.permit(request.peer.principal_name())?;
        let entry = self.take_over(state).await?;
        let (came, requests) = entry.shared.come_back(state.round, responses);
        if matches!(came, Came::Answers(_) | Came::Leads(_)) {
            self.parked.insert(entry.clone(), permit);
        }
        Ok(Found { entry, came, requests })
    }

    fn find_here(&self, state: &ParkedState, responses: &JsonObject) -> Option<Found> {
        let entry = self.parked.find(&state.call)?;
        if matches!(entry.upstream, UpstreamPlace::There(_)) && entry.shared.look(|it| it.is_over())
        {
            // Its client has gone, and left it in the store as it was.
            self.parked.remove(&entry.claim.name, &entry.shared);
            return None;
        }
        let (came, requests) = entry.shared.come_back(state.round, responses);
        if matches!(came, Came::Answers(_)) {
            eyot_metrics::parked_call_ended("client");
        }
        Some(Found { entry, came, requests })
    }

    /// Takes a call over from the store.
    async fn take_over(&self, state: &ParkedState) -> Result<Entry, ErrorObject> {
        let found = self.parked.records.take_over(&state.call).await.map_err(|error| {
            tracing::error!(%error, "a parked call cannot be read");
            Fault::internal("the store cannot be used now").error
        })?;
        let (claim, record) = found.ok_or_else(SealedState::refused)?;
        if matches!(record.stage, RecordStage::Over) {
            return Err(SealedState::refused());
        }
        let mut position = None;
        let record = record.map(|mut it| {
            let questions = std::mem::take(&mut it.questions);
            position = Some(it);
            questions
        });
        let revision = position.as_ref().map_or("", |it| it.initialized.protocol_version.as_str());
        let config = ParkedConfig {
            revision: Revision::parse(revision).unwrap_or(Revision::LATEST_LEGACY),
            question_timeout: self.limits.calls.question_timeout,
            questions_max: self.limits.calls.questions_max,
        };
        let parked = ParkedCall::resume(record, claim.fence.0, config, now());
        let id = position.as_ref().map_or(UpstreamId::new(0), |it| it.number);
        let cursor = position.as_ref().and_then(|it| it.cursor.clone()).map(Into::into);
        let shared = Arc::new(CallShared::restored(id, parked, cursor));
        let upstream = UpstreamPlace::There(position.map(Arc::from));
        Ok(Entry { claim, shared, upstream })
    }

    /// The upstream of a call that a client leads now, connected if it is not. `None`: there is
    /// none, and the clients that wait are told.
    pub(crate) async fn connected(
        &self,
        request: &ModernRequest,
        guard: &CallGuard,
    ) -> Option<Arc<UpstreamCall>> {
        let entry = self.parked.find(guard.name.as_deref()?)?;
        let position = match &entry.upstream {
            UpstreamPlace::Here(call) => return Some(Arc::clone(call)),
            UpstreamPlace::There(position) => position.as_deref(),
        };
        let connected = self.connect(request, &entry, position).await;
        connected.inspect_err(|error| self.parked.lose(&entry, error)).ok()
    }

    /// Goes on where the other process has left a call.
    async fn connect(
        &self,
        request: &ModernRequest,
        entry: &Entry,
        position: Option<&UpstreamPosition>,
    ) -> Result<Arc<UpstreamCall>, ErrorObject> {
        let lost = || codes::upstream_lost(LOST, Outcome::Unknown, true);
        let position = position.filter(|it| it.cursor.is_some()).ok_or_else(lost)?;
        let session = self.pool.restored(request, position).await.map_err(|fault| fault.error)?;
        let session = session.ok_or_else(lost)?;
        let turn = session.turns.try_take(Needs::Questions);
        let call = UpstreamCall::restore(session, Arc::clone(&entry.shared), turn);
        let call = call.ok_or_else(lost)?;
        self.parked.connect(&entry.claim, &call)?;
        eyot_metrics::parked_call_ended("restored");
        tracing::info!("a parked call of an earlier process goes on");
        Ok(call)
    }
}

/// Said to a client whose call cannot be found again.
const LOST: &str = "the call ran in a process that has ended, and its upstream cannot resume it";
