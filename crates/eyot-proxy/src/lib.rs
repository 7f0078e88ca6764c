//! Proxies: a reverse proxy in front of a server, a forward proxy beside a client, and a forward
//! server in front of the servers that its clients name.
//!
//! Puts the pieces together and nothing else: each is a server whose handler is a relay.

mod config;
mod forward;
mod forward_server;
mod reverse;

pub use crate::config::ProxyConfig;
pub use crate::forward::ForwardProxy;
pub use crate::forward_server::{
    AllowList, AllowedUrls, ForwardConfig, ForwardServer, InvalidPattern,
};
pub use crate::reverse::ReverseProxy;
