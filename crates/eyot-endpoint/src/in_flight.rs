//! Requests that run in a session.

use std::fmt;
use std::sync::Arc;

use eyot_jsonrpc::Id;

/// Knows which requests of a session run.
pub(crate) trait RunningRequests: fmt::Debug + Send + Sync {
    /// The request has its answer or will get none: its id is free again.
    fn handle_end(&self, id: &Id);
}

/// A request that runs in a session; it is in flight while this lives.
#[derive(Debug)]
pub(crate) struct InFlight {
    session: Arc<dyn RunningRequests>,
    id: Id,
}

impl InFlight {
    pub(crate) fn new(session: Arc<dyn RunningRequests>, id: Id) -> Self {
        Self { session, id }
    }

    pub(crate) fn id(&self) -> &Id {
        &self.id
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.session.handle_end(&self.id);
    }
}
