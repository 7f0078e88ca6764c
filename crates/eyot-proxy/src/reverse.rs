//! A server in front of one upstream.

use std::sync::Arc;

use eyot_endpoint::{Admin, Drained, Health, HttpServer, Sessions};
use eyot_relay::{Relay, RelayOptions};
use eyot_service::BoxService;
use eyot_upstream::{Runtime, Target};
use tokio::net::TcpListener;

use crate::config::ProxyConfig;

/// A reverse proxy in front of one upstream.
#[derive(Debug)]
pub struct ReverseProxy(HttpServer);

impl ReverseProxy {
    /// A proxy to `target`. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(target: Target, config: ProxyConfig) -> Self {
        let ProxyConfig { endpoint, era, affinity, layers, upstream_layers } = config;
        let (tasks, limits) = (endpoint.tasks.clone(), Arc::new(endpoint.limits));
        let mut runtime = Runtime::new(tasks, endpoint.shutdown.finished().clone(), limits);
        runtime.layers = upstream_layers;
        let options = RelayOptions { era, affinity, store: Some(Arc::clone(&endpoint.store)) };
        let relay = BoxService::of_boxed(Relay::with_options(target, runtime, options));
        Self(HttpServer::new(endpoint, layers.around(relay)))
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

    /// Serves the admin address until everything ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_admin(&self, listener: TcpListener, admin: Admin) {
        self.0.serve_admin(listener, admin).await;
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
