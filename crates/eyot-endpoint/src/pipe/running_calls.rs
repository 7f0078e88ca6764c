//! The calls of a peer that are not answered yet.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};

use eyot_jsonrpc::Id;
use futures_util::stream::AbortHandle;

/// They, by the peer's ids.
#[derive(Default)]
pub(super) struct RunningCalls(HashMap<Id, RunningCall>);

/// A request of the peer that is not answered yet.
pub(super) struct RunningCall {
    pub(super) handle: AbortHandle,
    /// It has no end of its own.
    pub(super) is_subscription: bool,
}

impl RunningCalls {
    /// Ends some without an answer. The peer has left: "an abrupt transport close carries no
    /// response" (2026-07-28, schema, `SubscriptionsListenResult`).
    pub(super) fn end(&mut self, is_over: impl Fn(&RunningCall) -> bool) {
        self.0.retain(|_, call| {
            let is_over = is_over(call);
            if is_over {
                call.handle.abort();
            }
            !is_over
        });
    }
}

impl Deref for RunningCalls {
    type Target = HashMap<Id, RunningCall>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for RunningCalls {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
