//! Proxies: a reverse proxy, whose configuration names the upstream.
//!
//! Puts the pieces together and nothing else: a server whose handler is a relay.

mod config;
mod reverse;

pub use crate::config::ProxyConfig;
pub use crate::reverse::ReverseProxy;
