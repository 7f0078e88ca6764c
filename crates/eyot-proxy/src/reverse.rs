//! A server in front of one upstream.

use eyot_endpoint::{Admin, Drained, Health, HostPolicy, HttpServer, Listener, Sessions, Sweep};
use eyot_service::Reach;
use eyot_upstream::Target;
use tokio::net::TcpListener;

use crate::config::ProxyConfig;

/// A reverse proxy in front of one upstream.
#[derive(Debug)]
pub struct ReverseProxy {
    server: HttpServer,
    target: Target,
    /// Modern clients without a name may get a session at the upstream for each call.
    is_undecided: bool,
}

impl ReverseProxy {
    /// A proxy to `target`. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(target: Target, config: ProxyConfig) -> Self {
        let is_undecided = config.is_undecided();
        let given_up = config.endpoint.shutdown.drained().clone();
        let (service, endpoint) = config.into_service(target.clone(), given_up);
        Self { server: HttpServer::new(endpoint, service), target, is_undecided }
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
        tokio::select! {
            biased;
            drained = self.server.serve(listener) => drained,
            () = Sweep::keep_on(|| async { self.target.sweep() }) => Drained::Complete,
        }
    }
}

/// Tells the operator what it costs not to ask clients for their names.
pub(crate) fn warn_of_undecided(is_undecided: bool, reach: Reach) {
    if is_undecided && reach == Reach::Anybody {
        tracing::warn!(
            "clients are not asked for a name, and can be several people: before a legacy server \
             each call of a modern client gets a session of its own, and a child of its own if the \
             server is one; require keys, or let calls share one with `--affinity`"
        );
    }
}
