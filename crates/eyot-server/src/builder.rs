//! How a server is put together.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyot_endpoint::DetachedCalls;
use eyot_jsonrpc::Message;
use eyot_service::{BoxService, Limits, McpService, Peer, ServiceLayer, Shutdown};
use eyot_stdx::SealKeys;
use eyot_types::{CacheScope, Icon, Implementation, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::task::TaskTracker;
use tower::Layer;

use crate::build_error::BuildError;
use crate::call::calls::Calls;
use crate::call::context::CallContext;
use crate::changes::Changes;
use crate::define::prompt::ServerPrompt;
use crate::define::resource::{ServerResource, ServerTemplate};
use crate::define::tool::ServerTool;
use crate::failure::HandlerError;
use crate::identity::Identity;
use crate::parked::ParkedCalls;
use crate::parts::ServerParts;
use crate::registry::Registry;
use crate::registry::catalog::Catalog;
use crate::registry::custom::{CustomMethod, NotificationHandler};
use crate::registry::eras::Eras;
use crate::registry::prompt::RegisteredPrompt;
use crate::registry::resource::{RegisteredResource, RegisteredTemplate};
use crate::registry::tool::RegisteredTool;
use crate::server::Server;
use crate::service::HandlerService;
use crate::tasks::{TaskOptions, Tasks};

/// Puts a server together; see [`Server::builder`].
#[must_use]
pub struct ServerBuilder {
    info: Implementation,
    instructions: Option<String>,
    tools: Vec<ServerTool>,
    prompts: Vec<ServerPrompt>,
    resources: Vec<ServerResource>,
    templates: Vec<ServerTemplate>,
    methods: HashMap<String, CustomMethod<CallContext>>,
    on_notification: Option<NotificationHandler>,
    layers: ServiceLayer,
    eras: Eras,
    keys: SealKeys,
    page_size: usize,
    /// How long lists may be cached, in milliseconds, and by whom.
    list_cache: (u64, CacheScope),
    has_resource_subscriptions: bool,
    has_logging: bool,
    tasks: TaskOptions,
    /// Every bound: the setters of single ones write into it.
    limits: Limits,
    shutdown: Shutdown,
}

impl ServerBuilder {
    pub(crate) fn new(info: Implementation) -> Self {
        Self {
            info,
            instructions: None,
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            methods: HashMap::new(),
            on_notification: None,
            layers: ServiceLayer::default(),
            eras: Eras::Both,
            keys: SealKeys::random(),
            page_size: PAGE_SIZE,
            list_cache: (0, CacheScope::Private),
            has_resource_subscriptions: false,
            has_logging: false,
            tasks: TaskOptions::default(),
            limits: Limits::default(),
            shutdown: Shutdown::new(),
        }
    }

    /// The name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = Some(title.into());
        self
    }

    /// Where people learn more.
    pub fn website(mut self, url: impl Into<String>) -> Self {
        self.info.website_url = Some(url.into());
        self
    }

    /// An icon; the first is the preferred one.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.info.icons.get_or_insert_default().push(icon);
        self
    }

    /// How a model should use the server.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// A tool; see [`tool`](crate::tool()).
    pub fn tool(mut self, tool: ServerTool) -> Self {
        self.tools.push(tool);
        self
    }

    /// A prompt; see [`prompt`](crate::prompt()).
    pub fn prompt(mut self, prompt: ServerPrompt) -> Self {
        self.prompts.push(prompt);
        self
    }

    /// A resource; see [`resource`](crate::resource()).
    pub fn resource(mut self, resource: ServerResource) -> Self {
        self.resources.push(resource);
        self
    }

    /// A template of resources; see [`resource_template`](crate::resource_template).
    pub fn resource_template(mut self, template: ServerTemplate) -> Self {
        self.templates.push(template);
        self
    }

    /// A method that no revision knows, in both eras. Its result is an object.
    pub fn method<P, F, Fut, R, E>(mut self, name: impl Into<String>, handler: F) -> Self
    where
        P: DeserializeOwned + Send + 'static,
        F: Fn(P, CallContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize,
        E: Into<HandlerError>,
    {
        self.methods.insert(name.into(), CustomMethod::new(handler));
        self
    }

    /// Hears every notification of clients. Called in the order of their arrival, before anything
    /// later of the same client; must be quick.
    pub fn on_notification(
        mut self,
        handler: impl Fn(&Message, &Peer) + Send + Sync + 'static,
    ) -> Self {
        self.on_notification = Some(Box::new(handler));
        self
    }

    /// Declares that handlers log to their clients ([`CallContext::log`]).
    pub fn logging(mut self) -> Self {
        self.has_logging = true;
        self
    }

    /// Declares that clients are told when single resources change
    /// ([`Server::notify_resource_updated`]).
    pub fn resource_subscriptions(mut self) -> Self {
        self.has_resource_subscriptions = true;
        self
    }

    /// Which clients are answered. Both eras unless told otherwise.
    pub fn eras(mut self, eras: Eras) -> Self {
        self.eras = eras;
        self
    }

    /// Things on one page of a list; 250 unless told otherwise, at least 1.
    pub fn page_size(mut self, page_size: usize) -> Self {
        self.page_size = page_size.max(1);
        self
    }

    /// How long modern clients may keep lists and the discovery, and for whom. Not at all unless
    /// told otherwise; a change of a list ends it early for those who listen.
    pub fn list_cache(mut self, ttl: Duration, scope: CacheScope) -> Self {
        self.list_cache = (u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX), scope);
        self
    }

    /// The keys that seal states and cursors. A random one unless given: then what clients bring
    /// back after a restart, or to another process, is refused.
    pub fn keys(mut self, keys: SealKeys) -> Self {
        self.keys = keys;
        self
    }

    /// How long a modern client may take for a round; ten minutes unless told otherwise. A
    /// parked handler is dropped after that.
    pub fn round_timeout(mut self, timeout: Duration) -> Self {
        self.limits.calls.round_timeout = timeout;
        self
    }

    /// Calls that may be parked at once: in all, and for one principal. 1,024 and 256 unless
    /// told otherwise.
    pub fn parked_max(mut self, in_all: usize, per_principal: usize) -> Self {
        self.limits.memory.parked_calls_max = in_all;
        self.limits.memory.parked_calls_per_principal_max = per_principal;
        self
    }

    /// How long tasks are kept, from their creation on; an hour unless told otherwise. Work that
    /// takes longer is ended. Tools can say it for themselves ([`ServerTool::task_ttl`]).
    pub fn task_ttl(mut self, ttl: Duration) -> Self {
        self.limits.memory.task_ttl = ttl;
        self
    }

    /// How long clients should wait before they ask for a task again; a second unless told
    /// otherwise.
    pub fn task_poll_interval(mut self, interval: Duration) -> Self {
        self.tasks.poll_interval = interval;
        self
    }

    /// How long a call that may become a task runs before it does: what is done by then, or asks
    /// for another round, is answered as ever. 100 milliseconds unless told otherwise.
    pub fn task_patience(mut self, patience: Duration) -> Self {
        self.tasks.patience = patience;
        self
    }

    /// Tasks that may be kept at once, done or not: in all, and for one principal. 10,000 and
    /// 1,000 unless told otherwise.
    pub fn tasks_max(mut self, in_all: usize, per_principal: usize) -> Self {
        self.limits.memory.tasks_max = in_all;
        self.limits.memory.tasks_per_principal_max = per_principal;
        self
    }

    /// Bytes that the results of all tasks together may take; 64 MiB unless told otherwise. When
    /// they are used up, a task that is done fails instead: its result would have nowhere to be.
    pub fn task_results_max(mut self, bytes: usize) -> Self {
        self.limits.memory.task_results_bytes_max = bytes;
        self
    }

    /// Every bound at once, also those that have a setter of their own here: what was set before
    /// is replaced.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Tells the server to end; keep a clone.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Puts a tower layer around the whole server: it sees every call of every client. The first
    /// is the outermost.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxService> + Send + Sync + 'static,
        L::Service: McpService,
    {
        self.layers = self.layers.with(ServiceLayer::new(layer));
        self
    }

    /// The server.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once: names that are taken or impossible, schemas that cannot
    /// be used.
    pub fn build(self) -> Result<Server, BuildError> {
        let Self { eras, limits, shutdown, .. } = self;
        let mut offered = Offered::default();
        self.tools.into_iter().for_each(|it| offered.tool(it, eras));
        self.prompts.into_iter().for_each(|it| offered.prompt(it));
        self.resources.into_iter().for_each(|it| offered.resource(it));
        self.templates.into_iter().for_each(|it| offered.template(it));
        offered.problems.extend(self.methods.keys().filter_map(|it| protocol_method(it)));
        let Offered { tools, prompts, resources, templates, problems } = offered;
        if !problems.is_empty() {
            return Err(BuildError { problems });
        }
        let keys = Arc::new(self.keys);
        let identity = Arc::new(Identity::new(self.info));
        let registry = Registry {
            instructions: self.instructions,
            tools,
            prompts,
            resources,
            templates,
            methods: self.methods,
            on_notification: self.on_notification,
            eras,
            page_size: self.page_size,
            list_cache: self.list_cache,
            has_resource_subscriptions: self.has_resource_subscriptions,
            has_logging: self.has_logging,
            keys: Arc::clone(&keys),
        };
        let parts = Arc::new(ServerParts {
            registry,
            calls: Calls::new(keys, &limits),
            parked: Arc::new(ParkedCalls::new(&limits)),
            changes: Changes::new(Arc::clone(&identity), shutdown.clone()),
            tasks: Tasks::new(self.tasks, limits.memory),
            detached: DetachedCalls::new(TaskTracker::new(), shutdown.finished().clone()),
            identity,
            limits,
            shutdown,
            service: Default::default(),
        });
        let innermost = BoxService::of_boxed(HandlerService(Arc::clone(&parts)));
        let service = self.layers.around(innermost);
        Ok(Server::assemble(parts, service))
    }
}

/// What was registered, and what is wrong with it.
#[derive(Default)]
struct Offered {
    tools: Catalog<RegisteredTool<CallContext>>,
    prompts: Catalog<RegisteredPrompt<CallContext>>,
    resources: Catalog<RegisteredResource<CallContext>>,
    templates: Catalog<RegisteredTemplate<CallContext>>,
    problems: Vec<String>,
}

impl Offered {
    fn tool(&mut self, tool: ServerTool, eras: Eras) {
        let name = tool.definition().name.clone();
        self.note_twice("tool", &name, self.tools.get(&name).is_some());
        match tool.register(eras) {
            Ok(tool) => self.tools.insert(&name, tool),
            Err(problem) => self.problems.push(problem),
        }
    }

    fn prompt(&mut self, prompt: ServerPrompt) {
        let name = prompt.definition().name.clone();
        self.note_twice("prompt", &name, self.prompts.get(&name).is_some());
        self.prompts.insert(&name, prompt.register());
    }

    fn resource(&mut self, resource: ServerResource) {
        let uri = resource.uri().to_owned();
        self.note_twice("resource", &uri, self.resources.get(&uri).is_some());
        self.resources.insert(&uri, resource.register());
    }

    fn template(&mut self, template: ServerTemplate) {
        let uri = template.uri_template().to_owned();
        self.note_twice("template", &uri, self.templates.get(&uri).is_some());
        match template.register() {
            Ok(template) => self.templates.insert(&uri, template),
            Err(problem) => self.problems.push(problem),
        }
    }

    fn note_twice(&mut self, kind: &str, name: &str, is_taken: bool) {
        if is_taken {
            self.problems.push(format!("{kind} `{name}` is there twice"));
        }
    }
}

/// The protocol's own methods cannot be replaced.
fn protocol_method(name: &str) -> Option<String> {
    let is_known = !matches!(Method::parse(name), Method::Other(_));
    is_known.then(|| format!("method `{name}` belongs to the protocol"))
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Things on one page.
const PAGE_SIZE: usize = 250;
