//! The accept loop: one task per connection, drained on shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyot_service::Shutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

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
    listener: TcpListener,
    accept: Accept,
    shutdown: &Shutdown,
    tasks: &TaskTracker,
    handle: H,
) -> Drained
where
    H: Fn(TcpStream, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(accept.connections_max));
    while let Some((stream, from, slot)) = next(&listener, &slots, shutdown).await {
        // An answer in small writes otherwise waits 40 ms for an acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection is gone already");
            continue;
        }
        let (handle, finished) = (handle.clone(), shutdown.finished().clone());
        tasks.spawn(async move {
            eyot_metrics::connections_changed(1.0);
            // Made in here: a future that is moved in is kept twice.
            finished.run_until_cancelled(handle(stream, from)).await;
            eyot_metrics::connections_changed(-1.0);
            drop(slot);
        });
    }
    drop(listener);
    drain(accept, shutdown, tasks, &slots).await
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

/// The next connection with its slot, or `None` when the drain begins.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    shutdown: &Shutdown,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    /// A full table of file descriptors empties in about this time.
    const ACCEPT_RETRY: Duration = Duration::from_millis(10);

    let accept = async {
        let slot = Arc::clone(slots).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, from)) => return Some((stream, from, slot)),
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        }
    };
    shutdown.drained().run_until_cancelled(accept).await.flatten()
}
