//! The modern server as all sessions before it know it: what it says of itself, its tools, and how
//! it is asked.

use std::sync::Arc;

use eyot_era::ToolFact;
use eyot_era::detect::{self, ERA_TTL};
use eyot_era::legacy_to_modern::ClientMeta;
use eyot_jsonrpc::{Request, Response};
use eyot_service::{Fault, FaultKind, Limits};
use eyot_types::codes::{self, Outcome};
use eyot_types::{DiscoverResult, Method, PaginatedParams};
use eyot_upstream::{KnownTools, ModernConnection, ModernSide, Sender, Upstream};
use parking_lot::Mutex;
use tokio::time::Instant;

/// One modern server.
#[derive(Debug)]
pub(crate) struct ModernUpstream {
    upstream: Arc<Upstream>,
    modern: Arc<ModernSide>,
    discovered: Mutex<Option<(Instant, Arc<DiscoverResult>)>>,
    /// Every session is told of the same tools: the server knows Eyot alone.
    pub(crate) tools: KnownTools,
}

impl ModernUpstream {
    /// The server, which is asked through its modern side.
    pub(crate) fn new(upstream: Arc<Upstream>, modern: Arc<ModernSide>) -> Self {
        let tools = KnownTools::new(upstream.target.has_headers(), &upstream.runtime.limits);
        Self { upstream, modern, discovered: Mutex::new(None), tools }
    }

    /// The limits of the process.
    pub(crate) fn limits(&self) -> &Limits {
        &self.upstream.runtime.limits
    }

    /// What is known of the server in both eras.
    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// The connection, opened now if there is none.
    ///
    /// # Errors
    /// The server is not modern, or cannot be reached.
    pub(crate) async fn connection(&self) -> Result<ModernConnection, Fault> {
        self.modern.required().await
    }

    /// What the upstream says of itself, asked anew when it was long ago.
    pub(crate) async fn discover(&self) -> Result<Arc<DiscoverResult>, Fault> {
        let known = self.discovered.lock().clone();
        if let Some((_, known)) = known.filter(|(asked, _)| asked.elapsed() < ERA_TTL) {
            return Ok(known);
        }
        let answer = self.ask(detect::discover(&detect::proxy_meta())).await?;
        let result = eyot_types::read::<DiscoverResult>(answer.result().unwrap_or("null"));
        let result = result.map_err(|error| {
            let said = answer.decode_error().map_or_else(|_| error.to_string(), |it| it.message);
            let reason = format!("upstream did not say what it is: {said}");
            Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true))
        })?;
        let result = Arc::new(result);
        *self.discovered.lock() = Some((Instant::now(), Arc::clone(&result)));
        Ok(result)
    }

    /// What the upstream says of itself, however long ago it did.
    pub(crate) async fn discovered(&self) -> Result<Arc<DiscoverResult>, Fault> {
        match self.known() {
            Some(known) => Ok(known),
            None => self.discover().await,
        }
    }

    /// What the upstream has said of itself, if it has been asked.
    pub(crate) fn known(&self) -> Option<Arc<DiscoverResult>> {
        self.discovered.lock().as_ref().map(|(_, known)| Arc::clone(known))
    }

    /// Asks something of our own that has one answer.
    pub(crate) async fn ask(&self, request: Request) -> Result<Response, Fault> {
        let timeout = self.limits().calls.timeout;
        let asking = async {
            let connection = self.modern.required().await?;
            let sender = Sender::ourselves();
            let reply = self.modern.request(&connection, request, &sender).await?;
            reply.answer(drop).await
        };
        let asked = tokio::time::timeout(timeout, asking).await;
        asked.unwrap_or_else(|_elapsed| Err(Fault::timed_out(timeout))).map_err(upstreams_fault)
    }

    /// What must be known of a tool before it is called; `None` when the upstream does not list it.
    pub(crate) async fn tool(&self, name: &str, client: &ClientMeta) -> Option<Arc<ToolFact>> {
        self.tools.look_up_if_possible(None, name, |page| self.ask_page(client, page)).await
    }

    /// Lists the upstream's tools anew. Should that fail, calls go with what was known before.
    pub(crate) async fn list_tools(&self, client: &ClientMeta) {
        if let Err(fault) = self.tools.list(None, |page| self.ask_page(client, page)).await {
            tracing::debug!(%fault, "tools were not listed");
        }
    }

    async fn ask_page(
        &self,
        client: &ClientMeta,
        page: PaginatedParams,
    ) -> Result<Response, Fault> {
        let bare = Request::unnumbered(Method::ToolsList.as_str(), &page);
        self.ask(client.request(&bare, None)).await
    }
}

/// The upstream's refusal of what we made of a request is not the client's fault.
pub(crate) fn upstreams_fault(mut fault: Fault) -> Fault {
    if matches!(fault.kind, FaultKind::Refused | FaultKind::SessionGone) {
        fault.kind = FaultKind::Upstream;
    }
    fault
}
