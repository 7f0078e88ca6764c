//! Accepts connections for servers of this program: one task each.

use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

/// Listens on a free port of this machine and says where, as `eyot serve --json` does.
///
/// # Errors
///
/// When the system gives no port, or cannot accept any more.
pub(crate) async fn serve<F>(handle: impl Fn(TcpStream) -> F) -> anyhow::Result<Infallible>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listen")?;
    println!("{}", ready(&listener)?);
    let connections = TaskTracker::new();
    loop {
        let (stream, _) = listener.accept().await.context("accept")?;
        ACCEPTED.fetch_add(1, Ordering::Relaxed);
        // An answer in small writes otherwise waits 40 ms for an acknowledgement.
        stream.set_nodelay(true).context("set nodelay")?;
        connections.spawn(handle(stream));
    }
}

static ACCEPTED: AtomicU64 = AtomicU64::new(0);

/// Connections that this process has accepted so far.
pub(crate) fn accepted() -> u64 {
    ACCEPTED.load(Ordering::Relaxed)
}

/// What a server says when it is ready.
///
/// # Errors
///
/// When the system does not know the address.
pub(crate) fn ready(listener: &TcpListener) -> anyhow::Result<serde_json::Value> {
    let url = format!("http://{}/mcp", listener.local_addr()?);
    Ok(serde_json::json!({ "listening": url }))
}
