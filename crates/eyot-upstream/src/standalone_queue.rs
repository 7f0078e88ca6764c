//! Messages of an upstream that belong to no call, until a listener takes them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use eyot_jsonrpc::Message;
use eyot_service::{Fault, ReplyItem};
use futures_core::Stream;
use parking_lot::Mutex;

/// A bounded queue with one listener; when it is full, the oldest message goes.
#[derive(Clone, Debug)]
pub(crate) struct StandaloneQueue(Arc<Mutex<Queue>>);

#[derive(Debug)]
struct Queue {
    messages: VecDeque<Message>,
    messages_max: usize,
    /// Counts the listeners; only the newest gets messages.
    listener: u64,
    is_listening: bool,
    waker: Option<Waker>,
    is_closed: bool,
}

impl StandaloneQueue {
    pub(crate) fn new(messages_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue {
            messages: VecDeque::new(),
            messages_max,
            listener: 0,
            is_listening: false,
            waker: None,
            is_closed: false,
        })))
    }

    /// Queues a message; `false` when an older one had to go for it.
    pub(crate) fn push(&self, message: Message) -> bool {
        let mut queue = self.0.lock();
        let is_full = queue.messages.len() >= queue.messages_max;
        if is_full {
            queue.messages.pop_front();
        }
        queue.messages.push_back(message);
        let waker = queue.waker.take();
        drop(queue);
        wake(waker);
        !is_full
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
        if let Some(message) = queue.messages.pop_front() {
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
