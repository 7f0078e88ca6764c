//! SIGTERM and Ctrl-C: the first drains, the second ends.

use eyot::Shutdown;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for signals and passes them on. Never ready before the second.
pub(crate) async fn watch(shutdown: Shutdown) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut next = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    next().await;
    tracing::info!("draining: running calls may finish");
    shutdown.drain();
    next().await;
    tracing::warn!("ending at once");
    shutdown.finish();
    std::future::pending().await
}
