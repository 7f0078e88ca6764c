//! The reverse proxy: the configuration names the upstream.
//!
//! Puts the pieces together and nothing else: a server whose handler is a relay.

mod proxy;

pub use crate::proxy::{ReverseProxy, Setup};
