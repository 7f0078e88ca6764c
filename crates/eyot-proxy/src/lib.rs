//! Proxies: a reverse proxy in front of a server, a forward proxy beside a client.
//!
//! Puts the pieces together and nothing else: each is a server whose handler is a relay.

mod config;
mod forward;
mod reverse;

pub use crate::config::ProxyConfig;
pub use crate::forward::ForwardProxy;
pub use crate::reverse::ReverseProxy;
