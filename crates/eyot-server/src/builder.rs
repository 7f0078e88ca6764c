//! Puts a server together.

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
    /// How long clients may cache lists, in milliseconds, and who may share the copy.
    list_cache: (u64, CacheScope),
    has_resource_subscriptions: bool,
    has_logging: bool,
    tasks: TaskOptions,
    /// Every bound: the setters of single bounds write into it.
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

    /// The website where people learn more.
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

    /// Calls `handler` for every notification of a client: in the order of arrival, and before
    /// anything later from that client is handled. The handler must be quick.
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

    /// Which clients are answered. The default is both eras.
    pub fn eras(mut self, eras: Eras) -> Self {
        self.eras = eras;
        self
    }

    /// How many things one page of a list holds, at least 1. The default is 250.
    pub fn page_size(mut self, page_size: usize) -> Self {
        self.page_size = page_size.max(1);
        self
    }

    /// How long modern clients may cache lists and the discovery, and who may share the copy. The
    /// default is not to cache. A change of a list ends the time early for clients that listen.
    pub fn list_cache(mut self, ttl: Duration, scope: CacheScope) -> Self {
        self.list_cache = (u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX), scope);
        self
    }

    /// The keys that seal states and cursors. The default is a random key: after a restart, or in
    /// another process, the server then refuses what it sealed before.
    pub fn keys(mut self, keys: SealKeys) -> Self {
        self.keys = keys;
        self
    }

    /// How long a modern client may take for a round; a parked handler is dropped after that. The
    /// default is ten minutes.
    pub fn round_timeout(mut self, timeout: Duration) -> Self {
        self.limits.calls.round_timeout = timeout;
        self
    }

    /// How many calls may be parked at once. One principal may have its part of them
    /// ([`Limits::principal_parts`]). The default is 1,024.
    pub fn parked_max(mut self, in_all: usize) -> Self {
        self.limits.memory.parked_calls_max = in_all;
        self
    }

    /// How long tasks are kept from their creation on; work that takes longer is ended. The default
    /// is an hour. A tool can set its own ([`ServerTool::task_ttl`]).
    pub fn task_ttl(mut self, ttl: Duration) -> Self {
        self.limits.memory.task_ttl = ttl;
        self
    }

    /// How long clients should wait before they ask for a task again. The default is a second.
    pub fn task_poll_interval(mut self, interval: Duration) -> Self {
        self.tasks.poll_interval = interval;
        self
    }

    /// How long a call that may become a task runs before it does. A call that is done by then, or
    /// asks for another round by then, is answered as an ordinary one. The default is 100
    /// milliseconds.
    pub fn task_patience(mut self, patience: Duration) -> Self {
        self.tasks.patience = patience;
        self
    }

    /// How many tasks may be kept at once, done or not. One principal may have its part of them
    /// ([`Limits::principal_parts`]). The default is 10,000.
    pub fn tasks_max(mut self, in_all: usize) -> Self {
        self.limits.memory.tasks_max = in_all;
        self
    }

    /// How many bytes the results of all tasks together may take. When they are used up, a task
    /// that would be done fails instead, because its result cannot be kept. The default is 64 MiB.
    pub fn task_results_max(mut self, bytes: usize) -> Self {
        self.limits.memory.task_results_bytes_max = bytes;
        self
    }

    /// One principal may have this part of what all may have together: with 4, the default, a
    /// quarter; with 1 all. Clients without a name are one principal.
    pub fn principal_parts(mut self, parts: usize) -> Self {
        self.limits.principal_parts = parts;
        self
    }

    /// Every bound at once. This replaces what the setters of single bounds have set before.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The signal that tells the server to end; keep a clone of it.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Puts a tower layer around the whole server: the layer sees every call of every client. The
    /// first layer is the outermost.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxService> + Send + Sync + 'static,
        L::Service: McpService,
    {
        self.layers = self.layers.with(ServiceLayer::new(layer));
        self
    }

    /// Builds the server.
    ///
    /// # Errors
    ///
    /// [`BuildError`] with every problem at once: names that are taken or impossible, schemas that
    /// cannot be used.
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
            tasks: Tasks::new(self.tasks, &limits),
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

/// The registered things, and what is wrong with them.
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

/// The reason why a handler may not take the name of a method of the protocol.
fn protocol_method(name: &str) -> Option<String> {
    let is_known = !matches!(Method::parse(name), Method::Other(_));
    is_known.then(|| format!("method `{name}` belongs to the protocol"))
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("info", &self.info).finish_non_exhaustive()
    }
}

/// How many things one page of a list holds by default.
const PAGE_SIZE: usize = 250;
