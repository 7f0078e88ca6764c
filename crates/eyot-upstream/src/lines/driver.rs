//! Drives a link of lines: reads, writes, routes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Notification, UpstreamId};
use eyot_service::{Fault, IoEvent, Limits};
use eyot_types::Era;
use eyot_types::codes::{self, Outcome};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cancelled::{cancelled, cancelled_by_caller};
use crate::lines::item_queue::{CallFault, ItemSender};
use crate::lines::link::LineLink;
use crate::lines::order::{LinkEnd, Order, SharedEnd};
use crate::lines::route::{Calls, Route};
use crate::lines::standalone_queue::StandaloneQueue;
use crate::lines::suspects::Suspects;
use crate::reading::read;
use crate::unreadable::Unreadable;

/// Owns the link. Its maker polls [`run`](Self::run), most often as a task.
#[derive(Debug)]
pub struct LineDriver {
    link: LineLink,
    orders: mpsc::Receiver<Order>,
    shutdown: CancellationToken,
    calls: Calls,
    faults: BTreeMap<UpstreamId, Pending>,
    suspects: Suspects,
    standalone: StandaloneQueue,
    end: SharedEnd,
    limits: Arc<Limits>,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Pending {
    fault: CallFault,
    /// Where its line ends, among all that was queued.
    end: u64,
}

/// The reader of a call's messages.
struct Addressee {
    ours: UpstreamId,
    items: ItemSender,
    /// Of a call that ends with the message.
    fault: Option<CallFault>,
}

/// What the handles and their driver share from the start.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) standalone: StandaloneQueue,
    pub(crate) end: SharedEnd,
    pub(crate) limits: Arc<Limits>,
}

impl LineDriver {
    pub(crate) fn new(
        link: LineLink,
        era: Era,
        orders: mpsc::Receiver<Order>,
        shutdown: CancellationToken,
        shared: Shared,
    ) -> Self {
        let Shared { standalone, end, limits } = shared;
        Self {
            link,
            orders,
            shutdown,
            calls: Calls::new(era),
            faults: BTreeMap::new(),
            suspects: Suspects::new(limits.calls.timeout),
            standalone,
            end,
            limits,
        }
    }

    /// Drives the link until it ends, its last handle is dropped, or shutdown begins; then ends it
    /// in order.
    pub async fn run(mut self) {
        let shutdown = self.shutdown.clone();
        let end = loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break LinkEnd::new("shutting down"),
                event = self.link.next() => match event {
                    IoEvent::Message(text) => self.handle_text(text, &shutdown).await,
                    IoEvent::Bad(error) => self.handle_unreadable(&error.into()),
                    IoEvent::Ended(what) => {
                        let end = LinkEnd::of_upstream(&what);
                        self.link.note_death(&end.reason);
                        break end;
                    }
                },
                order = self.orders.recv() => match order {
                    Some(order) => self.handle_order(order),
                    None => break LinkEnd::new("no longer needed"),
                },
                () = passed(self.suspects.poll_timeout()) => self.fail_meant(),
            }
        };
        match &end.operator_text {
            Some(text) => tracing::warn!(
                reason = end.reason,
                last_words = text.reveal_to_operator(),
                "connection ends"
            ),
            None => tracing::debug!(reason = end.reason, "connection ends"),
        }
        self.end.set(end.clone());
        self.orders.close();
        while let Ok(order) = self.orders.try_recv() {
            if let Order::Request { items, .. } = order {
                items.fault().set(end.fault(Outcome::NotSent));
            }
        }
        self.fail_all(&end);
        self.standalone.close();
        self.link.close().await;
    }

    /// Tells every running call at once that its upstream has gone. A line whose end was never
    /// written is no message: the upstream cannot have run it.
    fn fail_all(&mut self, link_end: &LinkEnd) {
        let written_bytes = self.link.written_bytes();
        for Pending { fault, end } in std::mem::take(&mut self.faults).into_values() {
            let is_sent = end <= written_bytes;
            let outcome = if is_sent { Outcome::Unknown } else { Outcome::NotSent };
            fault.set(link_end.fault(outcome));
        }
        // Dropping the senders ends the streams; the fault is found behind what is queued.
        self.calls.drain().for_each(drop);
    }

    async fn handle_text(&mut self, text: Bytes, shutdown: &CancellationToken) {
        let messages = match read(text, &self.limits.messages.scan) {
            Ok(messages) => messages,
            Err(text) => return self.handle_unreadable(&text),
        };
        for message in messages {
            self.deliver(message, shutdown).await;
        }
    }

    /// Ends the calls that a text answers which is no message. A text that does not say whose
    /// answer it is makes suspects.
    #[cold]
    fn handle_unreadable(&mut self, text: &Unreadable) {
        text.drop_unused();
        for ours in text.answered() {
            self.hear_of(ours);
            self.fail(ours, text.fault());
        }
        if text.is_unnamed_answer() && !text.names_no_request() {
            self.suspects.handle_lost(self.calls.ending(), text.fault(), Instant::now());
        }
        self.fail_meant();
    }

    /// The upstream has a word for a call.
    fn hear_of(&mut self, ours: UpstreamId) {
        if !self.suspects.is_empty() {
            self.suspects.handle_heard_of(ours);
        }
    }

    fn fail_meant(&mut self) {
        while let Some((ours, fault)) = self.suspects.poll_meant(Instant::now()) {
            self.fail(ours, fault);
        }
    }

    async fn deliver(&mut self, message: Message, shutdown: &CancellationToken) {
        if !self.suspects.is_empty() {
            named_by(&message).into_iter().for_each(|ours| self.hear_of(ours));
            self.fail_meant();
        }
        match self.calls.route(message, self.standalone.is_listening()) {
            Route::Answer { ours, items, answer } => {
                let fault = self.faults.remove(&ours).map(|it| it.fault);
                self.push(Addressee { ours, items, fault }, answer.into_message(), shutdown).await;
            }
            Route::Call { ours, items, message } => {
                self.push(Addressee { ours, items, fault: None }, message, shutdown).await;
            }
            Route::Standalone(message) => {
                for _ in 0..self.standalone.push(message) {
                    eyot_metrics::messages_dropped("queue_full");
                }
            }
            Route::Drop(reason) => {
                tracing::debug!(reason, "message of the upstream goes nowhere");
                eyot_metrics::messages_dropped(reason);
            }
        }
    }

    /// Hands a message over. Waits for a slow reader, but not for ever: other calls wait meanwhile.
    async fn push(&mut self, to: Addressee, message: Message, shutdown: &CancellationToken) {
        let Err(message) = to.items.try_send(message) else { return };
        let patience = self.limits.calls.queue_stall_timeout;
        let sending = tokio::time::timeout(patience, to.items.send(message));
        let sent = shutdown.run_until_cancelled(sending).await;
        if let Some(Err(_elapsed)) = sent {
            self.overflow(to, patience);
        }
    }

    fn overflow(&mut self, to: Addressee, patience: Duration) {
        eyot_metrics::messages_dropped("reader_too_slow");
        let reason = format!("messages of the call were not read for {patience:?}");
        let error = lost(&reason, Outcome::Unknown);
        match to.fault {
            Some(fault) => fault.set(error),
            None if self.calls.is_running(to.ours) => {
                self.fail(to.ours, error);
                self.write_cancelled(to.ours);
            }
            None => {}
        }
    }

    fn fail(&mut self, ours: UpstreamId, fault: Fault) {
        if let Some(pending) = self.faults.remove(&ours) {
            pending.fault.set(fault);
        }
        self.calls.forget(ours);
    }

    fn handle_order(&mut self, order: Order) {
        match order {
            Order::Request { ours, request, items } => {
                let fault = items.fault();
                let request = self.calls.begin(ours, request, items);
                let written = self.write(&request);
                let end = self.link.queued_end();
                self.faults.insert(ours, Pending { fault, end });
                if let Err(error) = written {
                    self.fail(ours, error);
                }
            }
            Order::Send(message) => {
                if let Err(error) = self.write(&message) {
                    tracing::warn!(%error, "message for the upstream was dropped");
                }
            }
            Order::Cancel { id, message } => self.cancel(&id, &message),
            Order::Speak(era) => self.calls.speak(era),
            Order::Forget(ours) => {
                self.faults.remove(&ours);
                if self.calls.forget(ours).is_some() {
                    self.write_cancelled(ours);
                }
            }
        }
    }

    fn cancel(&mut self, id: &Id, message: &Message) {
        let Some(ours) = self.calls.find(id) else { return };
        self.faults.remove(&ours);
        self.calls.forget(ours);
        self.write_notification(&cancelled_by_caller(ours, message));
    }

    fn write_cancelled(&mut self, ours: UpstreamId) {
        self.write_notification(&cancelled(ours, "the answer is no longer awaited"));
    }

    fn write_notification(&mut self, notification: &Notification) {
        if let Err(error) = self.write(notification) {
            tracing::warn!(%error, "notification for the upstream was dropped");
        }
    }

    /// Queues a message.
    fn write(&mut self, message: &Message) -> Result<(), Fault> {
        let queued = self.link.queue(message);
        queued.map_err(|error| {
            let reason = format!("upstream does not read: {error}");
            Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true))
        })
    }
}

/// Our request that a message of an upstream is about, if it names one.
fn named_by(message: &Message) -> Option<UpstreamId> {
    let id = if message.is_response() { message.id() } else { message.progress_token() };
    UpstreamId::repeated_by(&id?)
}

/// Waits for a moment; for ever, if there is none.
async fn passed(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn lost(reason: &str, outcome: Outcome) -> Fault {
    Fault::upstream(codes::upstream_lost(reason, outcome, true))
}

#[cfg(test)]
mod tests;
