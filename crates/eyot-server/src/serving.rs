//! A server of handlers over HTTP, over pipes, within the process, and inside foreign servers.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use eyot_endpoint::{Authenticate, Drained, HttpServer, HttpServerConfig, HttpService, Keys, Pipe};
use eyot_http::HostPolicy;
use eyot_service::{InProcess, Serving};
use eyot_session::{Limits as SessionLimits, LogLimits, Store};
use eyot_stdio::{LineIo, LineLimits};
use eyot_store_memory::MemoryStore;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::time::{Instant, MissedTickBehavior};

use crate::app::App;
use crate::server::Server;

impl Server {
    /// How to serve over Streamable HTTP: `/mcp`, to this machine only, sessions in memory,
    /// until told otherwise.
    pub fn http(&self) -> HttpOptions {
        HttpOptions {
            server: self.clone(),
            path: "/mcp".to_owned(),
            hosts: HostPolicy::loopback(),
            auth: Arc::new(Keys::default()),
            store: None,
            session_limits: SessionLimits::default(),
        }
    }

    /// Serves over Streamable HTTP with the defaults of [`http`](Self::http), until
    /// [`shutdown`](Self::shutdown) drains the server.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened at.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_http(&self, address: impl ToSocketAddrs) -> io::Result<Drained> {
        let listener = TcpListener::bind(address).await?;
        Ok(self.http().serve(listener).await)
    }

    /// Serves the client whose child this process is, until that closes our standard input or
    /// [`shutdown`](Self::shutdown) drains the server. What was asked before is answered.
    ///
    /// Nothing else may write to standard output meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends every call at once.
    pub async fn serve_stdio(&self) {
        self.serve_io(tokio::io::stdin(), tokio::io::stdout()).await;
    }

    /// Serves one client over any pair of streams, one message per line, until its side is
    /// closed or the server drains. What was asked before is answered.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends every call at once.
    pub async fn serve_io<R, W>(&self, reader: R, writer: W)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let app = self.app();
        let io = LineIo::new(reader, writer, LineLimits::of(&app.limits));
        let pipe = Pipe::new(io, self.service(), app.limits, &app.shutdown);
        tokio::select! {
            biased;
            () = pipe.run() => {}
            () = app.maintain() => {}
        }
    }
}

impl App {
    /// Ends parked calls and forgets tasks whose time is over. Never ready.
    async fn maintain(&self) {
        let mut ticks = tokio::time::interval(SWEEP_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.parked.sweep(Instant::now());
            self.tasks.sweep(Instant::now());
        }
    }
}

/// In the same process: [`InProcess`] is what a client connects to.
impl InProcess for Server {
    fn attach(&self, io: DuplexStream) -> Serving {
        let server = self.clone();
        Box::pin(async move {
            let (reader, writer) = tokio::io::split(io);
            server.serve_io(reader, writer).await;
        })
    }
}

/// How a server is served over Streamable HTTP.
#[must_use]
pub struct HttpOptions {
    server: Server,
    path: String,
    hosts: HostPolicy,
    auth: Arc<dyn Authenticate>,
    store: Option<Arc<dyn Store>>,
    session_limits: SessionLimits,
}

impl HttpOptions {
    /// The endpoint's path.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Which hosts and origins may talk to it.
    pub fn hosts(mut self, hosts: HostPolicy) -> Self {
        self.hosts = hosts;
        self
    }

    /// Which keys it asks for.
    pub fn keys(self, keys: Keys) -> Self {
        self.authenticate(Arc::new(keys))
    }

    /// Who finds out who a client is, in the place of [`keys`](Self::keys).
    pub fn authenticate(mut self, auth: Arc<dyn Authenticate>) -> Self {
        self.auth = auth;
        self
    }

    /// Where sessions are kept. In memory unless told otherwise: then they end with the process.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Bounds of one session.
    pub fn session_limits(mut self, limits: SessionLimits) -> Self {
        self.session_limits = limits;
        self
    }

    /// Serves until the server's [`Shutdown`](crate::Shutdown) drains it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve(self, listener: TcpListener) -> Drained {
        let app = Arc::clone(self.server.app());
        let server = self.into_http_server();
        let drained = tokio::select! {
            biased;
            drained = server.serve(listener) => drained,
            () = app.maintain() => Drained::Complete,
        };
        // Nobody can come for them any more.
        app.parked.clear();
        drained
    }

    /// The server behind HTTP, for whoever wants an admin address beside it.
    #[must_use]
    pub fn into_http_server(self) -> HttpServer {
        let Self { server, path, hosts, auth, store, session_limits } = self;
        let app = server.app();
        let store = store.unwrap_or_else(|| Arc::new(MemoryStore::new(LogLimits::default())));
        let config = HttpServerConfig {
            path,
            hosts,
            auth,
            store,
            limits: app.limits,
            session_limits,
            shutdown: app.shutdown.clone(),
            tasks: app.keeper.tasks().clone(),
        };
        HttpServer::new(config, server.service())
    }

    /// The endpoint as a tower service, to be mounted into any server that speaks `http`: axum,
    /// hyper, tonic. The path is whatever that server routes here.
    ///
    /// What [`serve`](Self::serve) does for connections is that server's business then: deadlines
    /// of heads, `TCP_NODELAY`, the end. Calls whose legacy client has gone run on in tasks.
    #[must_use]
    pub fn into_service(self) -> HttpService {
        HttpService::new(self.into_http_server())
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions").field("path", &self.path).finish_non_exhaustive()
    }
}

/// How often parked calls and tasks are looked through.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
