//! What the handles of a link of lines and its driver say to each other.

use std::sync::Arc;

use eyot_jsonrpc::{Id, Message, Request, UpstreamId};
use eyot_service::{Fault, IoEnd, OperatorText};
use eyot_types::Era;
use eyot_types::codes::{self, Outcome};
use parking_lot::Mutex;

use crate::lines::item_queue::ItemSender;

/// A task for the driver.
#[derive(Debug)]
pub(crate) enum Order {
    /// Send a request under our id.
    Request { ours: UpstreamId, request: Request, items: ItemSender },
    /// Send a notification or a response.
    Send(Message),
    /// Send the caller's own cancellation of its call `id`, and let go of the call.
    Cancel { id: Id, message: Message },
    /// The peer turned out to be of this era.
    Speak(Era),
    /// The caller has dropped our call of this id: cancel it.
    Forget(UpstreamId),
}

/// Why a link is no more.
#[derive(Clone, Debug)]
pub(crate) struct LinkEnd {
    /// What peers are told.
    pub(crate) reason: String,
    /// What only operators are told, such as the last words of a child.
    pub(crate) operator_text: Option<OperatorText>,
}

impl LinkEnd {
    /// An end of which there is no more to say.
    pub(crate) fn new(reason: &str) -> Self {
        Self { reason: reason.to_owned(), operator_text: None }
    }

    /// The other end of the link has done `what`.
    pub(crate) fn of_upstream(what: &IoEnd) -> Self {
        Self { reason: format!("upstream {what}"), operator_text: what.operator_text().cloned() }
    }

    /// The fault of a call that the end has met; of the end itself, the operator is told once.
    pub(crate) fn fault(&self, outcome: Outcome) -> Fault {
        let error = codes::upstream_lost(&self.reason, outcome, true);
        Fault::upstream(error).with_operator_text(self.operator_text.clone()).told()
    }
}

/// How the link has ended; empty while it lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedEnd(Arc<Mutex<Option<LinkEnd>>>);

impl SharedEnd {
    /// The first end counts.
    pub(crate) fn set(&self, end: LinkEnd) {
        self.0.lock().get_or_insert(end);
    }

    pub(crate) fn get(&self) -> Option<LinkEnd> {
        self.0.lock().clone()
    }
}
