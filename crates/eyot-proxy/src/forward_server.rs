//! A server in front of the upstreams that its clients name.

mod allow_list;
mod named_upstream;
mod target_entry;
mod targets;
mod upstream_url;

use std::sync::Arc;

use eyot_endpoint::{Admin, Drained, Health, HostPolicy, HttpServer, Listener, Sessions, Sweep};
use eyot_http::{AddressPolicy, ClientTls, Connector, Proxies};
use eyot_upstream::Transport;
use tokio::net::TcpListener;

pub use self::allow_list::{AllowList, AllowedUrls, InvalidPattern};
use self::targets::Targets;
use crate::config::ProxyConfig;
use crate::reverse::warn_of_undecided;

/// A proxy whose clients name the upstream: `/to/https/HOST/PATH` is `https://HOST/PATH`, as far as
/// an [`AllowList`] has it.
///
/// A session belongs to the upstream that it was opened at, and is unknown at any other. What is kept
/// of an upstream that nothing uses is dropped when there are too many. There are neither WebSockets
/// nor HTTP with SSE before a forward server; upstreams may speak HTTP with SSE.
#[derive(Debug)]
pub struct ForwardServer {
    server: HttpServer,
    targets: Arc<Targets>,
    is_undecided: bool,
}

/// To which upstreams a [`ForwardServer`] goes, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ForwardConfig {
    /// The URLs that clients may name.
    pub allow: AllowList,
    /// Makes the connections. By default they are direct, and go to addresses of the public Internet
    /// alone: names of foreign networks may lead to any other, too.
    pub connector: Connector,
    /// The transport of the upstreams.
    pub transport: Transport,
}

impl ForwardConfig {
    /// The defaults, with what clients may name.
    #[must_use]
    pub fn new(allow: AllowList) -> Self {
        let connector = Connector::new(ClientTls::default(), Proxies::none());
        let connector = connector.to_addresses(AddressPolicy::public_and([]));
        Self { allow, connector, transport: Transport::Auto }
    }
}

impl ForwardServer {
    /// A proxy to what clients name. Nothing is connected before the first call.
    #[must_use]
    pub fn new(forward: ForwardConfig, config: ProxyConfig) -> Self {
        let is_undecided = config.is_undecided();
        let given_up = config.endpoint.shutdown.drained().clone();
        let (relays, endpoint) = config.into_relays(given_up);
        let targets = Arc::new(Targets::new(forward, relays));
        let server = HttpServer::with_services(endpoint, Arc::<Targets>::clone(&targets));
        Self { server, targets, is_undecided }
    }

    /// The server that it is, for layers of HTTP before it.
    #[must_use]
    pub fn into_server(self) -> HttpServer {
        self.server
    }

    /// The sessions that it serves, for operators to look at.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        self.server.sessions()
    }

    /// What an admin listener needs to know.
    #[must_use]
    pub fn health(&self) -> Health {
        self.server.health()
    }

    /// Serves the admin address, as [`ReverseProxy::serve_admin`](crate::ReverseProxy::serve_admin)
    /// does.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_admin(&self, listener: TcpListener, hosts: HostPolicy, admin: Admin) {
        self.server.serve_admin(listener, hosts, admin).await;
    }

    /// Serves until the drain is over.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve(&self, listener: impl Into<Listener>) -> Drained {
        let listener = listener.into();
        warn_of_undecided(self.is_undecided, self.server.reach(&listener));
        tokio::select! {
            biased;
            drained = self.server.serve(listener) => drained,
            () = Sweep::keep_on(|| async { self.targets.sweep() }) => Drained::Complete,
        }
    }
}
