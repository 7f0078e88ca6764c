//! A server in the same process.

use std::fmt;
use std::pin::Pin;

use tokio::io::DuplexStream;

/// The future that serves one attached client; it ends when the stream does.
pub type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server that clients in this process attach to: no socket, no child, but the same lines.
///
/// This is the stdio transport over memory: one message per line, both eras, sessions that last as
/// long as the stream.
pub trait InProcess: Send + Sync {
    /// Serves a client at the other end of `io`, until that end closes.
    ///
    /// The caller drives the future in a task that it owns; dropping it ends the connection.
    fn attach(&self, io: DuplexStream) -> Serving;
}

impl fmt::Debug for dyn InProcess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InProcess")
    }
}
