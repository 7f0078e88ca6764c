//! Runs a handler until it is done, through every round that it asks for.

use eyot_types::{Era, InputRequiredResult};

use super::context::CallContext;
use crate::failure::{HandlerError, HandlerResult};
use crate::registry::handling::{HandlerReply, Handling};
use crate::rounds::inputs::Inputs;
use crate::rounds::required::InputRequired;
use crate::rounds::sealed::{Sealed, input_required};

/// The outcome of a handler.
pub(crate) enum Settled<D> {
    Done(D),
    /// It wants another round of a modern client.
    Asks(Box<InputRequiredResult>),
}

/// Runs a handler until it is done. In a legacy session, and in a task, the handler is run again
/// with the answers to its questions, so one handler serves both eras.
pub(crate) async fn settle<R: HandlerReply>(
    call: &CallContext,
    once: impl Fn() -> Handling<R>,
) -> HandlerResult<Settled<R::Done>> {
    let rounds_max = call.parts().limits.calls.rounds_max;
    for _ in 0..rounds_max {
        let asked = match once().await?.split() {
            Ok(done) => return Ok(Settled::Done(done)),
            Err(asked) => asked,
        };
        if call.era() == Era::Modern && !call.state().is_task() {
            return Ok(Settled::Asks(Box::new(next_round(call, asked).await?)));
        }
        let inputs = ask_here(call, asked).await?;
        call.state().set_inputs(inputs);
    }
    Err(HandlerError::new(format!("the handler asked more than {rounds_max} times")))
}

/// The result that sends a modern client into another round.
async fn next_round(
    call: &CallContext,
    asked: InputRequired,
) -> HandlerResult<InputRequiredResult> {
    let (questions, state) = asked.into_parts()?;
    let client = call.client_capabilities().await?;
    let asking = call.asking();
    let fitted = |(key, question)| Ok((key, asking.fitted(question, &client)?.into()));
    let requests = questions.into_iter().map(fitted).collect::<HandlerResult<_>>()?;
    // The state is always sealed, even an empty one: it binds the next round to this call.
    let state = Sealed::Handler(state.unwrap_or_default());
    let state = call.parts().calls.seal(&call.state().peer, &call.request(), &state);
    Ok(input_required(requests, state))
}

/// Asks everything at once while the call goes on, and gives what a next round would have brought:
/// in a legacy session, or in a task.
async fn ask_here(call: &CallContext, asked: InputRequired) -> HandlerResult<Inputs> {
    let (questions, state) = asked.into_parts()?;
    let asking = call.asking();
    let asking = questions.into_iter().map(|(key, question)| async move {
        let answer = asking.question(Some(&key), question).await?;
        Ok::<_, HandlerError>((key, answer))
    });
    let answers = futures_util::future::try_join_all(asking).await?;
    Ok(Inputs::new(answers.into_iter().collect(), state))
}
