//! A server in front of one upstream.

use eyot_endpoint::{Admin, Drained, Health, HostPolicy, HttpServer, Sessions};
use eyot_upstream::Target;
use tokio::net::TcpListener;

use crate::config::ProxyConfig;

/// A reverse proxy in front of one upstream.
#[derive(Debug)]
pub struct ReverseProxy(HttpServer);

impl ReverseProxy {
    /// A proxy to `target`. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(target: Target, config: ProxyConfig) -> Self {
        let (service, endpoint) = config.into_service(target);
        Self(HttpServer::new(endpoint, service))
    }

    /// The server that it is, for layers of HTTP before it.
    #[must_use]
    pub fn into_server(self) -> HttpServer {
        self.0
    }

    /// The sessions that it serves, for operators to look at.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        self.0.sessions()
    }

    /// What an admin listener needs to know.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.health()
    }

    /// Serves the admin address to those who address it by a name that `hosts` allows, until
    /// everything ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_admin(&self, listener: TcpListener, hosts: HostPolicy, admin: Admin) {
        self.0.serve_admin(listener, hosts, admin).await;
    }

    /// Serves until the drain is over and every child has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve(&self, listener: TcpListener) -> Drained {
        self.0.serve(listener).await
    }
}
