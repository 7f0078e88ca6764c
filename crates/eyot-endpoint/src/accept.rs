//! The accept loop of every listener: one task per connection, drained on shutdown.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use eyot_service::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::listener::{Accepted, Listener};

/// How a server accepts, and how it ends.
#[derive(Clone, Copy, Debug)]
pub struct Accept {
    /// Connections open at once; further ones wait in the kernel's backlog.
    pub connections_max: usize,
    /// How long open connections may finish after the drain began.
    pub drain_timeout: Duration,
}

/// How the drain went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Drained {
    /// Everything finished by itself.
    Complete,
    /// The time ran out; so many tasks were ended.
    TimedOut {
        /// Tasks that still ran.
        tasks: usize,
    },
}

/// Accepts connections until the drain begins, then waits for what runs.
///
/// Each connection is one task of `tasks` that runs what `handle` makes. When the drain
/// takes longer than it may, [`Shutdown::finish`] ends the rest.
///
/// # Cancel safety
///
/// Dropping the future stops accepting at once; open connections run on.
pub async fn serve<H, F>(
    listener: Listener,
    accept: Accept,
    shutdown: &Shutdown,
    tasks: &TaskTracker,
    handle: H,
) -> Drained
where
    H: Fn(Accepted) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(accept.connections_max));
    let until = shutdown.drained();
    let spawn = |accepted, slot| {
        let (handle, finished) = (handle.clone(), shutdown.finished().clone());
        tasks.spawn(async move {
            eyot_metrics::connections_changed(1.0);
            // Made in here: a future that is moved in is kept twice.
            run_until(&finished, pin!(handle(accepted))).await;
            eyot_metrics::connections_changed(-1.0);
            drop(slot);
        });
    };
    accept_until(until, listener, &slots, spawn).await;
    drain(accept, shutdown, tasks, &slots).await
}

/// As [`serve`], but until everything ends: its connections hold no drain up, and are not among
/// those of clients.
///
/// # Cancel safety
///
/// As [`serve`].
pub(crate) async fn serve_beside<H, F>(
    listener: Listener,
    connections_max: usize,
    shutdown: &Shutdown,
    tasks: &TaskTracker,
    handle: H,
) where
    H: Fn(Accepted) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(connections_max));
    let until = shutdown.finished();
    let spawn = |accepted, slot| {
        let (handle, finished) = (handle.clone(), until.clone());
        tasks.spawn(async move {
            run_until(&finished, pin!(handle(accepted))).await;
            drop(slot);
        });
    };
    accept_until(until, listener, &slots, spawn).await;
}

/// Runs a connection to its end, or until everything ends.
///
/// The token is polled once, which is what wakes the task in the end. From then on a look at it is
/// enough, which costs a fraction: a connection is polled several times for each request.
async fn run_until<F: Future<Output = ()>>(end: &CancellationToken, mut connection: Pin<&mut F>) {
    let mut ending = pin!(end.cancelled());
    let mut is_awaited = false;
    let running = poll_fn(|cx| {
        let has_ended = match is_awaited {
            true => end.is_cancelled(),
            false => ending.as_mut().poll(cx).is_ready(),
        };
        is_awaited = true;
        if has_ended { Poll::Ready(()) } else { connection.as_mut().poll(cx) }
    });
    running.await;
}

/// Accepts connections while there are slots for them.
async fn accept_until(
    until: &CancellationToken,
    listener: Listener,
    slots: &Arc<Semaphore>,
    spawn: impl Fn(Accepted, OwnedSemaphorePermit),
) {
    let mut failures = Failures::default();
    let accepting = async {
        // The semaphore is never closed.
        while let Ok(slot) = Arc::clone(slots).acquire_owned().await {
            let accepted = next(&listener, &mut failures).await;
            match accepted.without_delay() {
                Ok(()) => spawn(accepted, slot),
                Err(error) => tracing::debug!(%error, "connection is gone already"),
            }
        }
    };
    until.run_until_cancelled(accepting).await;
}

async fn drain(
    accept: Accept,
    shutdown: &Shutdown,
    tasks: &TaskTracker,
    slots: &Semaphore,
) -> Drained {
    let all = u32::try_from(accept.connections_max).unwrap_or(u32::MAX);
    let connections = tokio::time::timeout(accept.drain_timeout, slots.acquire_many(all));
    let drained = match connections.await {
        Ok(_) => Drained::Complete,
        Err(_elapsed) => Drained::TimedOut { tasks: tasks.len() },
    };
    shutdown.finish();
    tasks.close();
    tasks.wait().await;
    drained
}

/// The next connection, however often the system refuses one.
async fn next(listener: &Listener, failures: &mut Failures) -> Accepted {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                failures.report(&error, Instant::now());
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

/// Connections that could not be accepted: with a full table of descriptors it is one after the
/// other, and a log that fills the disk would be the next failure.
#[derive(Debug, Default)]
struct Failures {
    reported: Option<Instant>,
    unreported: u64,
}

impl Failures {
    /// Logs the failure, unless one was logged a short time ago.
    fn report(&mut self, error: &io::Error, now: Instant) {
        if self.reported.is_some_and(|it| now.duration_since(it) < REPORT_INTERVAL) {
            self.unreported += 1;
            return;
        }
        let unreported = std::mem::take(&mut self.unreported);
        self.reported = Some(now);
        tracing::warn!(%error, unreported, "accept failed");
    }
}

/// A full table of file descriptors empties in about this time.
const ACCEPT_RETRY: Duration = Duration::from_millis(10);

/// How often a failure is logged.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
