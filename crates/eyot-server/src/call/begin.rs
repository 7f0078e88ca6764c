//! Takes a request to its handler: in a new call, or in a parked one.

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

/// Makes the call that the handler will see; or gives the whole reply, when a parked call goes on
/// instead or the request fails.
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
    let state = CallState::new(call, session, request, task);
    if !round.is_first_round() {
        state.set_inputs(round);
    }
    Ok(CallContext::begin(state, Arc::clone(parts)))
}

/// The inputs of the round that a request begins; or the reply, when a parked call goes on.
fn round(parts: &Arc<HandlerParts>, call: &Call, request: &Request) -> Result<Inputs, ReplyFuture> {
    if call.peer.era == Era::Legacy {
        return Ok(Inputs::default());
    }
    let refused = |error: ErrorObject| failed(Some(request.id()), &error);
    let round = RoundParams::of(request).map_err(refused)?;
    let Some(state) = round.request_state else {
        // The client answers without a state: it answers a round of another server, or made the
        // answers up. A handler that asks for these keys will find them; they can do nothing else.
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

/// The reply that consists of an error.
pub(crate) fn failed(id: Option<Id>, error: &ErrorObject) -> ReplyFuture {
    let answer = Response::of_error(id, error);
    Box::pin(std::future::ready(Ok(Reply::One(answer))))
}
