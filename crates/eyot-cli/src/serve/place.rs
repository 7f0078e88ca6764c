//! What is served.

use eyot::{ForwardConfig, GatewayConfig, ProxyConfig, ReverseProxy, Target};
use eyot_interception::Interception;

use crate::config::ManyFiles;

/// What a server stands before.
#[derive(Debug)]
pub(crate) enum Place {
    /// One upstream.
    Target(Target),
    /// Those of files, which clients see as one.
    Many(Box<ManyFiles>, GatewayConfig),
    /// Those that its clients name.
    Named(ForwardConfig),
}

impl Place {
    /// The path of the endpoint, or what the paths begin with.
    pub(crate) const fn endpoint(&self) -> &'static str {
        match self {
            Self::Target(_) | Self::Many(..) => "/mcp",
            Self::Named(_) => "/to/",
        }
    }

    /// The proxy to it, with what stands before single servers, and the files that change what it is.
    pub(crate) fn proxy(
        self,
        config: ProxyConfig,
        plans: &Interception,
    ) -> (ReverseProxy, Option<Box<ManyFiles>>) {
        match self {
            Self::Target(target) => (ReverseProxy::new(target, config), None),
            Self::Many(files, mut gateway) => {
                ManyFiles::intercept(&mut gateway, plans);
                (ReverseProxy::of_many(gateway, config), Some(files))
            }
            Self::Named(forward) => (ReverseProxy::of_named(forward, config), None),
        }
    }
}
