//! Putting a client together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::detect::{EraMode, EraStep, KnownEra};
use eyot_jsonrpc::{ErrorObject, Message};
use eyot_service::{BoxService, Limits, McpService, ServiceLayer};
use eyot_stdx::Secret;
use eyot_types::{
    ClientCapabilities, CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, Icon,
    Implementation, JsonObject, ListRootsResult, LoggingMessageParams, Revision,
};
use eyot_upstream::{IntoTarget, Runtime, TokenProvider};
use http::header::AUTHORIZATION;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_layer::Layer;

use crate::client::Client;
use crate::config::{Config, Heartbeat};
use crate::driver::Driver;
use crate::error::ClientError;
use crate::handlers::ListKind;
use crate::open::Opener;
use crate::open_client::OpenClient;
use crate::state::Shared;

/// Puts a client together; see [`Client::builder`].
#[must_use = "a builder does nothing until it connects"]
pub struct ClientBuilder {
    config: Config,
    headers: Vec<(String, Secret<String>)>,
    tokens: Option<Arc<dyn TokenProvider>>,
    runtime: Option<Runtime>,
    layers: ServiceLayer,
}

impl ClientBuilder {
    pub(crate) fn new(info: Implementation) -> Self {
        Self {
            config: Config::new(info),
            headers: Vec::new(),
            tokens: None,
            runtime: None,
            layers: ServiceLayer::default(),
        }
    }

    /// The client's name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.config.info.title = Some(title.into());
        self
    }

    /// The client's pictures.
    pub fn icons(mut self, icons: Vec<Icon>) -> Self {
        self.config.info.icons = Some(icons);
        self
    }

    /// Where to read more about the client.
    pub fn website_url(mut self, url: impl Into<String>) -> Self {
        self.config.info.website_url = Some(url.into());
        self
    }

    /// Which era the client speaks; the server's, unless this says otherwise.
    pub fn era(mut self, era: EraMode) -> Self {
        self.config.era = era;
        self
    }

    /// The era of the server as an earlier client found it, so that the server is not asked again;
    /// see [`Client::known_era`].
    pub fn prior(mut self, known: KnownEra) -> Self {
        self.config.prior = Some(known);
        self
    }

    /// The legacy revision that is asked for; the server may answer with another. A modern one
    /// says nothing here.
    pub fn revision(mut self, revision: Revision) -> Self {
        if revision <= Revision::LATEST_LEGACY {
            self.config.revision = revision;
        }
        self
    }

    /// A header for every HTTP request, beside those of the target. Those of the protocol itself
    /// cannot be replaced. One that cannot be sent is refused when the client connects.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), Secret::new(value.to_owned())));
        self
    }

    /// A fixed access token for every HTTP request.
    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// Gives every HTTP request its access token, in the place of the target's own provider.
    pub fn tokens(mut self, tokens: impl TokenProvider + 'static) -> Self {
        self.tokens = Some(Arc::new(tokens));
        self
    }

    /// Puts a tower layer before the connection: it sees all that the client sends and what comes
    /// back for it, `initialize` as well. The first layer is the outermost.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxService, Service: McpService> + Send + Sync + 'static,
    {
        self.layers = self.layers.with(ServiceLayer::new(layer));
        self
    }

    /// Silence of the server after which a call fails; 60 seconds if this is not said. Every
    /// message of the call starts it anew.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// The longest that a call may take, progress or not; ten minutes if this is not said.
    pub fn max_total(mut self, max_total: Duration) -> Self {
        self.config.max_total = max_total;
        self
    }

    /// How a silent session is checked; `None`: not at all. Modern servers at a URL have no
    /// session and are never checked.
    pub fn heartbeat(mut self, heartbeat: impl Into<Option<Heartbeat>>) -> Self {
        self.config.heartbeat = heartbeat.into();
        self
    }

    /// Rounds of one call, questions of a modern server included; 16 if this is not said.
    pub fn rounds_max(mut self, rounds_max: u32) -> Self {
        self.config.limits.calls.rounds_max = rounds_max;
        self
    }

    /// Results that are cached for as long as a modern server allows; 256 if this is not said,
    /// and none for zero.
    pub fn cache_entries_max(mut self, entries_max: usize) -> Self {
        self.config.limits.memory.cache_entries_max = entries_max;
        self
    }

    /// Every bound at once, also those that have a setter of their own here: what was set before
    /// is replaced.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.timeout = limits.calls.timeout;
        self.config.limits = limits;
        self
    }

    /// Where the client's one task lives, and what ends it; a place of its own if this is not
    /// said. The limits are the client's.
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Answers `elicitation/create`: asks the user. Declares the capability.
    pub fn on_elicit<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(ElicitParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.config.handlers.elicit = Some(Arc::new(move |params| Box::pin(handler(params))));
        self
    }

    /// Declares that users can be sent to web pages as well; [`on_elicit`](Self::on_elicit) gets
    /// those questions, too.
    pub fn elicit_urls(mut self) -> Self {
        self.config.handlers.has_url_mode = true;
        self
    }

    /// Answers `sampling/createMessage`: asks the model. Declares the capability.
    pub fn on_sample<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(CreateMessageParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<CreateMessageResult, ErrorObject>> + Send + 'static,
    {
        self.config.handlers.sample = Some(Arc::new(move |params| Box::pin(handler(params))));
        self
    }

    /// Declares that the model can be offered tools; [`on_sample`](Self::on_sample) gets them.
    pub fn sample_tools(mut self) -> Self {
        self.config.handlers.has_sampling_tools = true;
        self
    }

    /// Answers `roots/list`: names the directories to work in. Declares the capability.
    pub fn on_roots<F, A>(mut self, handler: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<ListRootsResult, ErrorObject>> + Send + 'static,
    {
        self.config.handlers.roots = Some(Arc::new(move |()| Box::pin(handler())));
        self
    }

    /// Declares an extension.
    pub fn extension(mut self, name: &str, settings: JsonObject) -> Self {
        let declared: &mut ClientCapabilities = &mut self.config.handlers.declared;
        *declared = std::mem::take(declared).with_extension(name, settings);
        self
    }

    /// Listens to every notification of the server but progress, in order. Keep it short: nothing
    /// more is read meanwhile.
    pub fn on_notification(mut self, listener: impl Fn(Message) + Send + Sync + 'static) -> Self {
        self.config.handlers.notification = Some(Arc::new(listener));
        self
    }

    /// Listens to the server's log messages.
    pub fn on_log(
        mut self,
        listener: impl Fn(LoggingMessageParams) + Send + Sync + 'static,
    ) -> Self {
        self.config.handlers.log = Some(Arc::new(listener));
        self
    }

    /// Listens to changes of lists; a modern server is asked to tell them.
    pub fn on_list_changed(mut self, listener: impl Fn(ListKind) + Send + Sync + 'static) -> Self {
        self.config.handlers.list_changed = Some(Arc::new(listener));
        self
    }

    /// Listens to changes of resources, by URI; see [`Client::subscribe`].
    pub fn on_resource_updated(
        mut self,
        listener: impl Fn(String) + Send + Sync + 'static,
    ) -> Self {
        self.config.handlers.resource_updated = Some(Arc::new(listener));
        self
    }

    /// Listens to how the era of the server is found, question by question: also when none is
    /// found, and whenever the server is asked anew.
    pub fn on_era_step(mut self, listener: impl Fn(EraStep) + Send + Sync + 'static) -> Self {
        self.config.handlers.era_step = Some(Arc::new(listener));
        self
    }

    /// Connects: finds the era, and opens the session if the era has such a thing.
    ///
    /// The target is a URL as text, a program to start, a server of this process, or any other
    /// [`Target`](eyot_upstream::Target).
    ///
    /// A legacy server over stdio is started twice, the first time to ask for its era, unless
    /// [`era`](Self::era) or [`prior`](Self::prior) says it.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; its [`Target`](ClientError::Target) when the target or a header cannot be
    /// used. Nothing is tried twice here.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends what was started.
    pub async fn connect(self, target: impl IntoTarget) -> Result<Client, ClientError> {
        // What connects is large, and the future of a client's user would be as large.
        Box::pin(self.connect_at_once(target)).await
    }

    async fn connect_at_once(self, target: impl IntoTarget) -> Result<Client, ClientError> {
        let limits = self.config.limits;
        let mut target = target.into_target(limits)?;
        for (name, value) in &self.headers {
            target = target.with_header(name, value.expose())?;
        }
        if let Some(tokens) = self.tokens {
            target = target.with_tokens(tokens);
        }
        let own = self.runtime.unwrap_or_else(|| {
            Runtime::new(TaskTracker::new(), CancellationToken::new(), Arc::new(limits))
        });
        let stop = own.shutdown.child_token();
        let runtime = Runtime {
            tasks: own.tasks,
            shutdown: stop.clone(),
            limits: Arc::new(limits),
            totals: own.totals,
            children: own.children,
            layers: own.layers.with(self.layers),
        };
        let (shared, orders) = Shared::new(self.config, target);
        let guard = stop.clone().drop_guard();
        let opener = Arc::new(Opener { shared: Arc::clone(&shared), runtime: runtime.clone() });
        let opened = Box::pin(opener.open(1)).await?;
        let facts = opened.session.facts.clone();
        let mut own_driver = Driver::new(Arc::clone(&shared), opener, orders, stop);
        let live = own_driver.enter(opened);
        eyot_upstream::spawn(&runtime, own_driver.run(live));
        Ok(Client::new(OpenClient::new(shared, facts, guard)))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
