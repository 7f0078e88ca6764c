//! A server, or many, beside one client.

use std::sync::Arc;

use eyot_endpoint::{EndpointConfig, Pipe, Sweep};
use eyot_service::{BoxService, Limits, MessageIo, Shutdown};
use eyot_session::Store;
use eyot_stdio::{LineIo, LineLimits};
use eyot_upstream::Target;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::ProxyConfig;
use crate::many::{GatewayConfig, Many};
use crate::upstreams::Upstreams;

/// A forward proxy: one client at the other end of a pipe, in front of one upstream, or of many that
/// the client sees as one.
///
/// The client is local, so nothing of HTTP in the configuration is looked at: neither hosts nor
/// keys nor the path. The client may speak either era, or both on the one pipe.
#[derive(Debug)]
pub struct ForwardProxy {
    service: BoxService,
    upstreams: Upstreams,
    limits: Limits,
    store: Arc<dyn Store>,
    shutdown: Shutdown,
    tasks: TaskTracker,
    /// Calls do not wait for the upstream any more.
    given_up: CancellationToken,
}

impl ForwardProxy {
    /// A proxy to `target`. Nothing is started or connected before the first call.
    #[must_use]
    pub fn new(target: Target, config: ProxyConfig) -> Self {
        let given_up = config.endpoint.shutdown.drained().child_token();
        let (service, endpoint) = config.into_service(target.clone(), given_up.clone());
        Self::of(service, Upstreams::One(target), endpoint, given_up)
    }

    /// A proxy to many servers, which the client sees as one. Nothing is started or connected before
    /// it is needed, but for the servers that are to be.
    #[must_use]
    pub fn of_many(gateway: GatewayConfig, config: ProxyConfig) -> Self {
        let given_up = config.endpoint.shutdown.drained().child_token();
        let path = config.endpoint.path.clone();
        let (relays, endpoint) = config.into_relays(given_up.clone());
        let many = Arc::new(Many::new(path, gateway, relays));
        Self::of(many.service().clone(), Upstreams::Many(many), endpoint, given_up)
    }

    fn of(
        service: BoxService,
        upstreams: Upstreams,
        endpoint: EndpointConfig,
        given_up: CancellationToken,
    ) -> Self {
        Self {
            service,
            upstreams,
            limits: endpoint.limits,
            store: endpoint.store,
            shutdown: endpoint.shutdown,
            tasks: endpoint.tasks,
            given_up,
        }
    }

    /// The names of the servers behind a gateway as they are now, which rules and interceptors can send calls
    /// to; `None`: it is no gateway.
    #[must_use]
    pub fn server_names(&self) -> Option<Vec<String>> {
        self.upstreams.server_names()
    }

    /// Serves the client at this process's standard input and output, as [`serve`](Self::serve)
    /// does.
    ///
    /// Nothing else may write to standard output meanwhile.
    ///
    /// # Cancel safety
    ///
    /// As [`serve`](Self::serve).
    pub async fn serve_stdio(self) {
        self.serve_io(tokio::io::stdin(), tokio::io::stdout()).await;
    }

    /// Serves the client over any pair of streams, one message per line, as
    /// [`serve`](Self::serve) does.
    ///
    /// # Cancel safety
    ///
    /// As [`serve`](Self::serve).
    pub async fn serve_io<R, W>(self, reader: R, writer: W)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let limits = LineLimits::of(&self.limits);
        self.serve(LineIo::new(reader, writer, limits)).await;
    }

    /// Serves the client at the other end of `io` until it has gone, or the drain begins; what it
    /// has asked is answered, with an error where the upstream cannot be reached. Then every connection to the upstream, and every child, ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends every call at once; children end with their connections.
    pub async fn serve(self, io: impl MessageIo) {
        let Self { service, upstreams, limits, store, shutdown, tasks, given_up } = self;
        upstreams.start();
        let sweep = || async {
            upstreams.sweep();
            Sweep::store(&*store).await;
        };
        // A pipe has no session in the store, but calls are parked there.
        let pipe = Pipe::new(io, service, limits, &shutdown).giving_up(given_up);
        tokio::select! {
            biased;
            () = pipe.run() => {}
            () = Sweep::keep_on(sweep) => {}
        }
        shutdown.finish();
        tasks.close();
        tasks.wait().await;
        if let Err(error) = store.shutdown().await {
            tracing::error!(%error, "store did not close in order");
        }
    }
}
