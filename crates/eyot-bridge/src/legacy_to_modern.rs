//! Legacy clients before a modern server: what all their sessions share.

mod call;
mod feed;
mod listening;
mod pending;
mod session;
mod tasks;
mod tools;

use std::sync::Arc;

use eyot_era::detect::{self, ERA_TTL};
use eyot_era::legacy_to_modern::{self, ClientMeta};
use eyot_era::revision::Losses;
use eyot_jsonrpc::{Request, Response};
use eyot_service::{BoxService, Fault, FaultKind, Peer, Reply, SessionHandle};
use eyot_session::{SessionState, UpstreamName, UpstreamRef};
use eyot_types::codes::{self, Outcome};
use eyot_types::{
    DiscoverResult, Era, Implementation, InitializeResult, ListToolsResult, Method,
    PaginatedParams, Revision,
};
use eyot_upstream::{ModernSide, Sender, Upstream, initialize};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::time::Instant;

use self::session::Bridged;
use self::tasks::KnownTasks;
use self::tools::{KnownTool, Tools};
use crate::losses::count_losses;

/// The upstream as the bridge knows it.
#[derive(Debug)]
pub struct ToModern {
    upstream: Arc<Upstream>,
    modern: Arc<ModernSide>,
    discovered: Mutex<Option<(Instant, Arc<DiscoverResult>)>>,
    tools: Tools,
    known_tasks: Arc<KnownTasks>,
}

impl ToModern {
    /// The bridge to an upstream, which is asked through its modern side.
    #[must_use]
    pub fn new(upstream: Arc<Upstream>, modern: Arc<ModernSide>) -> Self {
        let is_http = upstream.target.has_headers();
        let known_tasks = KnownTasks::new(&upstream.runtime.limits);
        let tools = Tools::new(is_http);
        Self { upstream, modern, discovered: Mutex::new(None), tools, known_tasks }
    }

    /// Whether the upstream is known to speak the modern era alone.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.upstream.era.lacks(Era::Legacy)
    }

    /// Finds out whether the upstream, which has just refused `initialize`, is modern.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends a probing child.
    pub async fn probe(&self) -> bool {
        self.upstream.era.invalidate(Era::Legacy);
        let is_modern = self.modern.required().await.is_ok();
        if is_modern {
            self.upstream.era.find_only(Era::Modern);
        }
        is_modern
    }

    /// Answers `initialize` with what the upstream says of itself.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the client says nothing that can be understood, or the upstream does not
    /// answer.
    ///
    /// # Cancel safety
    ///
    /// The session is joined with nothing.
    pub async fn initialize(
        self: Arc<Self>,
        context: &SessionHandle,
        request: Request,
    ) -> Result<Reply, Fault> {
        let revision = Revision::negotiate(&initialize::requested_revision(&request));
        let params = request.params().unwrap_or("{}");
        let (client, losses) = ClientMeta::of_initialize(revision, params)
            .map_err(|error| Fault::refused(codes::invalid_params(&error.to_string())))?;
        count_losses(&losses, Era::Legacy);
        let discovered = self.discover().await;
        // It may have become another: `initialize` is tried first the next time.
        let discovered = discovered.inspect_err(|_| self.upstream.era.invalidate(Era::Modern))?;
        let discovered = DiscoverResult::clone(&discovered);
        let (result, losses) = advertised(revision, discovered, context.principal().is_some());
        count_losses(&losses, Era::Modern);
        let upstream = UpstreamRef {
            target: Some(self.upstream.fingerprint.as_str().into()),
            revision: Some(Revision::MODERN.as_str().into()),
            generation: 1,
            is_modern: true,
            ..UpstreamRef::default()
        };
        context.edit(|state| state.upstreams.insert(UpstreamName::DEFAULT, upstream));
        let bridged = Bridged::opened(self, context.peer(), client);
        context.set_upstream(UpstreamName::DEFAULT, bridged.into_service());
        Ok(Reply::One(request.answer(&result)))
    }

    /// What answers the calls of a session that an earlier process has opened.
    #[must_use]
    pub fn stored(self: Arc<Self>, peer: Peer, state: SessionState) -> BoxService {
        Bridged::stored(self, peer, state).into_service()
    }

    /// What the upstream says of itself, asked anew when it was long ago.
    async fn discover(&self) -> Result<Arc<DiscoverResult>, Fault> {
        let known = self.discovered.lock().clone();
        if let Some((_, known)) = known.filter(|(asked, _)| asked.elapsed() < ERA_TTL) {
            return Ok(known);
        }
        let answer = self.ask(detect::discover(&detect::proxy_meta())).await?;
        let result = answer.decode_result::<DiscoverResult>().map_err(|error| {
            let said = answer.decode_error().map_or_else(|_| error.to_string(), |it| it.message);
            let reason = format!("upstream did not say what it is: {said}");
            Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true))
        })?;
        let result = Arc::new(result);
        *self.discovered.lock() = Some((Instant::now(), Arc::clone(&result)));
        Ok(result)
    }

    /// The same, however long ago it was.
    async fn discovered(&self) -> Result<Arc<DiscoverResult>, Fault> {
        let known = self.discovered.lock().clone();
        match known {
            Some((_, known)) => Ok(known),
            None => self.discover().await,
        }
    }

    /// Asks something of our own that has one answer.
    async fn ask(&self, request: Request) -> Result<Response, Fault> {
        let timeout = self.upstream.runtime.limits.calls.timeout;
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
    async fn tool(&self, name: &str, client: &ClientMeta) -> Option<Arc<KnownTool>> {
        if let Some(known) = self.tools.find(name) {
            return Some(known);
        }
        let turn = self.tools.turn().await;
        if self.tools.is_due() && self.tools.find(name).is_none() {
            self.list_tools(client).await;
        }
        drop(turn);
        self.tools.find(name)
    }

    /// The list of tools has changed, or may have.
    fn forget_tools(&self) {
        self.tools.forget();
    }

    /// Lists the upstream's tools anew. Should that fail, calls go without what it would have told.
    async fn list_tools(&self, client: &ClientMeta) {
        self.tools.begin();
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let mut page = PaginatedParams::default();
            page.cursor = cursor.take();
            let bare = Request::unnumbered(Method::ToolsList.as_str(), &page);
            let Some(request) = carried_request(client, &bare) else { return };
            let answer = match self.ask(request).await {
                Ok(answer) if !answer.is_error() => answer,
                Ok(_) => return,
                Err(fault) => return tracing::debug!(%fault, "tools were not listed"),
            };
            let Ok(mut page) = answer.decode_result::<ListToolsResult>() else { return };
            self.tools.learn(&mut page);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return;
            }
        }
    }
}

/// What a legacy client of this revision is told in the place of a modern server, and what is lost.
/// `has_list`: it can list its tasks, because it is known who it is.
pub(crate) fn advertised(
    revision: Revision,
    discovered: DiscoverResult,
    has_list: bool,
) -> (InitializeResult, Losses) {
    legacy_to_modern::initialize(
        revision,
        discovered,
        Implementation::new("unnamed", "0"),
        has_list,
    )
}

/// A request of our own on behalf of a client.
fn carried_request(client: &ClientMeta, bare: &Request) -> Option<Request> {
    let params = RawValue::from_string(client.params(bare, None).ok()?).ok()?;
    Some(Request::new(bare.id(), bare.method(), &params))
}

/// The upstream's refusal of what we made of a request is not the client's fault.
fn upstreams_fault(mut fault: Fault) -> Fault {
    if matches!(fault.kind, FaultKind::Refused | FaultKind::SessionGone) {
        fault.kind = FaultKind::Upstream;
    }
    fault
}

/// Pages of one list of tools that are read.
const PAGES_MAX: usize = 64;
