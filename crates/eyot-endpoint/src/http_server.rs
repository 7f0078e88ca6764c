//! A server: a listener, an endpoint, sessions, and the orderly end of all of them.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use eyot_http::{ConnectionEnd, RequestBody, serve_connection};
use eyot_service::{BoxService, Limits, SharedTotal, Shutdown, TotalQuota};
use eyot_session::Store;
use http::{Request, Response};
use http_body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;
use tower_layer::{Identity, Layer, Stack};
use tower_service::Service;

use crate::accept::{Accept, Drained, serve};
use crate::admin::Health;
use crate::config::EndpointConfig;
use crate::detached_calls::DetachedCalls;
use crate::endpoint::Endpoint;
use crate::era_switch::EraSwitch;
use crate::http_stack;
use crate::legacy::Legacy;
use crate::modern::Modern;
use crate::registry::Registry;
use crate::sessions::Sessions;
use crate::sweep::Sweep;

/// Serves MCP over Streamable HTTP, through the layers `L`.
#[derive(Debug)]
pub struct HttpServer<L = Identity> {
    eras: Arc<EraSwitch>,
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    limits: Limits,
    shutdown: Shutdown,
    tasks: TaskTracker,
    layer: L,
}

impl HttpServer {
    /// Puts a server in front of `service`.
    #[must_use]
    pub fn new(config: EndpointConfig, service: BoxService) -> Self {
        let limits = config.limits_for_its_clients();
        let EndpointConfig { path, hosts, auth, store, shutdown, tasks, .. } = config;
        let registry = Registry::new(Arc::clone(&store), service.clone(), &limits);
        let registry = Arc::new(registry);
        let detached = Arc::new(DetachedCalls::new(tasks.clone(), shutdown.finished().clone()));
        let legacy = Arc::new(Legacy {
            registry: Arc::clone(&registry),
            service: service.clone(),
            detached,
            shutdown: shutdown.clone(),
            limits,
        });
        let eras = Arc::new(EraSwitch {
            path,
            hosts,
            auth,
            legacy,
            modern: Modern { service, limits, shutdown: shutdown.clone() },
            connections: TotalQuota::new(SharedTotal::Connections, &limits),
            shutdown: shutdown.clone(),
            limits,
        });
        Self { eras, registry, store, limits, shutdown, tasks, layer: Identity::new() }
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
        let Self { eras, registry, store, limits, shutdown, tasks, layer: outer } = self;
        let layer = Stack::new(layer, outer);
        HttpServer { eras, registry, store, limits, shutdown, tasks, layer }
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

    /// The sessions that this server serves, for operators to look at.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        Sessions::new(Arc::clone(&self.registry))
    }

    /// Serves the admin address until everything ends. Its connections do not hold up the drain.
    ///
    /// The service is most often an [`Admin`](crate::Admin) behind a layer that guards it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_admin<S, B>(&self, listener: TcpListener, admin: S)
    where
        S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible, Future: Send>
            + Clone
            + Send
            + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let accepting = async {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (admin, limits) = (admin.clone(), self.limits);
                let finished = self.shutdown.finished().clone();
                self.tasks.spawn(async move {
                    let handle = move |request| http_stack::call(&admin, request);
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
    pub async fn serve<B>(&self, listener: TcpListener) -> Drained
    where
        L: Layer<Endpoint> + Clone + Send + 'static,
        L::Service: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible, Future: Send>
            + Clone
            + Send
            + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let accept = Accept {
            connections_max: self.limits.http.connections_max,
            drain_timeout: self.limits.drain_timeout,
        };
        let (eras, layer) = (Arc::clone(&self.eras), self.layer.clone());
        let handle = move |stream, from| {
            let stack = layer.layer(Endpoint::connected(Arc::clone(&eras), from));
            connection(Arc::clone(&eras), stack, stream)
        };
        let accepting = serve(listener, accept, &self.shutdown, &self.tasks, handle);
        let drained = tokio::select! {
            biased;
            drained = accepting => drained,
            () = Sweep::keep_on(|| self.registry.sweep()) => Drained::Complete,
        };
        self.registry.touch_all();
        if let Err(error) = self.store.shutdown().await {
            tracing::error!(%error, "store did not close in order");
        }
        drained
    }

    /// Ends what has expired, in a task of its own.
    pub(crate) fn sweep_soon(&self) {
        let registry = Arc::clone(&self.registry);
        self.eras.legacy.detached.spawn(async move { registry.sweep().await });
    }
}

/// One connection, from its first byte to its last.
async fn connection<S, B>(eras: Arc<EraSwitch>, stack: S, stream: TcpStream)
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes, Error: Into<BoxError>> + 'static,
{
    let handle = move |request| http_stack::call(&stack, request);
    let draining = eras.shutdown.drained().cancelled();
    let end = serve_connection(stream, &eras.limits, draining, handle).await;
    if let ConnectionEnd::Broken { reason } = end {
        tracing::debug!(reason, "connection ended early");
    }
}

/// What a response's body may fail with.
type BoxError = Box<dyn Error + Send + Sync>;

#[cfg(test)]
mod tests;
