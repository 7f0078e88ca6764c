//! One call at a time hears the log of a modern server on a pipe, because log messages name no call.

use std::sync::{Arc, Weak};
use std::time::Duration;

use eyot_service::{Fault, Needs, Turn, Turns, limit_reached};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::driver;
use crate::{HoldChildren, ModernConnection, Runtime, Upstream};

/// The connections over which calls hear the log, each call alone on its own.
///
/// A call that does not ask for the log takes no turn: "If absent, the server MUST NOT send any
/// `notifications/message` notifications for this request" (2026-07-28, schema).
#[derive(Debug, Default)]
pub(super) struct LogTurns {
    /// The turns on the connection that all calls share.
    shared: Turns,
    /// Modern servers keep no state for their clients: any further connection is as good.
    further: Mutex<Vec<Further>>,
}

#[derive(Debug)]
struct Further {
    connection: ModernConnection,
    turns: Turns,
    used: Instant,
}

impl LogTurns {
    /// A turn on the shared connection, or soon on a further one.
    ///
    /// # Errors
    /// No turn came within the timeout of calls.
    pub(super) async fn take(
        self: &Arc<Self>,
        shared: &ModernConnection,
        upstream: &Upstream,
        owner: Option<&Arc<str>>,
    ) -> Result<(ModernConnection, Turn), Fault> {
        if let Some(turn) = self.shared.try_take(Needs::Everything) {
            return Ok((shared.clone(), turn));
        }
        let timeout = upstream.runtime.limits.calls.timeout;
        let elsewhere = async {
            self.shared.impatience(PATIENCE).await;
            match self.further(upstream, owner).await {
                Some(found) => found,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            turn = self.shared.take(Needs::Everything) => Ok((shared.clone(), turn)),
            found = elsewhere => Ok(found),
            () = tokio::time::sleep(timeout) => Err(Fault::overloaded(
                limit_reached("calls that hear the log of one upstream"),
                Duration::from_secs(1),
            )),
        }
    }

    /// A turn on a further connection; `None`: there is no room for one.
    async fn further(
        self: &Arc<Self>,
        upstream: &Upstream,
        owner: Option<&Arc<str>>,
    ) -> Option<(ModernConnection, Turn)> {
        if !upstream.target.can_reconnect() {
            return None;
        }
        if let Some(found) = self.free() {
            return Some(found);
        }
        let opened = ModernConnection::open(&upstream.target, owner, &upstream.runtime).await;
        let connection =
            opened.inspect_err(|fault| tracing::debug!(%fault, "a call waits")).ok()?;
        let further = Further {
            connection: connection.clone(),
            turns: Turns::default(),
            used: Instant::now(),
        };
        let turn = further.turns.try_take(Needs::Everything)?;
        self.keep(further, &upstream.runtime);
        Some((connection, turn))
    }

    /// Keeps a connection for later calls, for as long as there are any.
    fn keep(self: &Arc<Self>, further: Further, runtime: &Runtime) {
        let mut all = self.further.lock();
        if all.len() >= FURTHER_MAX {
            return;
        }
        let is_first = all.is_empty();
        all.push(further);
        drop(all);
        if is_first {
            let holder: Weak<dyn HoldChildren> = Arc::downgrade(self) as _;
            runtime.children.add_holder(holder);
            let (turns, shutdown) = (Arc::clone(self), runtime.shutdown.clone());
            driver::spawn(runtime, async move {
                shutdown.run_until_cancelled(turns.close_unused()).await;
                turns.further.lock().clear();
            });
        }
    }

    /// Closes what no call has used for long; returns when nothing is left.
    async fn close_unused(&self) {
        loop {
            tokio::time::sleep(FURTHER_IDLE).await;
            let mut all = self.further.lock();
            all.retain(|it| it.is_used() || it.used.elapsed() < FURTHER_IDLE);
            if all.is_empty() {
                return;
            }
        }
    }

    /// A further connection that no call uses.
    fn free(&self) -> Option<(ModernConnection, Turn)> {
        let mut all = self.further.lock();
        all.retain(|it| it.connection.is_open());
        all.iter_mut().find_map(|it| {
            let turn = it.turns.try_take(Needs::Everything)?;
            it.used = Instant::now();
            Some((it.connection.clone(), turn))
        })
    }
}

impl Further {
    fn is_used(&self) -> bool {
        self.turns.try_take(Needs::Everything).is_none()
    }
}

impl HoldChildren for LogTurns {
    fn close_idle(&self, _only_of: Option<Option<&Arc<str>>>) -> bool {
        let mut all = self.further.lock();
        let unused = all.iter().position(|it| !it.is_used());
        unused.map(|index| all.swap_remove(index)).is_some()
    }
}

/// How long a call waits for another one: a further child takes about as long to start.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long a further connection is kept while no call uses it.
const FURTHER_IDLE: Duration = Duration::from_secs(60);
/// Further connections that are kept.
const FURTHER_MAX: usize = 16;
