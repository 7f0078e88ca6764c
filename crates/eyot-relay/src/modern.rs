//! The modern side: one connection that all modern clients share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eyot_client::{EraFound, ForwardedHeaders, ModernConnection, probe_modern};
use eyot_jsonrpc::{Kind, Message};
use eyot_transport::{Fault, Messages, Part, Reply};
use eyot_types::{Era, Method, Revision, codes};
use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::dual::Upstream;
use crate::watch::timed_out;

/// Finds out whether the upstream is modern, and holds the connection if it is.
#[derive(Debug)]
pub(crate) struct ModernSide {
    upstream: Arc<Upstream>,
    /// Replaced when its connection is lost; opened once for all who need it.
    cell: Mutex<Arc<OnceCell<Option<ModernConnection>>>>,
    /// When a probe last found that the upstream is legacy: "a stale legacy verdict never
    /// corrects itself", so it expires.
    found_legacy: Mutex<Option<Instant>>,
}

impl ModernSide {
    pub(crate) fn new(upstream: Arc<Upstream>) -> Self {
        Self { upstream, cell: Mutex::default(), found_legacy: Mutex::new(None) }
    }

    /// Answers a message of a modern client.
    pub(crate) async fn answer(
        &self,
        connection: &ModernConnection,
        message: Message,
        forwarded: &ForwardedHeaders,
    ) -> Result<Reply, Fault> {
        match message.kind() {
            Kind::Request => self.request(connection, message, forwarded).await,
            _ => self.send(connection, message, forwarded).await,
        }
    }

    async fn request(
        &self,
        connection: &ModernConnection,
        request: Message,
        forwarded: &ForwardedHeaders,
    ) -> Result<Reply, Fault> {
        let timeout = self.upstream.runtime.limits.call_timeout;
        let method = request.method().unwrap_or_default();
        let is_endless = Method::parse(&method) == Method::SubscriptionsListen;
        drop(method);
        let asking = tokio::time::timeout(timeout, connection.request(request, forwarded));
        match asking.await.unwrap_or_else(|_| Err(timed_out(timeout)))? {
            // A subscription is silent for as long as nothing changes.
            Reply::Stream(parts) if !is_endless => Ok(Reply::Stream(watched(parts, timeout))),
            reply => Ok(reply),
        }
    }

    async fn send(
        &self,
        connection: &ModernConnection,
        message: Message,
        forwarded: &ForwardedHeaders,
    ) -> Result<Reply, Fault> {
        let timeout = self.upstream.runtime.limits.call_timeout;
        let sent = tokio::time::timeout(timeout, connection.send(message, forwarded)).await;
        sent.unwrap_or_else(|_| Err(timed_out(timeout))).map(|()| Reply::None)
    }

    /// The open connection of an upstream that must be modern.
    pub(crate) async fn required(&self) -> Result<ModernConnection, Fault> {
        let legacy = || {
            let error = codes::era_mismatch(Revision::LATEST_LEGACY.as_str(), Era::Modern);
            Fault::upstream(error)
        };
        self.connection().await?.ok_or_else(legacy)
    }

    /// The open connection; `None` when the upstream is legacy.
    pub(crate) async fn connection(&self) -> Result<Option<ModernConnection>, Fault> {
        let is_known = self.found_legacy.lock().is_some_and(|it| it.elapsed() < VERDICT_TTL);
        if is_known {
            return Ok(None);
        }
        let cell = {
            let mut cell = self.cell.lock();
            if cell.get().is_some_and(|it| it.as_ref().is_none_or(|it| !it.is_open())) {
                *cell = Arc::default();
            }
            Arc::clone(&cell)
        };
        cell.get_or_try_init(|| Box::pin(self.open())).await.cloned()
    }

    async fn open(&self) -> Result<Option<ModernConnection>, Fault> {
        match probe_modern(&self.upstream.target, &self.upstream.runtime).await? {
            EraFound::Modern(connection) => {
                eyot_metrics::upstreams_opened("modern");
                Ok(Some(connection))
            }
            EraFound::Legacy => {
                *self.found_legacy.lock() = Some(Instant::now());
                Ok(None)
            }
        }
    }
}

/// The messages, each within its deadline. Dropping them cancels the call.
fn watched(parts: Messages, timeout: Duration) -> Messages {
    Messages::new(stream::unfold(Some(parts), move |parts| async move {
        let mut parts = parts?;
        match tokio::time::timeout(timeout, parts.next()).await {
            Ok(part) => {
                let part: Result<Part, Fault> = part?;
                Some((part, Some(parts)))
            }
            Err(_elapsed) => Some((Err(timed_out(timeout)), None)),
        }
    }))
}

/// How long a legacy verdict holds.
const VERDICT_TTL: Duration = Duration::from_secs(60);
