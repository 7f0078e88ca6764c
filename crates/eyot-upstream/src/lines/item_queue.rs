//! The messages of one call on their way from the driver of a link to the call's reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use eyot_jsonrpc::Message;
use eyot_service::{CallLimits, Fault, ReplyItem};
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

/// A queue with room for so many messages, and for so many bytes of them. While none waits, one of
/// any length fits.
pub(crate) fn item_queue(limits: &CallLimits) -> (ItemSender, ItemReceiver) {
    let (sender, receiver) = mpsc::channel(limits.queue_messages_max);
    let shared = Arc::new(Shared {
        fault: Mutex::default(),
        queued_bytes: AtomicUsize::new(0),
        bytes_max: limits.queue_bytes_max,
        is_awaited: AtomicBool::new(false),
        room: Notify::new(),
    });
    let call = CallFault(Arc::clone(&shared));
    (ItemSender { items: sender, call }, ItemReceiver { items: receiver, shared })
}

/// The driver's end. A clone sends to the same reader.
#[derive(Clone, Debug)]
pub(crate) struct ItemSender {
    items: mpsc::Sender<Message>,
    call: CallFault,
}

/// The reader's end.
#[derive(Debug)]
pub(crate) struct ItemReceiver {
    items: mpsc::Receiver<Message>,
    shared: Arc<Shared>,
}

/// A fault that the driver leaves for the reader, whose queue may have no room for it.
#[derive(Clone, Debug)]
pub(crate) struct CallFault(Arc<Shared>);

/// What both ends share.
#[derive(Debug)]
struct Shared {
    fault: Mutex<Option<Fault>>,
    queued_bytes: AtomicUsize,
    bytes_max: usize,
    /// The driver waits for room.
    is_awaited: AtomicBool,
    room: Notify,
}

impl ItemSender {
    /// Queues a message.
    ///
    /// # Errors
    /// The message, when there is no room for it. A reader that has gone wants none.
    pub(crate) fn try_send(&self, message: Message) -> Result<(), Message> {
        let len_bytes = message.len();
        if !self.call.0.fits(len_bytes) {
            return Err(message);
        }
        self.call.0.queued_bytes.fetch_add(len_bytes, Ordering::SeqCst);
        match self.items.try_send(message) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(message)) => {
                self.call.0.queued_bytes.fetch_sub(len_bytes, Ordering::SeqCst);
                Err(message)
            }
        }
    }

    /// Queues a message as soon as there is room for it. Dropping the future drops the message.
    pub(crate) async fn send(&self, message: Message) {
        let len_bytes = message.len();
        tokio::select! {
            () = self.call.0.room_for(len_bytes) => {}
            () = self.items.closed() => return,
        }
        if let Ok(place) = self.items.reserve().await {
            self.call.0.queued_bytes.fetch_add(len_bytes, Ordering::SeqCst);
            place.send(message);
        }
    }

    /// Where the driver leaves the fault of the call.
    pub(crate) fn fault(&self) -> CallFault {
        self.call.clone()
    }
}

impl ItemReceiver {
    /// The next item: a message, or the fault behind the last of them. `None`: the call is over.
    pub(crate) fn poll_item(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<ReplyItem, Fault>>> {
        Poll::Ready(match ready!(self.items.poll_recv(cx)) {
            Some(message) => {
                self.shared.make_room(message.len());
                Some(Ok(message.into()))
            }
            None => self.shared.fault.lock().take().map(Err),
        })
    }
}

impl CallFault {
    /// Leaves a fault.
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.fault.lock() = Some(fault);
    }
}

impl Shared {
    /// Whether so many bytes more may wait; only the driver adds some.
    fn fits(&self, len_bytes: usize) -> bool {
        let queued_bytes = self.queued_bytes.load(Ordering::SeqCst);
        queued_bytes == 0 || queued_bytes.saturating_add(len_bytes) <= self.bytes_max
    }

    async fn room_for(&self, len_bytes: usize) {
        loop {
            // The reader looks at this after it has made room, so that none of the two is missed.
            self.is_awaited.store(true, Ordering::SeqCst);
            if self.fits(len_bytes) {
                self.is_awaited.store(false, Ordering::SeqCst);
                return;
            }
            self.room.notified().await;
        }
    }

    fn make_room(&self, len_bytes: usize) {
        self.queued_bytes.fetch_sub(len_bytes, Ordering::SeqCst);
        if self.is_awaited.load(Ordering::SeqCst) {
            self.room.notify_one();
        }
    }
}

#[cfg(test)]
mod tests;
