//! Finds the addresses of names.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// The future of the addresses of a name.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Finds the addresses of upstreams in the place of the system's resolver.
pub trait Resolve: fmt::Debug + Send + Sync + 'static {
    /// The addresses of `host:port`. It is asked at each connection, and connections go to the
    /// addresses that it gives then, if they may.
    ///
    /// # Errors
    ///
    /// The name has no address, or cannot be looked up now.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when a connection takes too long.
    fn resolve<'a>(&'a self, authority: &'a str) -> Resolving<'a>;
}
