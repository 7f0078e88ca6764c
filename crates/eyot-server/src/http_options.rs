//! Serves a server of handlers over HTTP, by itself or inside foreign servers.

use std::sync::Arc;

use eyot_endpoint::{
    Authenticate, Drained, EndpointConfig, HttpServer, HttpService, Keys, Listener,
};
use eyot_http::{HostPolicy, ServerTls};
use eyot_service::BoxService;
use eyot_session::{LogLimits, Store};
use eyot_store_memory::MemoryStore;

use crate::call::context::HandlerParts;

/// How a server is served over Streamable HTTP.
#[derive(Debug)]
#[must_use]
pub struct HttpOptions {
    parts: Arc<HandlerParts>,
    service: BoxService,
    config: EndpointConfig,
}

impl HttpOptions {
    /// For the server of these parts, behind its layers.
    pub(crate) fn new(parts: Arc<HandlerParts>, service: BoxService) -> Self {
        let mut config = EndpointConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
        config.limits = parts.limits;
        config.shutdown = parts.shutdown.clone();
        config.tasks = parts.detached.tasks().clone();
        Self { parts, service, config }
    }

    /// The endpoint's path.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.config.path = path.into();
        self
    }

    /// The path of the WebSocket, `/ws` by default. A foreign server has none.
    pub fn web_socket_path(mut self, path: Option<String>) -> Self {
        self.config.web_socket_path = path;
        self
    }

    /// The hosts and origins that may talk to the endpoint.
    pub fn hosts(mut self, hosts: HostPolicy) -> Self {
        self.config.hosts = hosts;
        self
    }

    /// The keys that clients must have.
    pub fn keys(self, keys: Keys) -> Self {
        self.authenticate(Arc::new(keys))
    }

    /// Finds out who a client is, in place of [`keys`](Self::keys).
    pub fn authenticate(mut self, auth: Arc<dyn Authenticate>) -> Self {
        self.config.auth = auth;
        self
    }

    /// TLS with clients that come by TCP.
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.config.tls = Some(tls);
        self
    }

    /// The store of the sessions. The default is memory: sessions then end with the process.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.config.store = store;
        self
    }

    /// Serves until the server's [`Shutdown`](eyot_service::Shutdown) drains it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve(self, listener: impl Into<Listener>) -> Drained {
        let parts = Arc::clone(&self.parts);
        let server = self.into_http_server();
        let drained = tokio::select! {
            biased;
            drained = server.serve(listener) => drained,
            () = parts.maintain() => Drained::Complete,
        };
        // No client can come back for parked calls any more.
        parts.parked.clear();
        drained
    }

    /// The server behind HTTP, for a program that also serves an admin address.
    #[must_use]
    pub fn into_http_server(self) -> HttpServer {
        HttpServer::new(self.config, self.service)
    }

    /// The endpoint as a tower service, to be mounted into any server that speaks `http`: axum,
    /// hyper, tonic. That server's routes decide the path.
    ///
    /// That server also does for connections what [`serve`](Self::serve) would do: deadlines of
    /// heads, `TCP_NODELAY`, the end. When a legacy client has gone, its calls run on in tasks.
    #[must_use]
    pub fn into_service(self) -> HttpService {
        HttpService::new(self.into_http_server())
    }
}
