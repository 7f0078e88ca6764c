//! A server: a listener, an endpoint, sessions, and the orderly end of all of them.

use std::convert::Infallible;
use std::error::Error;
use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use eyot_http::{
    ConnectionEnd, HostPolicy, OutgoingBody, RequestBody, RequestHead, ServerTls, Stream, refused,
    serve_connection, serve_until_upgrade,
};
use eyot_service::{BoxService, Limits, Reach, SharedTotal, Shutdown, TotalQuota};
use eyot_session::Store;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Either;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tower_layer::{Identity, Layer, Stack};
use tower_service::Service;

use crate::accept::{Accept, Drained, serve, serve_beside};
use crate::admin::Health;
use crate::config::EndpointConfig;
use crate::detached_calls::DetachedCalls;
use crate::endpoint::Endpoint;
use crate::era_switch::EraSwitch;
use crate::farewells::Farewells;
use crate::http_sse::HttpSse;
use crate::http_stack;
use crate::legacy::Legacy;
use crate::listener::{Accepted, Listener};
use crate::modern::Modern;
use crate::nodes::Nodes;
use crate::registry::Registry;
use crate::request_context::ConnectionContext;
use crate::services::{FindService, Services};
use crate::sessions::Sessions;
use crate::sweep::Sweep;
use crate::web_socket;

/// Serves MCP over Streamable HTTP, through the layers `L`.
#[derive(Debug)]
pub struct HttpServer<L = Identity> {
    eras: Arc<EraSwitch>,
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    limits: Limits,
    shutdown: Shutdown,
    tasks: TaskTracker,
    tls: Option<ServerTls>,
    layer: L,
}

impl HttpServer {
    /// Puts a server in front of `service`.
    #[must_use]
    pub fn new(config: EndpointConfig, service: BoxService) -> Self {
        let services = Services::one(&config.path, service);
        Self::of(config, services)
    }

    /// Puts a server in front of many services: `services` finds the one that a request names, so that
    /// the path of the configuration is none of its own. It has WebSockets and HTTP with SSE if
    /// [`FindService::unnamed`] has a service for them.
    #[must_use]
    pub fn with_services(config: EndpointConfig, services: Arc<dyn FindService>) -> Self {
        Self::of(config, Services::Many(services))
    }

    fn of(config: EndpointConfig, services: Services) -> Self {
        let limits = config.limits_for_its_clients();
        let shared = Arc::new(limits);
        let EndpointConfig { hosts, auth, tls, store, node, shutdown, tasks, .. } = config;
        let detached = Arc::new(DetachedCalls::new(tasks.clone(), shutdown.finished().clone()));
        let patience = limits.upstream.connect_timeout;
        let farewells = Farewells::new(services.clone(), Arc::clone(&detached), patience);
        let nodes = Nodes::new(Arc::clone(&store), node, &limits);
        let registry = Arc::new(Registry::new(Arc::clone(&store), nodes, farewells, &limits));
        let legacy = Arc::new(Legacy {
            registry: Arc::clone(&registry),
            detached,
            shutdown: shutdown.clone(),
            limits,
        });
        let only = services.only();
        let http_sse = only.filter(|_| config.http_sse).map(|service| {
            let detached = Arc::clone(&legacy.detached);
            let ending = (shutdown.clone(), Arc::clone(&shared));
            Arc::new(HttpSse::new(service.clone(), detached, ending))
        });
        let web_socket_path = config.web_socket_path.filter(|_| only.is_some());
        let eras = Arc::new(EraSwitch {
            http_sse,
            web_socket_path,
            services,
            hosts,
            auth,
            legacy,
            modern: Modern { limits, shutdown: shutdown.clone() },
            connections: TotalQuota::new(SharedTotal::Connections, &limits),
            shutdown: shutdown.clone(),
            limits: shared,
        });
        Self { eras, registry, store, limits, shutdown, tasks, tls, layer: Identity::new() }
    }
}

impl<L> HttpServer<L> {
    /// Puts a tower layer before the endpoint: it sees every HTTP request. The first is the
    /// outermost.
    ///
    /// Each connection gets a stack of its own, so that what the requests of all connections share
    /// belongs into the layer. Responses may have any body.
    #[must_use]
    pub fn layer<M>(self, layer: M) -> HttpServer<Stack<M, L>> {
        let Self { eras, registry, store, limits, shutdown, tasks, tls, layer: outer } = self;
        let layer = Stack::new(layer, outer);
        HttpServer { eras, registry, store, limits, shutdown, tasks, tls, layer }
    }

    /// The server without its layers, for an [`HttpService`](crate::HttpService) inside of a foreign
    /// server. What they did, a policy of a proxy among them, has to stand before that service.
    #[must_use]
    pub fn without_layers(self) -> HttpServer {
        let Self { eras, registry, store, limits, shutdown, tasks, tls, .. } = self;
        HttpServer { eras, registry, store, limits, shutdown, tasks, tls, layer: Identity::new() }
    }

    /// The endpoint without the layers, for a stack inside of a foreign server.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::mounted(Arc::clone(&self.eras))
    }

    /// What an admin listener needs to know.
    #[must_use]
    pub fn health(&self) -> Health {
        Health { store: Arc::clone(&self.store), shutdown: self.shutdown.clone() }
    }

    /// Who can come to this server by a listener: one user where the listener is on a loopback
    /// address or a Unix socket, and no foreign name leads to it, as one of a proxy before it would.
    #[must_use]
    pub fn reach(&self, listener: &Listener) -> Reach {
        let is_private = listener.is_local() && self.eras.hosts.is_loopback_only();
        if is_private { Reach::OneUser } else { Reach::Anybody }
    }

    /// The sessions that this server serves, for operators to look at.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        Sessions::new(Arc::clone(&self.registry))
    }

    /// Serves the admin address to those who address it by a name that `hosts` allows, until
    /// everything ends. Its connections do not hold up the drain.
    ///
    /// The service is most often an [`Admin`](crate::Admin) behind a layer that guards it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_admin<S, B>(&self, listener: TcpListener, hosts: HostPolicy, admin: S)
    where
        S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible, Future: Send>
            + Clone
            + Send
            + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let (limits, finished) = (self.limits, self.shutdown.finished().clone());
        let admin = Guarded { hosts: Arc::new(hosts), admin };
        let handle = move |accepted: Accepted| {
            let (admin, finished) = (admin.clone(), finished.clone());
            async move {
                let handle = move |request| admin.answer(request);
                let stream = Stream::from(accepted);
                let end = serve_connection(stream, &limits, finished.cancelled(), handle).await;
                note(end);
            }
        };
        let connections_max = limits.http.admin_connections_max;
        serve_beside(listener.into(), connections_max, &self.shutdown, &self.tasks, handle).await;
    }

    /// Serves until the drain is over. The store is written out and closed at the end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve<B>(&self, listener: impl Into<Listener>) -> Drained
    where
        L: Layer<Endpoint> + Clone + Send + 'static,
        L::Service: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible, Future: Send>
            + Clone
            + Send
            + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let listener = listener.into();
        let accept = Accept {
            connections_max: self.limits.http.connections_max,
            drain_timeout: self.limits.drain_timeout,
        };
        let (eras, layer) = (Arc::clone(&self.eras), self.layer.clone());
        let reach = self.reach(&listener);
        let tls = self.tls.clone();
        let handle = move |accepted| {
            let (eras, layer, tls) = (Arc::clone(&eras), layer.clone(), tls.clone());
            async move {
                let opened = open(accepted, tls, &eras.limits, reach).await;
                if let Some((stream, context)) = opened {
                    let endpoint = Endpoint::connected(Arc::clone(&eras), context);
                    let stack = layer.layer(endpoint.clone());
                    connection(eras, endpoint, stack, stream).await;
                }
            }
        };
        let accepting = serve(listener, accept, &self.shutdown, &self.tasks, handle);
        let drained = tokio::select! {
            biased;
            drained = accepting => drained,
            () = Sweep::keep_on(|| self.registry.sweep()) => Drained::Complete,
            () = self.registry.keep_lease() => Drained::Complete,
            () = self.announce_drain() => Drained::Complete,
        };
        self.registry.let_go().await;
        if let Err(error) = self.store.shutdown().await {
            tracing::error!(%error, "store did not close in order");
        }
        drained
    }

    /// Tells the other processes when this one begins to end. Never ready.
    async fn announce_drain(&self) {
        self.shutdown.drained().cancelled().await;
        self.registry.drain().await;
        pending().await
    }

    /// Ends what has expired, in a task of its own.
    pub(crate) fn sweep_soon(&self) {
        let registry = Arc::clone(&self.registry);
        self.eras.legacy.detached.spawn(async move { registry.sweep().await });
    }
}

/// A connection on which HTTP can begin, and what is known of it. `None`: its client does not get in.
async fn open(
    accepted: Accepted,
    tls: Option<ServerTls>,
    limits: &Limits,
    reach: Reach,
) -> Option<(Stream, ConnectionContext)> {
    let mut context = ConnectionContext { is_ours: true, reach, ..ConnectionContext::default() };
    if let Accepted::Tcp(_, from) = &accepted {
        context.from = Some(*from);
    }
    match (accepted, tls) {
        (Accepted::Tcp(stream, from), Some(tls)) => {
            // Boxed, because it is large, and over before the first request.
            match Box::pin(tls.accept(stream, limits.http.tls_timeout)).await {
                Ok(shaken) => {
                    context.is_tls = true;
                    context.certificate = shaken.client;
                    Some((shaken.stream, context))
                }
                Err(error) => {
                    tracing::info!(%from, %error, "client does not get in");
                    None
                }
            }
        }
        (accepted, _) => Some((accepted.into(), context)),
    }
}

/// One connection, from its first byte to its last.
async fn connection<S, B>(eras: Arc<EraSwitch>, endpoint: Endpoint, stack: S, stream: Stream)
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes, Error: Into<BoxError>> + 'static,
{
    let handle = move |request| http_stack::call(&stack, request);
    let draining = eras.shutdown.drained().cancelled();
    let upgraded = match serve_until_upgrade(stream, &eras.limits, draining, handle).await {
        Ok(upgraded) => upgraded,
        Err(end) => return note(end),
    };
    // A layer may have answered in the endpoint's place.
    let Some(peer) = endpoint.socket_peer().cloned() else { return };
    let EraSwitch { services, limits, shutdown, .. } = &*eras;
    let Some(service) = services.only() else { return };
    // Boxed: most connections never need the room.
    Box::pin(web_socket::serve(upgraded, peer, service.clone(), limits, shutdown)).await;
}

fn note(end: ConnectionEnd) {
    if let ConnectionEnd::Broken { reason } = end {
        tracing::debug!(reason, "connection ended early");
    }
}

/// The admin service behind the guard that the endpoint has as well.
#[derive(Clone)]
struct Guarded<S> {
    hosts: Arc<HostPolicy>,
    admin: S,
}

impl<S, B> Guarded<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone,
{
    fn answer(
        &self,
        request: Request<RequestBody>,
    ) -> impl Future<Output = Response<Either<B, OutgoingBody>>> + use<S, B> {
        let head = RequestHead::read(request.headers());
        let answering = match self.hosts.check(request.uri(), &head) {
            Ok(()) => Ok(http_stack::call(&self.admin, request)),
            Err(forbidden) => Err(refused(StatusCode::FORBIDDEN, None, &forbidden.to_string())),
        };
        async move {
            match answering {
                Ok(answering) => answering.await.map(Either::Left),
                Err(refusal) => refusal.map(Either::Right),
            }
        }
    }
}

/// What a response's body may fail with.
type BoxError = Box<dyn Error + Send + Sync>;

#[cfg(test)]
mod tests;
