//! The streams of several servers as one.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use eyot_service::{Call, Fault, Messages, Reply, ReplyItem};
use eyot_stdx::Backoff;
use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt as _};

use crate::member::Member;

/// Streams without an end. One that ends nevertheless, or cannot be opened, is opened anew.
#[derive(Default)]
pub(crate) struct Merged {
    open: Vec<(Member, Messages)>,
    opening: FuturesUnordered<Opening>,
    /// How often each server in a row has not held its stream.
    failures: Vec<(Member, u32)>,
    /// Whose turn it is.
    turn: usize,
}

type Opening = Pin<Box<dyn Future<Output = (Member, Result<Reply, Fault>)> + Send>>;

/// What is heard of the servers.
#[derive(Debug)]
pub(crate) enum Heard {
    Said(Member, ReplyItem),
    /// A stream has ended; or it broke, or could not be opened, for this reason.
    Lost(Member, Option<Fault>),
    /// A server will not be listened to.
    Refused(Member),
}

impl Merged {
    /// Whether the stream of a server is open, or being opened.
    pub(crate) fn has(&self, member: &Member) -> bool {
        self.failures.iter().any(|(it, _)| it.is(member))
    }

    /// Opens the stream of a server.
    pub(crate) fn begin(&mut self, member: &Member, call: Call) {
        self.failures.push((member.clone(), 0));
        let (member, reply) = (member.clone(), member.call(call));
        self.opening.push(Box::pin(async move { (member, reply.await) }));
    }

    /// Opens the stream of a server that has lost it, after a pause.
    pub(crate) fn begin_again(&mut self, member: &Member, call: Call) {
        let Some((_, failures)) = self.failures.iter_mut().find(|(it, _)| it.is(member)) else {
            return;
        };
        *failures = failures.saturating_add(1);
        let (pause, member) = (PAUSE.steady_delay(*failures), member.clone());
        self.opening.push(Box::pin(async move {
            tokio::time::sleep(pause).await;
            let reply = member.call(call).await;
            (member, reply)
        }));
    }

    /// Lets go of the servers that are not among these.
    pub(crate) fn keep(&mut self, members: &[Member]) {
        let is_one = |member: &Member| members.iter().any(|it| it.is(member));
        self.open.retain(|(it, _)| is_one(it));
        self.failures.retain(|(it, _)| is_one(it));
    }

    /// Waits for the next thing that is heard.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn next(&mut self) -> Heard {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        while !self.opening.is_empty()
            && let Poll::Ready(Some((member, reply))) = self.opening.poll_next_unpin(cx)
        {
            if !self.has(&member) {
                continue;
            }
            match reply {
                Ok(Reply::Stream(messages)) => self.open.push((member, messages)),
                Ok(Reply::One(answer)) if answer.is_error() => {
                    return Poll::Ready(Heard::Refused(member));
                }
                Ok(_) => return Poll::Ready(Heard::Lost(member, None)),
                Err(fault) => return Poll::Ready(Heard::Lost(member, Some(fault))),
            }
        }
        let count = self.open.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            let Some((member, messages)) = self.open.get_mut(at) else { break };
            let Poll::Ready(item) = Pin::new(messages).poll_next(cx) else { continue };
            self.turn = at + 1;
            let member = member.clone();
            return Poll::Ready(match item {
                // An answer is the end, too.
                Some(Ok(item)) if !item.is_answer() => {
                    self.note_word(&member);
                    Heard::Said(member, item)
                }
                ended => {
                    drop(self.open.remove(at));
                    Heard::Lost(member, ended.and_then(Result::err))
                }
            });
        }
        Poll::Pending
    }

    fn note_word(&mut self, member: &Member) {
        if let Some((_, failures)) = self.failures.iter_mut().find(|(it, _)| it.is(member)) {
            *failures = 0;
        }
    }
}

/// Between the end of a stream and the next attempt.
const PAUSE: Backoff = Backoff { base: Duration::from_secs(1), delay_max: Duration::from_secs(10) };
