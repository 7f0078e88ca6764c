//! What keeps a client's connection open.

use std::sync::Arc;

use tokio_util::sync::DropGuard;

use crate::session::Facts;
use crate::state::Shared;

/// A client whose connection is open: its clones and the calls that they make hold it. The
/// connection is closed when the last of them is dropped.
pub(crate) struct OpenClient {
    shared: Arc<Shared>,
    /// What the first connection found.
    first_facts: Facts,
    /// Ends the client's task.
    stop: DropGuard,
}

impl OpenClient {
    pub(crate) fn new(shared: Arc<Shared>, first_facts: Facts, stop: DropGuard) -> Self {
        Self { shared, first_facts, stop }
    }

    /// What handles, calls and the driver share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What the server said of itself, most recently.
    pub(crate) fn facts(&self) -> Facts {
        let session = self.shared.session_now();
        session.map_or_else(|| self.first_facts.clone(), |session| session.facts.clone())
    }

    /// Begins to close the connection, although it is still held.
    pub(crate) fn stop(&self) {
        self.stop.token().cancel();
    }
}
