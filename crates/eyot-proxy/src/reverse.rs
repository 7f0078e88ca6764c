//! A server in front of one upstream.

use std::sync::Arc;

use eyot_bridge::Affinity;
use eyot_endpoint::{Admin, Drained, Health, HostPolicy, HttpServer, HttpServerConfig, Keys};
use eyot_relay::{Relay, RelayOptions};
use eyot_service::{BoxService, Limits, ServiceLayer, Shutdown};
use eyot_session::{Limits as SessionLimits, Store};
use eyot_upstream::{EraMode, Runtime, Target};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// What a proxy needs besides its upstream. Every field has a default but the store.
#[derive(Debug)]
pub struct Setup {
    /// Where sessions are kept.
    pub store: Arc<dyn Store>,
    /// The endpoint's path.
    pub path: String,
    /// Which hosts and origins may talk to it.
    pub hosts: HostPolicy,
    /// Which keys it asks for.
    pub keys: Keys,
    /// Every bound.
    pub limits: Limits,
    /// Bounds of one session.
    pub session_limits: SessionLimits,
    /// The era of the upstream; see [`RelayOptions::era`].
    pub era: EraMode,
    /// Which modern clients share a session at a legacy upstream.
    pub affinity: Affinity,
    /// Stand in front of each connection to the upstream.
    pub upstream_layers: ServiceLayer,
    /// Tells the proxy to end; keep a clone.
    pub shutdown: Shutdown,
}

impl Setup {
    /// The defaults, with a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            path: "/mcp".to_owned(),
            hosts: HostPolicy::loopback(),
            keys: Keys::default(),
            limits: Limits::default(),
            session_limits: SessionLimits::default(),
            era: EraMode::default(),
            affinity: Affinity::default(),
            upstream_layers: ServiceLayer::default(),
            shutdown: Shutdown::new(),
        }
    }
}

/// A reverse proxy in front of one upstream.
#[derive(Debug)]
pub struct ReverseProxy(HttpServer);

impl ReverseProxy {
    /// A proxy to `target`. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(target: Target, setup: Setup) -> Self {
        let Setup { store, path, hosts, keys, limits, session_limits, shutdown, .. } = setup;
        let (era, affinity) = (setup.era, setup.affinity);
        let tasks = TaskTracker::new();
        let finished = shutdown.finished().clone();
        let mut runtime = Runtime::new(tasks.clone(), finished, Arc::new(limits));
        runtime.layers = setup.upstream_layers;
        let options = RelayOptions { era, affinity, store: Some(Arc::clone(&store)) };
        let service = BoxService::of_boxed(Relay::with_options(target, runtime, options));
        let config =
            HttpServerConfig { path, hosts, keys, store, limits, session_limits, shutdown, tasks };
        Self(HttpServer::new(config, service))
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
