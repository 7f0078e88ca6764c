//! The parts of a server of handlers, side by side.

use std::fmt;
use std::sync::{Arc, OnceLock};

use eyot_endpoint::{DetachedCalls, Sweep};
use eyot_service::{Limits, SessionHandle, Shutdown, WeakService};

use crate::call::calls::Calls;
use crate::call::session::HandlerSession;
use crate::changes::Changes;
use crate::identity::Identity;
use crate::parked::ParkedCalls;
use crate::registry::Registry;
use crate::tasks::{TaskRequests, Tasks};

/// The parts that the calls of one server share: what it offers, the state that calls have in
/// common, the parked calls, the changes, and the tasks. No part keeps another; code that needs two
/// of them takes them from here.
///
/// A handler gets its call as a `C`, and is an `H` while it works.
pub(crate) struct ServerParts<C, H> {
    pub(crate) identity: Arc<Identity>,
    pub(crate) registry: Registry<C>,
    pub(crate) calls: Calls,
    pub(crate) parked: Arc<ParkedCalls<H>>,
    pub(crate) changes: Changes,
    pub(crate) tasks: Tasks,
    /// Runs the work of tasks.
    pub(crate) detached: DetachedCalls,
    pub(crate) limits: Limits,
    pub(crate) shutdown: Shutdown,
    /// The server behind its layers. It owns these parts, so they hold only a weak handle.
    pub(crate) service: OnceLock<WeakService>,
}

impl<C, H> ServerParts<C, H> {
    /// The server's memory of a session.
    pub(crate) fn session(&self, session: &SessionHandle) -> Arc<HandlerSession> {
        HandlerSession::of(session, self.changes.end())
    }

    /// Whether calls may become tasks here, or have become tasks.
    pub(crate) fn has_tasks(&self) -> bool {
        self.registry.has_task_tools() || !self.tasks.is_empty()
    }

    /// Answers requests about tasks.
    pub(crate) fn task_requests(&self) -> TaskRequests<'_> {
        TaskRequests {
            tasks: &self.tasks,
            identity: &self.identity,
            watched_max: self.limits.sessions.subscriptions_max,
        }
    }

    /// Ends parked calls and forgets tasks when their time is over. Never ready.
    pub(crate) async fn maintain(&self) {
        let sweeping = Sweep::keep_on(|| async { self.tasks.sweep() });
        tokio::join!(self.parked.keep_time(), sweeping);
    }
}

impl<C, H> fmt::Debug for ServerParts<C, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.identity.info();
        f.debug_struct("ServerParts").field("info", info).finish_non_exhaustive()
    }
}
