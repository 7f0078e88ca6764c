//! Proxies: a reverse proxy in front of one server, of many, or of those that its clients name; and a
//! forward proxy beside a client.
//!
//! Puts the pieces together and nothing else: each is a server whose handler is a relay.

mod config;
mod forward;
mod many;
mod named;
mod policed;
mod reverse;
mod upstreams;

pub use crate::config::ProxyConfig;
pub use crate::forward::ForwardProxy;
pub use crate::many::{GatewayConfig, GatewayServer};
pub use crate::named::{AllowList, AllowedUrls, ForwardConfig, InvalidPattern};
pub use crate::reverse::{BehindPolicy, ReverseProxy};
pub use eyot_gateway::{Prefix, ToolFilter};
