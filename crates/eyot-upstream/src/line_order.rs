//! What the handles of a link of lines and its driver say to each other.

use std::sync::Arc;

use eyot_jsonrpc::{Id, Message, Request, UpstreamId};
use eyot_service::Fault;
use eyot_types::Era;
use parking_lot::Mutex;

use crate::route::ItemSender;

/// A task for the driver.
#[derive(Debug)]
pub(crate) enum Order {
    /// Send a request under our id.
    Request { ours: UpstreamId, request: Request, items: ItemSender, fault: CallFault },
    /// Send a notification or a response.
    Send(Message),
    /// Send the caller's own cancellation of its call `id`, and let go of the call.
    Cancel { id: Id, message: Message },
    /// The peer turned out to be of this era.
    Speak(Era),
    /// The caller has dropped our call of this id: cancel it.
    Forget(UpstreamId),
}

/// A fault that the driver leaves for a caller, whose queue may have no room for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallFault(Arc<Mutex<Option<Fault>>>);

impl CallFault {
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.lock() = Some(fault);
    }

    pub(crate) fn take(&self) -> Option<Fault> {
        self.0.lock().take()
    }
}

/// Why the link has ended; empty while it lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndReason(Arc<Mutex<Option<String>>>);

impl EndReason {
    pub(crate) fn set(&self, reason: String) {
        self.0.lock().get_or_insert(reason);
    }

    pub(crate) fn reason(&self) -> Option<String> {
        self.0.lock().clone()
    }
}
