//! A request on its way to a handler: in a call that begins, or in one that was parked.

use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, Id, Request, Response};
use eyot_service::{Call, Input, Reply, ReplyFuture};
use eyot_types::{Era, RoundParams, codes};

use super::context::{CallContext, HandlerParts};
use super::reply::come_back;
use super::state::{CallSession, CallState};
use crate::rounds::inputs::Inputs;
use crate::rounds::sealed::Sealed;
use crate::tasks::TaskLink;

/// A call as its handler will see it; or the whole reply, when it goes on elsewhere or not at all.
pub(crate) fn begin(
    parts: &Arc<HandlerParts>,
    call: Call,
    task: Option<Box<TaskLink>>,
) -> Result<CallContext, ReplyFuture> {
    let Input::Request(request) = &call.input else {
        return Err(failed(None, &codes::invalid_params("no request")));
    };
    let request = request.clone();
    let round = round(parts, &call, &request)?;
    let session = call
        .session
        .as_ref()
        .map(|handle| CallSession { handle: Arc::clone(handle), memory: parts.session(handle) });
    let questions_max = parts.limits.calls.questions_max;
    let state = CallState::new(call, session, request, task, questions_max);
    if !round.is_first_round() {
        state.set_inputs(round);
    }
    Ok(CallContext::begin(state, Arc::clone(parts)))
}

/// What the round brought that a request begins; or the reply, where it goes on in a parked call.
fn round(parts: &Arc<HandlerParts>, call: &Call, request: &Request) -> Result<Inputs, ReplyFuture> {
    if call.peer.era == Era::Legacy {
        return Ok(Inputs::default());
    }
    let refused = |error: ErrorObject| failed(Some(request.id()), &error);
    let round = RoundParams::of(request).map_err(refused)?;
    let Some(state) = round.request_state else {
        // Answers without a state: to a round of another server, or made up. A handler that
        // asks for these keys will find them; that is all that they can do.
        let inputs = round.input_responses.map(|it| Inputs::new(it, None));
        return Ok(inputs.unwrap_or_default());
    };
    let responses = round.input_responses.unwrap_or_default();
    match parts.calls.sealed_state(&call.peer, request).open(&state).map_err(refused)? {
        Sealed::Handler(state) => {
            let state = Some(state).filter(|it| !it.is_empty());
            Ok(Inputs::new(responses, state))
        }
        Sealed::Parked(place) => {
            let client = (&call.peer, request);
            Err(come_back(parts, client, place, responses).unwrap_or_else(refused))
        }
    }
}

/// An error that is the answer.
pub(crate) fn failed(id: Option<Id>, error: &ErrorObject) -> ReplyFuture {
    let answer = Response::of_error(id, error);
    Box::pin(std::future::ready(Ok(Reply::One(answer))))
}
