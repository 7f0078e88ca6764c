//! The reply to a legacy client that may have to be asked first: what is asked, and then what comes of the
//! call.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use eyot_jsonrpc::Message;
use eyot_service::{Fault, Messages, Reply, ReplyFuture, ReplyItem};
use futures_util::{Stream, stream};
use tokio::sync::mpsc;

/// A call, and what it wants its client to be asked meanwhile. Dropped, both are over.
pub(crate) struct AskedReply {
    /// `None`: it is done.
    passing: Option<ReplyFuture>,
    messages: mpsc::Receiver<Message>,
    /// The first message, which has made it a stream.
    first: Option<Message>,
    /// What has come of the call, behind what was asked.
    rest: Option<Messages>,
}

impl AskedReply {
    /// The reply of `passing`, which sends what its client has to see before into `messages`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the call.
    pub(crate) async fn of(
        passing: ReplyFuture,
        messages: mpsc::Receiver<Message>,
    ) -> Result<Reply, Fault> {
        let mut asked = Self { passing: Some(passing), messages, first: None, rest: None };
        match poll_fn(|cx| asked.poll_begun(cx)).await {
            Some(done) => done,
            None => Ok(Reply::Stream(Messages::new(asked))),
        }
    }

    /// Goes on until it is done, or until something is asked (`None`).
    fn poll_begun(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Reply, Fault>>> {
        let done = self.poll_passing(cx);
        if let Poll::Ready(Some(message)) = self.messages.poll_recv(cx) {
            self.first = Some(message);
            self.rest = done.map(messages_of);
            return Poll::Ready(None);
        }
        done.map_or(Poll::Pending, |it| Poll::Ready(Some(it)))
    }

    fn poll_passing(&mut self, cx: &mut Context<'_>) -> Option<Result<Reply, Fault>> {
        let Poll::Ready(done) = self.passing.as_mut()?.as_mut().poll(cx) else { return None };
        self.passing = None;
        Some(done)
    }
}

impl Stream for AskedReply {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first.into())));
        }
        if let Some(done) = self.poll_passing(cx) {
            self.rest = Some(messages_of(done));
        }
        if let Poll::Ready(Some(message)) = self.messages.poll_recv(cx) {
            return Poll::Ready(Some(Ok(message.into())));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_next(cx),
            None => Poll::Pending,
        }
    }
}

fn messages_of(done: Result<Reply, Fault>) -> Messages {
    match done {
        Ok(Reply::Stream(messages)) => messages,
        Ok(Reply::One(answer)) => Messages::new(stream::iter([Ok(answer.into())])),
        Ok(Reply::None) => Messages::new(stream::empty()),
        Err(fault) => Messages::new(stream::iter([Err(fault)])),
    }
}
