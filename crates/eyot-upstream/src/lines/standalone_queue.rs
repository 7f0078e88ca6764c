//! Messages of an upstream that belong to no call, until a listener takes them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use eyot_jsonrpc::Message;
use eyot_service::{CallLimits, Fault, ReplyItem};
use futures_core::Stream;
use parking_lot::Mutex;

/// A queue with one listener, bounded in messages and in bytes; when it is full, the oldest goes.
#[derive(Clone, Debug)]
pub(crate) struct StandaloneQueue(Arc<Mutex<Queue>>);

#[derive(Debug)]
struct Queue {
    messages: VecDeque<Message>,
    messages_max: usize,
    queued_bytes: usize,
    bytes_max: usize,
    /// Counts the listeners; only the newest gets messages.
    listener: u64,
    is_listening: bool,
    waker: Option<Waker>,
    is_closed: bool,
}

impl StandaloneQueue {
    pub(crate) fn new(limits: &CallLimits) -> Self {
        Self(Arc::new(Mutex::new(Queue {
            messages: VecDeque::new(),
            messages_max: limits.queue_messages_max,
            queued_bytes: 0,
            bytes_max: limits.queue_bytes_max,
            listener: 0,
            is_listening: false,
            waker: None,
            is_closed: false,
        })))
    }

    /// Queues a message; tells how many older ones had to go for it.
    pub(crate) fn push(&self, message: Message) -> usize {
        let mut queue = self.0.lock();
        let mut dropped = 0;
        while queue.is_full_for(&message) && queue.pop().is_some() {
            dropped += 1;
        }
        queue.queued_bytes = queue.queued_bytes.saturating_add(message.len());
        queue.messages.push_back(message);
        let waker = queue.waker.take();
        drop(queue);
        wake(waker);
        dropped
    }

    /// Whether a listener takes messages now.
    pub(crate) fn is_listening(&self) -> bool {
        self.0.lock().is_listening
    }

    /// No message will follow.
    pub(crate) fn close(&self) {
        let mut queue = self.0.lock();
        queue.is_closed = true;
        let waker = queue.waker.take();
        drop(queue);
        wake(waker);
    }

    /// Takes messages from now on; an earlier listener gets none any more.
    pub(crate) fn listen(&self) -> Listener {
        let mut queue = self.0.lock();
        queue.listener += 1;
        queue.is_listening = true;
        let number = queue.listener;
        let waker = queue.waker.take();
        drop(queue);
        wake(waker);
        Listener { queue: Arc::clone(&self.0), number }
    }
}

impl Queue {
    /// Whether a message needs the place of others. While none waits, one of any length fits.
    fn is_full_for(&self, message: &Message) -> bool {
        self.messages.len() >= self.messages_max
            || self.queued_bytes.saturating_add(message.len()) > self.bytes_max
    }

    fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.queued_bytes = self.queued_bytes.saturating_sub(message.len());
        Some(message)
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The messages, as a stream.
#[derive(Debug)]
pub(crate) struct Listener {
    queue: Arc<Mutex<Queue>>,
    number: u64,
}

impl Stream for Listener {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut queue = self.queue.lock();
        if queue.listener != self.number {
            return Poll::Ready(None);
        }
        if let Some(message) = queue.pop() {
            return Poll::Ready(Some(Ok(message.into())));
        }
        if queue.is_closed {
            return Poll::Ready(None);
        }
        queue.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut queue = self.queue.lock();
        if queue.listener == self.number {
            queue.is_listening = false;
            queue.waker = None;
        }
    }
}

#[cfg(test)]
mod tests;
