//! How a server is put together.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyot_endpoint::Keeper;
use eyot_jsonrpc::Message;
use eyot_service::{BoxService, Limits, McpService, Peer, Shutdown};
use eyot_stdx::SealKeys;
use eyot_types::{CacheScope, Icon, Implementation, Method, meta};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio_util::task::TaskTracker;
use tower::Layer;

use crate::app::{App, Options, question_prefix};
use crate::changes::log::ChangeLog;
use crate::parked::Parked;
use crate::registry::catalog::Catalog;
use crate::registry::custom::{CustomMethod, NotificationHandler};
use crate::rounds::required::ROUND_TIMEOUT;
use crate::service::Core;
use crate::tasks::{TaskOptions, Tasks};
use crate::{
    CallContext, HandlerError, Server, ServerPrompt, ServerResource, ServerTemplate, ServerTool,
};

/// Which clients a server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eras {
    /// Clients of both eras, by what they say.
    #[default]
    Both,
    /// Clients that open a session, up to 2025-11-25.
    Legacy,
    /// Clients without sessions, from 2026-07-28 on.
    Modern,
}

/// Puts a server together; see [`Server::builder`].
#[must_use]
pub struct ServerBuilder {
    info: Implementation,
    instructions: Option<String>,
    tools: Vec<ServerTool>,
    prompts: Vec<ServerPrompt>,
    resources: Vec<ServerResource>,
    templates: Vec<ServerTemplate>,
    methods: HashMap<String, CustomMethod>,
    on_notification: Option<NotificationHandler>,
    layers: Vec<Box<dyn FnOnce(BoxService) -> BoxService + Send>>,
    limits: Limits,
    options: Options,
    tasks: TaskOptions,
    has_logging: bool,
    shutdown: Shutdown,
}

/// Everything that is wrong with a server, at once.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("; "))]
pub struct BuildError {
    /// One text for each problem.
    pub problems: Vec<String>,
}

impl ServerBuilder {
    pub(crate) fn new(info: Implementation) -> Self {
        let options = Options {
            eras: Eras::Both,
            keys: SealKeys::random(),
            round_timeout: ROUND_TIMEOUT,
            parked_max: PARKED_MAX,
            parked_per_principal_max: PARKED_PER_PRINCIPAL_MAX,
            page_size: PAGE_SIZE,
            list_cache: (0, CacheScope::Private),
            has_resource_subscriptions: false,
        };
        Self {
            info,
            instructions: None,
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            methods: HashMap::new(),
            on_notification: None,
            layers: Vec::new(),
            limits: Limits::default(),
            options,
            tasks: TaskOptions::default(),
            has_logging: false,
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
        self.options.has_resource_subscriptions = true;
        self
    }

    /// Which clients are answered. Both eras unless told otherwise.
    pub fn eras(mut self, eras: Eras) -> Self {
        self.options.eras = eras;
        self
    }

    /// Things on one page of a list; 250 unless told otherwise, at least 1.
    pub fn page_size(mut self, page_size: usize) -> Self {
        self.options.page_size = page_size.max(1);
        self
    }

    /// How long modern clients may keep lists and the discovery, and for whom. Not at all unless
    /// told otherwise; a change of a list ends it early for those who listen.
    pub fn list_cache(mut self, ttl: Duration, scope: CacheScope) -> Self {
        self.options.list_cache = (u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX), scope);
        self
    }

    /// The keys that seal states and cursors. A random one unless given: then what clients bring
    /// back after a restart, or to another process, is refused.
    pub fn keys(mut self, keys: SealKeys) -> Self {
        self.options.keys = keys;
        self
    }

    /// How long a modern client may take for a round; ten minutes unless told otherwise. A
    /// parked handler is dropped after that.
    pub fn round_timeout(mut self, timeout: Duration) -> Self {
        self.options.round_timeout = timeout;
        self
    }

    /// Calls that may be parked at once: in all, and for one principal. 10,000 and 1,000 unless
    /// told otherwise.
    pub fn parked_max(mut self, in_all: usize, per_principal: usize) -> Self {
        self.options.parked_max = in_all;
        self.options.parked_per_principal_max = per_principal;
        self
    }

    /// How long tasks are kept, from their creation on; an hour unless told otherwise. Work that
    /// takes longer is ended. Tools can say it for themselves ([`ServerTool::task_ttl`]).
    pub fn task_ttl(mut self, ttl: Duration) -> Self {
        self.tasks.ttl = ttl;
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
        self.tasks.max = in_all;
        self.tasks.per_principal_max = per_principal;
        self
    }

    /// Bytes that the results of all tasks together may take; 256 MiB unless told otherwise. When
    /// they are used up, a task that is done fails instead: its result would have nowhere to be.
    pub fn task_results_max(mut self, bytes: usize) -> Self {
        self.tasks.result_bytes_max = bytes;
        self
    }

    /// Every other bound.
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
        L: Layer<BoxService> + Send + 'static,
        L::Service: McpService,
    {
        self.layers.push(Box::new(move |inner| BoxService::new(layer.layer(inner))));
        self
    }

    /// The server.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once: names that are taken or impossible, schemas that cannot
    /// be used.
    pub fn build(self) -> Result<Server, BuildError> {
        let mut problems = Vec::new();
        let (tools, prompts) = (Catalog::new(), Catalog::new());
        let (resources, templates) = (Catalog::new(), Catalog::new());
        let taken = |kind: &str, name: &str, is_taken: bool| {
            is_taken.then(|| format!("{kind} `{name}` is there twice"))
        };
        for tool in self.tools {
            let name = tool.definition().name.clone();
            problems.extend(taken("tool", &name, tools.get(&name).is_some()));
            match tool.register(self.options.eras) {
                Ok(tool) => tools.insert(&name, tool),
                Err(problem) => problems.push(problem),
            }
        }
        for prompt in self.prompts {
            let name = prompt.definition().name.clone();
            problems.extend(taken("prompt", &name, prompts.get(&name).is_some()));
            prompts.insert(&name, prompt);
        }
        for resource in self.resources {
            let uri = resource.definition.uri.clone();
            problems.extend(taken("resource", &uri, resources.get(&uri).is_some()));
            resources.insert(&uri, resource);
        }
        for template in self.templates {
            let uri = template.definition.uri_template.clone();
            problems.extend(taken("template", &uri, templates.get(&uri).is_some()));
            match template.register() {
                Ok(template) => templates.insert(&uri, template),
                Err(problem) => problems.push(problem),
            }
        }
        problems.extend(self.methods.keys().filter_map(|it| protocol_method(it)));
        if !problems.is_empty() {
            return Err(BuildError { problems });
        }
        let identity = json!({ meta::SERVER_INFO: self.info });
        let app = Arc::new(App {
            identity: serde_json::value::to_raw_value(&identity).ok(),
            info: self.info,
            instructions: self.instructions,
            limits: self.limits,
            options: self.options,
            tools,
            prompts,
            resources,
            templates,
            methods: self.methods,
            on_notification: self.on_notification,
            changes: ChangeLog::default(),
            parked: Parked::new(),
            tasks: Tasks::new(self.tasks),
            keeper: Keeper::new(TaskTracker::new(), self.shutdown.finished().clone()),
            shutdown: self.shutdown,
            question_prefix: question_prefix(),
            questions: Default::default(),
            has_logging: self.has_logging,
            service: Default::default(),
        });
        let core = BoxService::of_boxed(Core(Arc::clone(&app)));
        let service = self.layers.into_iter().rev().fold(core, |inner, layer| layer(inner));
        Ok(Server::assemble(app, service))
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
/// Parked calls in all.
const PARKED_MAX: usize = 10_000;
/// Parked calls of one principal.
const PARKED_PER_PRINCIPAL_MAX: usize = 1_000;
