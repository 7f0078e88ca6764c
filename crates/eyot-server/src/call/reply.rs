//! The reply of a call: one message, or several with the answer last.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use eyot_era::parked::{Told, Word};
use eyot_jsonrpc::{ErrorObject, Request, Response};
use eyot_service::{Fault, Messages, Peer, Reply, ReplyFuture, ReplyItem};
use eyot_types::{InputRequests, JsonObject};
use futures_core::Stream;

use super::context::HandlerParts;
use super::exchange::QuestionName;
use super::run::{Run, Step};
use crate::parked::{CameBack, ClientGuard};
use crate::rounds::sealed::{ParkedPlace, Sealed, input_required};

/// Gives the messages of a call to one client: a new handler, or a [`NextRound`].
pub(crate) trait Speaker: Sized + Send + Unpin + 'static {
    /// The next message. The last one takes the speaker away.
    fn poll_output(this: &mut Option<Self>, cx: &mut Context<'_>) -> Poll<SpeakerOutput>;
}

/// One message of a speaker to its client.
pub(crate) enum SpeakerOutput {
    /// A message before the answer.
    Part(ReplyItem),
    /// The answer; `None` when the call was cancelled.
    Last(Option<Response>),
}

/// The reply of a call: one message if the answer comes first, a stream otherwise.
pub(crate) struct CallReply<S>(pub(crate) Option<S>);

impl<S: Speaker> Future for CallReply<S> {
    type Output = Result<Reply, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match ready!(S::poll_output(&mut self.0, cx)) {
            // A reply that becomes a stream moves into a box of its own; that is rare.
            SpeakerOutput::Part(part) => {
                let speaker = self.0.take();
                Reply::Stream(Messages::new(CallStream { first: Some(part), speaker }))
            }
            SpeakerOutput::Last(last) => last.map_or(Reply::None, Reply::One),
        }))
    }
}

/// The messages of a call, the answer last.
struct CallStream<S> {
    first: Option<ReplyItem>,
    speaker: Option<S>,
}

impl<S: Speaker> Stream for CallStream<S> {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let item = match ready!(S::poll_output(&mut self.speaker, cx)) {
            SpeakerOutput::Part(part) => Some(part),
            SpeakerOutput::Last(last) => last.map(ReplyItem::from),
        };
        Poll::Ready(item.map(Ok))
    }
}

impl Speaker for Run {
    fn poll_output(this: &mut Option<Self>, cx: &mut Context<'_>) -> Poll<SpeakerOutput> {
        let Some(run) = this else { return Poll::Ready(SpeakerOutput::Last(None)) };
        let step = ready!(run.poll_step(cx));
        if let Step::Part(part) = step {
            return Poll::Ready(SpeakerOutput::Part(part));
        }
        let run = this.take();
        Poll::Ready(SpeakerOutput::Last(match step {
            Step::Answer(answer) => Some(answer),
            Step::Asks => match run.map(park) {
                // This client waits like the others, and is told at once.
                Some(Ok(waiting)) => return NextRound::poll_output(&mut Some(waiting), cx),
                Some(Err(refused)) => Some(refused),
                None => None,
            },
            Step::Part(_) | Step::Cancelled => None,
        }))
    }
}

/// Parks a call that asks for the first time.
fn park(run: Run) -> Result<NextRound, Response> {
    let call = run.call().clone();
    let (peer, request) = (call.state().peer.clone(), call.request());
    let client = RoundClient { parts: Arc::clone(call.parts()), peer, request };
    let guard = ClientGuard::first(&client.parts.parked, call.principal(), run);
    let refused = |error: ErrorObject| Response::of_error(Some(client.request.id()), &error);
    let mut guard = guard.map_err(refused)?;
    guard.rest(call.exchange().open_inputs());
    Ok(NextRound { guard, client })
}

/// A client's request that waits for the outcome of a round.
struct NextRound {
    guard: ClientGuard<Run>,
    client: RoundClient,
}

/// The client that gets the answer to a round, and its request.
struct RoundClient {
    parts: Arc<HandlerParts>,
    peer: Peer,
    request: Request,
}

/// Continues a parked call for a client that has come back to it.
///
/// # Errors
/// The error for the client when there is no such call.
pub(crate) fn come_back(
    parts: &Arc<HandlerParts>,
    (peer, request): (&Peer, &Request),
    place: ParkedPlace,
    responses: JsonObject,
) -> Result<ReplyFuture, ErrorObject> {
    let principal = peer.principal_name();
    let came = ClientGuard::come_back(&parts.parked, &place, principal, &responses)?;
    let (parts, peer, request) = (Arc::clone(parts), peer.clone(), request.clone());
    let client = RoundClient { parts, peer, request };
    Ok(match came {
        CameBack::Here { guard, answers } => {
            let mut next = NextRound { guard, client };
            next.lead(if answers { responses } else { JsonObject::new() });
            Box::pin(CallReply(Some(next)))
        }
        CameBack::Told(told) => {
            let answer = client.answer(told, place);
            Box::pin(std::future::ready(Ok(Reply::One(answer))))
        }
    })
}

impl NextRound {
    /// If this client leads the call, the handler goes on for its request, with these answers.
    fn lead(&mut self, answers: JsonObject) {
        if let Some(run) = self.guard.handler() {
            run.call().state().begin_round(self.client.request.clone());
            for (key, answer) in answers {
                // Answers to questions that the call did not ask are not read.
                run.call().exchange().set_answer(&QuestionName::Key(key), Ok(answer));
            }
        }
    }
}

impl Speaker for NextRound {
    fn poll_output(this: &mut Option<Self>, cx: &mut Context<'_>) -> Poll<SpeakerOutput> {
        let Some(next) = this else { return Poll::Ready(SpeakerOutput::Last(None)) };
        loop {
            let Some(run) = next.guard.handler() else {
                match ready!(next.guard.poll_told(cx)) {
                    Some(told) => {
                        let answer = next.client.answer(told, next.guard.place());
                        *this = None;
                        return Poll::Ready(SpeakerOutput::Last(Some(answer)));
                    }
                    // The client that led before has given the answers.
                    None => next.lead(JsonObject::new()),
                }
                continue;
            };
            match ready!(run.poll_step(cx)) {
                Step::Part(part) => return Poll::Ready(SpeakerOutput::Part(part)),
                Step::Answer(answer) => next.guard.finish(answer),
                Step::Asks => {
                    let asked = run.call().exchange().open_inputs();
                    next.guard.rest(asked);
                }
                Step::Cancelled => {
                    next.guard.lose();
                    *this = None;
                    return Poll::Ready(SpeakerOutput::Last(None));
                }
            }
        }
    }
}

impl RoundClient {
    /// The answer to the client's request, made of what the machine tells it.
    fn answer(&self, told: Told, place: ParkedPlace) -> Response {
        let id = self.request.id();
        match told.word {
            Word::Asked(round) => {
                let state = Sealed::Parked(ParkedPlace { round, ..place });
                let state = self.parts.calls.seal(&self.peer, &self.request, &state);
                let result = input_required(InputRequests::clone(&told.requests), state);
                Response::new(id, &self.parts.identity.stamp(&result))
            }
            Word::Last(answer) => answer.with_client_id(id),
            Word::Refused(error) => Response::of_error(Some(id), &error),
        }
    }
}
