//! A client comes back to its call: the call rests here, or another process has left it behind.

use std::sync::Arc;

use eyot_era::modern_to_legacy::{RoundError, Rounds};
use eyot_jsonrpc::{ErrorObject, Message, Response};
use eyot_service::{Fault, Messages, Reply, ReplyItem, SealedState};
use eyot_types::JsonObject;
use eyot_types::codes::{self, Outcome};
use futures_util::{StreamExt as _, stream};
use tokio::sync::oneshot;

use super::ask::Ask;
use super::attempt::{Attempt, Held};
use super::bridge::Inner;
use super::call::{CallShared, Heard, UpstreamCall};
use super::park::{Handover, Reserved, Resumed, Taken};
use super::record::{Answers, Claim, Record, RecordStage, Trace, last_word};
use super::sealed::{ParkedState, State};

/// What is left of a call in the store.
enum Remains {
    /// It can go on.
    Call(Box<Taken>),
    /// It is over.
    Over(Response),
}

impl Inner {
    /// Goes on with a call that its client comes back to.
    pub(crate) async fn resume(
        self: &Arc<Self>,
        ask: &Arc<Ask>,
        state: &ParkedState,
        responses: &JsonObject,
    ) -> Result<Reply, Fault> {
        let round = (state.round, Answers::of(responses));
        loop {
            match self.table.resume(state, responses) {
                Resumed::Taken(taken) => return Ok(self.go_on(ask, round, taken)),
                Resumed::Following(leader) => return Ok(follow(Arc::clone(ask), leader)),
                Resumed::Asked(round, requests) => {
                    let state = State::Parked(ParkedState { round, ..state.clone() });
                    return Ok(Reply::One(self.question(ask, requests, &state).await));
                }
                Resumed::Refused(error) => return Ok(Reply::One(ask.refuse(&error))),
                Resumed::Unknown => {}
            }
            let principal = ask.peer.principal.clone();
            let Some(reserved) = self.table.reserve(state, round.1, principal) else { continue };
            return Ok(match self.restore(ask, state, responses).await {
                Ok(Remains::Call(taken)) => {
                    reserved.keep(&taken.claim);
                    self.go_on(ask, round, *taken)
                }
                Ok(Remains::Over(last)) => over(ask, reserved, &last),
                Err(error) => over(ask, reserved, &ask.refuse(&error)),
            });
        }
    }

    /// The upstream gets the answers, and the client what comes of them.
    fn go_on(self: &Arc<Self>, ask: &Arc<Ask>, round: (u32, Answers), taken: Taken) -> Reply {
        let Taken { claim, call, answers } = taken;
        if let Some((answers, trace)) = answers {
            self.pass_on(&claim, round, (&call, answers, trace));
        }
        let held = Held::again(self, claim, round, call);
        Reply::Stream(Attempt::again(Arc::clone(ask), held).into_messages())
    }

    /// Sends answers whether or not the client stays to see it: a client that comes back must not
    /// find a call that has lost them.
    fn pass_on(
        &self,
        claim: &Claim,
        (round, given): (u32, Answers),
        (call, answers, trace): (&Arc<UpstreamCall>, Vec<Message>, Box<Trace>),
    ) {
        let stage = RecordStage::Answered(given, trace);
        let written = self.records.write(claim, (round, stage), self.limits.question_timeout);
        let (timeout, passed) = (self.limits.call_timeout, Arc::clone(call));
        let passing = async move {
            if written.await.is_err() {
                return passed.keep(Heard::Failed(Fault::upstream(elsewhere())));
            }
            for answer in answers {
                let sending = passed.session.connection.send(answer);
                let sent = tokio::time::timeout(timeout, sending).await;
                if let Err(fault) = sent.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout))) {
                    return passed.keep(Heard::Failed(fault));
                }
            }
        };
        if !call.session.chore(passing) {
            let error = codes::upstream_lost("upstream session has ended", Outcome::Unknown, true);
            call.keep(Heard::Failed(Fault::upstream(error)));
        }
    }

    /// Looks for a call in the store, and takes it over.
    async fn restore(
        &self,
        ask: &Ask,
        state: &ParkedState,
        responses: &JsonObject,
    ) -> Result<Remains, ErrorObject> {
        let found = self.records.take_over(&state.call).await.map_err(|error| {
            tracing::error!(%error, "a parked call cannot be read");
            Fault::internal("the store cannot be used now").error
        })?;
        let (claim, record) = found.ok_or_else(SealedState::refused)?;
        let trace = match to_go_on(record, state.round, Answers::of(responses))? {
            Stored::Trace(trace) => trace,
            Stored::Last(last) => return Ok(Remains::Over(last)),
            Stored::Asked(round, trace) => {
                let asked = Rounds::restore(round, trace.questions(), claim.fence.0).questions();
                let state = State::Parked(ParkedState { round, ..state.clone() });
                return Ok(Remains::Over(self.question(ask, asked, &state).await));
            }
        };
        let call = self.restored(ask, (state.round, &claim), &trace).await;
        let call = call.inspect_err(|_| self.records.forget(&claim))?;
        let revision = call.session.revision;
        let answers = call.shared.rounds(|it| it.answer(state.round, responses, revision));
        let answers = answers.map_err(|error| error.to_error())?;
        Ok(Remains::Call(Box::new(Taken { claim, call, answers: Some((answers, trace)) })))
    }

    /// The call where the other process has left it.
    async fn restored(
        &self,
        ask: &Ask,
        (round, claim): (u32, &Claim),
        trace: &Trace,
    ) -> Result<Arc<UpstreamCall>, ErrorObject> {
        let lost = || codes::upstream_lost(LOST, Outcome::Unknown, true);
        let cursor = trace.cursor.clone().ok_or_else(lost)?;
        let session = self.pool.restored(ask, trace).await.map_err(|fault| fault.error)?;
        let session = session.ok_or_else(lost)?;
        let rounds = Rounds::restore(round, trace.questions(), claim.fence.0);
        let shared = Arc::new(CallShared::restored(trace.number, rounds, cursor.into()));
        let turn = Arc::clone(&session.turn).try_acquire_owned().ok();
        eyot_metrics::parked_call_ended("restored");
        tracing::info!("a parked call of an earlier process goes on");
        UpstreamCall::restore(session, shared, turn).ok_or_else(lost)
    }
}

/// What the store has for a client that comes back.
enum Stored {
    /// Where to go on.
    Trace(Box<Trace>),
    /// The round of which the client has not heard.
    Asked(u32, Box<Trace>),
    Last(Response),
}

/// What there is to go on with, if the client comes back with what the call waits for.
fn to_go_on(record: Record, round: u32, came: Answers) -> Result<Stored, ErrorObject> {
    let late = || RoundError::AnsweredAlready.to_error();
    if matches!(record.stage, RecordStage::Over) {
        return Err(SealedState::refused());
    }
    if record.round != round {
        let is_behind = Some(record.round) == round.checked_add(1);
        return match record.stage {
            RecordStage::Asked(Some(before), trace) if is_behind && before == came => {
                Ok(Stored::Asked(record.round, trace))
            }
            _ => Err(late()),
        };
    }
    match record.stage {
        RecordStage::Asked(_, trace) => Ok(Stored::Trace(trace)),
        // Whether the upstream has got the answers is not known. It gets them once more: "Request
        // IDs MUST NOT have been previously used by the requestor within the same session"
        // (2025-11-25, basic, Requests), so the second ones are answers to nothing.
        RecordStage::Answered(given, trace) if given == came => Ok(Stored::Trace(trace)),
        RecordStage::Done(given, word) if given == came => {
            last_word(&word).map(Stored::Last).ok_or_else(SealedState::refused)
        }
        RecordStage::Answered(..) | RecordStage::Done(..) | RecordStage::Over => Err(late()),
    }
}

/// There is nothing to go on with: all who wait hear the same.
fn over(ask: &Ask, reserved: Reserved, last: &Response) -> Reply {
    reserved.end(last);
    Reply::One(last.clone().with_client_id(ask.id.clone()))
}

/// Waits for what the client hears that came first with the same answers.
fn follow(ask: Arc<Ask>, leader: oneshot::Receiver<Handover>) -> Reply {
    let following = async move {
        match leader.await {
            Ok(Handover::Said(message)) => {
                let message = message.with_id(ask.id.clone());
                stream::iter([Ok(ReplyItem::from(message))]).boxed()
            }
            Ok(Handover::Yours(held)) => Attempt::again(ask, *held).into_messages().boxed(),
            Err(_gone) => stream::iter([Ok(ReplyItem::from(ask.refuse(&elsewhere())))]).boxed(),
        }
    };
    Reply::Stream(Messages::new(stream::once(following).flatten()))
}

/// Said to a client whose call cannot be found again.
const LOST: &str = "the call ran in a process that has ended, and its upstream cannot resume it";

/// The error of a client whose call somebody else has.
pub(crate) fn elsewhere() -> ErrorObject {
    codes::upstream_lost("somebody else goes on with the call", Outcome::Unknown, true)
}
