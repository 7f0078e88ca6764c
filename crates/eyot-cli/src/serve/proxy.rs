//! The proxy that is served: before one upstream, or before those that its clients name.

use eyot::{
    Admin, Drained, ForwardConfig, ForwardServer, Health, HostPolicy, Listener, ProxyConfig,
    ReverseProxy, Target,
};
use tokio::net::TcpListener;

/// What a server stands before.
#[derive(Debug)]
pub(crate) enum Place {
    /// One upstream.
    Target(Target),
    /// Those that its clients name.
    Named(ForwardConfig),
}

/// Either proxy.
#[derive(Debug)]
pub(crate) enum Proxy {
    Reverse(ReverseProxy),
    Forward(ForwardServer),
}

impl Place {
    /// The path of the endpoint, or what the paths begin with.
    pub(crate) fn endpoint(&self) -> &'static str {
        match self {
            Self::Target(_) => "/mcp",
            Self::Named(_) => "/to/",
        }
    }
}

impl Proxy {
    pub(crate) fn new(place: Place, config: ProxyConfig) -> Self {
        match place {
            Place::Target(target) => Self::Reverse(ReverseProxy::new(target, config)),
            Place::Named(forward) => Self::Forward(ForwardServer::new(forward, config)),
        }
    }

    pub(crate) fn health(&self) -> Health {
        match self {
            Self::Reverse(proxy) => proxy.health(),
            Self::Forward(proxy) => proxy.health(),
        }
    }

    pub(crate) async fn serve_admin(&self, at: TcpListener, hosts: HostPolicy, admin: Admin) {
        match self {
            Self::Reverse(proxy) => proxy.serve_admin(at, hosts, admin).await,
            Self::Forward(proxy) => proxy.serve_admin(at, hosts, admin).await,
        }
    }

    pub(crate) async fn serve(&self, listener: Listener) -> Drained {
        match self {
            Self::Reverse(proxy) => proxy.serve(listener).await,
            Self::Forward(proxy) => proxy.serve(listener).await,
        }
    }
}
