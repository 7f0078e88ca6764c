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

/// A signal that ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Waits for the next signal.
pub(crate) async fn next() -> std::io::Result<Signal> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => Signal::Terminate,
        _ = interrupt.recv() => Signal::Interrupt,
    })
}
