//! What the client of a call gets: one message, or several with the answer last.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use eyot_jsonrpc::Response;
use eyot_service::{Fault, Messages, Reply, ReplyItem};
use futures_core::Stream;

use super::run::{Run, Step};
use crate::rounds::sealed::input_required;

/// The reply of a call: one message if the answer comes first, a stream otherwise.
pub(crate) struct CallReply(pub(crate) Option<Run>);

impl Future for CallReply {
    type Output = Result<Reply, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(run) = &mut self.0 else { return Poll::Ready(Ok(Reply::None)) };
        let step = ready!(run.poll_step(cx));
        // Where it goes on elsewhere, it moves into a box of its own; that is rare.
        let run = self.0.take();
        Poll::Ready(Ok(match (step, run) {
            (Step::Answer(answer), _) => Reply::One(answer),
            (Step::Part(part), run) => {
                Reply::Stream(Messages::new(CallStream { first: Some(part), run }))
            }
            (Step::Asks, Some(run)) => Reply::One(park(Box::new(run))),
            (Step::Asks, None) | (Step::Cancelled, _) => Reply::None,
        }))
    }
}

/// The messages of a call, the answer last.
struct CallStream {
    first: Option<ReplyItem>,
    run: Option<Run>,
}

impl Stream for CallStream {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(run) = &mut self.run else { return Poll::Ready(None) };
        let message = match ready!(run.poll_step(cx)) {
            Step::Part(part) => return Poll::Ready(Some(Ok(part))),
            Step::Answer(answer) => Some(answer),
            Step::Asks => self.run.take().map(|run| park(Box::new(run))),
            Step::Cancelled => None,
        };
        self.run = None;
        Poll::Ready(message.map(|it| Ok(it.into())))
    }
}

/// Parks a call and says what its client must bring.
fn park(run: Box<Run>) -> Response {
    let call = run.call().clone();
    let id = call.request_id();
    let requests = call.exchange().open_inputs();
    let (identity, calls) = (&call.parts().identity, &call.parts().calls);
    let answer = calls.parked.park(run, calls.round_timeout).map(|sealed| {
        let state = calls.seal(&call.state().peer, &call.request(), &sealed);
        input_required(requests, state)
    });
    match answer {
        Ok(result) => Response::new(id, &identity.stamp(&result)),
        Err(error) => Response::of_error(Some(id), &error),
    }
}
