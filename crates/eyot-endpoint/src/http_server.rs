//! A server: a listener, an endpoint, sessions, and the orderly end of all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyot_http::{ConnectionEnd, HostPolicy, OutgoingBody, RequestBody, serve_connection};
use eyot_service::{BoxService, Limits, Shutdown};
use eyot_session::{Limits as SessionLimits, Store};
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;

use crate::accept::{Accept, Drained, serve};
use crate::admin::{Admin, Health};
use crate::auth::Authenticate;
use crate::endpoint::{ConnectionContext, Endpoint};
use crate::keeper::Keeper;
use crate::legacy::Legacy;
use crate::modern::Modern;
use crate::registry::Registry;

/// What a server is made of.
#[derive(Debug)]
pub struct HttpServerConfig {
    /// The endpoint's path, such as `/mcp`.
    pub path: String,
    /// Which hosts and origins may talk to it.
    pub hosts: HostPolicy,
    /// Who finds out who a client is; [`Keys`](crate::Keys) without a key ask nobody.
    pub auth: Arc<dyn Authenticate>,
    /// Where sessions are kept.
    pub store: Arc<dyn Store>,
    /// Every bound.
    pub limits: Limits,
    /// Bounds of one session.
    pub session_limits: SessionLimits,
    /// Tells everything of the server to end. The caller keeps a clone.
    pub shutdown: Shutdown,
    /// Where every task of the server lives. The caller may add its own.
    pub tasks: TaskTracker,
}

/// Serves MCP over Streamable HTTP.
#[derive(Debug)]
pub struct HttpServer {
    endpoint: Arc<Endpoint>,
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    limits: Limits,
    shutdown: Shutdown,
    tasks: TaskTracker,
}

impl HttpServer {
    /// Puts a server in front of `service`.
    #[must_use]
    pub fn new(config: HttpServerConfig, service: BoxService) -> Self {
        let HttpServerConfig { path, hosts, auth, store, limits, session_limits, shutdown, tasks } =
            config;
        let registry = Registry::new(Arc::clone(&store), service.clone(), &limits, session_limits);
        let registry = Arc::new(registry);
        let keeper = Arc::new(Keeper::new(tasks.clone(), shutdown.finished().clone()));
        let legacy = Arc::new(Legacy {
            registry: Arc::clone(&registry),
            service: service.clone(),
            keeper,
            shutdown: shutdown.clone(),
            limits,
        });
        let endpoint = Arc::new(Endpoint {
            path,
            hosts,
            auth,
            legacy,
            modern: Modern { service, limits },
            shutdown: shutdown.clone(),
            limits,
        });
        Self { endpoint, registry, store, limits, shutdown, tasks }
    }

    /// What an admin listener needs to know.
    #[must_use]
    pub fn health(&self) -> Health {
        Health { store: Arc::clone(&self.store), shutdown: self.shutdown.clone() }
    }

    /// Serves the admin address until everything ends. Its connections do not hold up the drain.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_admin(&self, listener: TcpListener, admin: Admin) {
        let limits = self.limits;
        let finished = self.shutdown.finished().clone();
        let accepting = async {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (admin, finished) = (admin.clone(), finished.clone());
                self.tasks.spawn(async move {
                    let handle = |request| std::future::ready(admin.handle(&request));
                    let serving = serve_connection(stream, &limits, finished.cancelled(), handle);
                    finished.run_until_cancelled(serving).await;
                });
            }
        };
        self.shutdown.finished().run_until_cancelled(accepting).await;
    }

    /// Serves until the drain is over. The store is written out and closed at the end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve(&self, listener: TcpListener) -> Drained {
        let accept = Accept {
            connections_max: self.limits.connections_max,
            drain_timeout: self.limits.drain_timeout,
        };
        let endpoint = Arc::clone(&self.endpoint);
        let handle = move |stream, from| connection(Arc::clone(&endpoint), stream, from);
        let accepting = serve(listener, accept, &self.shutdown, &self.tasks, handle);
        let drained = tokio::select! {
            biased;
            drained = accepting => drained,
            () = self.maintain() => Drained::Complete,
        };
        self.registry.touch_all();
        if let Err(error) = self.store.shutdown().await {
            tracing::error!(%error, "store did not close in order");
        }
        drained
    }

    /// Answers a request that somebody else's server has accepted and routed here.
    pub(crate) async fn handle_mounted(
        &self,
        request: Request<RequestBody>,
    ) -> Response<OutgoingBody> {
        let context = ConnectionContext { from: None, timer: Arc::default() };
        self.endpoint.handle(request, &context).await
    }

    /// Ends what has expired, beside everything else.
    pub(crate) fn sweep_soon(&self) {
        let registry = Arc::clone(&self.registry);
        self.endpoint.legacy.keeper.spawn(async move { registry.sweep().await });
    }

    /// Ends what has expired. Never ready.
    async fn maintain(&self) {
        let mut ticks = tokio::time::interval(SWEEP_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.registry.sweep().await;
        }
    }
}

/// One connection, from its first byte to its last.
async fn connection(endpoint: Arc<Endpoint>, stream: TcpStream, from: SocketAddr) {
    let draining = endpoint.shutdown.drained().clone();
    let limits = endpoint.limits;
    let context = Arc::new(ConnectionContext { from: Some(from), timer: Arc::default() });
    let handle = |request| {
        let (endpoint, context) = (Arc::clone(&endpoint), Arc::clone(&context));
        // Boxed, because hyper keeps the room for a request's future as long as the connection.
        Box::pin(async move { endpoint.handle(request, &context).await })
    };
    let end = serve_connection(stream, &limits, draining.cancelled(), handle).await;
    if let ConnectionEnd::Broken { reason } = end {
        tracing::debug!(reason, "connection ended early");
    }
}

/// How often expired sessions are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
