//! A server in front of one upstream, or of several.

use std::sync::Arc;

use eyot_endpoint::{
    Admin, Drained, Endpoint, FindService, Health, HostPolicy, HttpServer, Listener, Sessions,
    Sweep,
};
use eyot_policy::PolicyLayer;
use eyot_service::Reach;
use eyot_upstream::Target;
use tokio::net::TcpListener;
use tower_layer::{Identity, Stack};

use crate::config::ProxyConfig;
use crate::many::{GatewayConfig, Many};
use crate::named::{ForwardConfig, Targets};
use crate::policed;
use crate::upstreams::Upstreams;

/// A server whose outermost layer is the HTTP policy of its proxy.
pub type BehindPolicy = HttpServer<Stack<PolicyLayer<Endpoint>, Identity>>;

/// A reverse proxy: in front of one upstream, of many that clients see as one, or of those that its
/// clients name.
#[derive(Debug)]
pub struct ReverseProxy {
    server: BehindPolicy,
    upstreams: Upstreams,
    /// Modern clients without a name may get a session at the upstream for each call.
    is_undecided: bool,
}

impl ReverseProxy {
    /// A proxy to `target`. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(target: Target, mut config: ProxyConfig) -> Self {
        let is_undecided = config.is_undecided();
        let policy = policed::before(config.policy.take(), &mut config.endpoint);
        let given_up = config.endpoint.shutdown.drained().clone();
        let (service, endpoint) = config.into_service(target.clone(), given_up);
        let server = HttpServer::new(endpoint, service).layer(policy);
        Self { server, upstreams: Upstreams::One(target), is_undecided }
    }

    /// A proxy to many servers: the path of the endpoint has all of them as one, and `PATH/NAME` the
    /// one of that name, as if it were alone. Nothing is started or connected before it is needed,
    /// but for the servers that are to be.
    #[must_use]
    pub fn of_many(gateway: GatewayConfig, mut config: ProxyConfig) -> Self {
        let is_undecided = config.is_undecided();
        let policy = policed::before(config.policy.take(), &mut config.endpoint);
        let given_up = config.endpoint.shutdown.drained().clone();
        let path = config.endpoint.path.clone();
        let (relays, endpoint) = config.into_relays(given_up);
        let many = Arc::new(Many::new(path, gateway, relays));
        let services: Arc<dyn FindService> = Arc::<Many>::clone(&many);
        let server = HttpServer::with_services(endpoint, services).layer(policy);
        Self { server, upstreams: Upstreams::Many(many), is_undecided }
    }

    /// A proxy to what clients name: `/to/https/HOST/PATH` is `https://HOST/PATH`, as far as an
    /// [`AllowList`](crate::AllowList) has it. Nothing is connected before the first call.
    ///
    /// A session belongs to the upstream that it was opened at, and is unknown at any other. What is
    /// kept of an upstream that nothing uses is dropped when there are too many. There are neither
    /// WebSockets nor HTTP with SSE before such a proxy; upstreams may speak HTTP with SSE.
    #[must_use]
    pub fn of_named(forward: ForwardConfig, mut config: ProxyConfig) -> Self {
        let is_undecided = config.is_undecided();
        let policy = policed::before(config.policy.take(), &mut config.endpoint);
        let given_up = config.endpoint.shutdown.drained().clone();
        let (relays, endpoint) = config.into_relays(given_up);
        let targets = Arc::new(Targets::new(forward, relays));
        let services: Arc<dyn FindService> = Arc::<Targets>::clone(&targets);
        let server = HttpServer::with_services(endpoint, services).layer(policy);
        Self { server, upstreams: Upstreams::Named(targets), is_undecided }
    }

    /// Puts other servers in the place of the many. Those that are as they were keep their sessions and
    /// their children; sessions of the others open what has taken their place when it is needed.
    /// Nothing happens unless the proxy was made by [`of_many`](Self::of_many).
    pub fn reload(&self, gateway: GatewayConfig) {
        if let Upstreams::Many(many) = &self.upstreams {
            many.reload(gateway);
        }
    }

    /// The names of the servers behind a gateway as they are now, which rules and interceptors can send calls
    /// to; `None`: it is no gateway.
    #[must_use]
    pub fn server_names(&self) -> Option<Vec<String>> {
        self.upstreams.server_names()
    }

    /// The server that it is, for layers of HTTP behind its policy, or for a foreign server
    /// ([`HttpServer::without_layers`]).
    #[must_use]
    pub fn into_server(self) -> BehindPolicy {
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

    /// Serves the admin address to those who address it by a name that `hosts` allows, until
    /// everything ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_admin(&self, listener: TcpListener, hosts: HostPolicy, admin: Admin) {
        self.server.serve_admin(listener, hosts, admin).await;
    }

    /// Serves until the drain is over and every child has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve(&self, listener: impl Into<Listener>) -> Drained {
        let listener = listener.into();
        warn_of_undecided(self.is_undecided, self.server.reach(&listener));
        self.upstreams.start();
        tokio::select! {
            biased;
            drained = self.server.serve(listener) => drained,
            () = Sweep::keep_on(|| async { self.upstreams.sweep() }) => Drained::Complete,
        }
    }
}

/// Tells the operator what it costs not to ask clients for their names.
fn warn_of_undecided(is_undecided: bool, reach: Reach) {
    if is_undecided && reach == Reach::Anybody {
        tracing::warn!(
            "clients are not asked for a name, and can be several people: before a legacy server \
             each call of a modern client gets a session of its own, and a child of its own if the \
             server is one; require keys, or let calls share one with `--affinity`"
        );
    }
}
