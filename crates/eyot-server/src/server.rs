//! A server that is ready: it answers calls, over whatever carries them.

use std::fmt;
use std::sync::Arc;

use eyot_service::{BoxService, Shutdown, WeakService};
use eyot_types::Implementation;

use crate::app::App;
use crate::builder::{BuildError, ServerBuilder};
use crate::changes::log::Change;
use crate::service::Core;
use crate::{ServerPrompt, ServerResource, ServerTemplate, ServerTool};

/// An MCP server made of handlers, for clients of both eras. Cheap to clone; clones are the
/// same server.
///
/// What it offers may change while it runs: clients that listen are told.
#[derive(Clone)]
pub struct Server {
    app: Arc<App>,
    service: BoxService,
}

impl Server {
    /// Begins a server with its name and version.
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ServerBuilder {
        ServerBuilder::new(Implementation::new(name, version))
    }

    pub(crate) fn assemble(app: Arc<App>, service: BoxService) -> Self {
        app.service.get_or_init(|| service.downgrade());
        Self { app, service }
    }

    /// The server of a call that runs.
    pub(crate) fn of(app: &Arc<App>) -> Self {
        // When nobody keeps the service any more, no call will come through its layers either.
        let kept = app.service.get().and_then(WeakService::upgrade);
        let service = kept.unwrap_or_else(|| BoxService::of_boxed(Core(Arc::clone(app))));
        Self { app: Arc::clone(app), service }
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// What answers the calls, with the layers around it.
    #[must_use]
    pub fn service(&self) -> BoxService {
        self.service.clone()
    }

    /// Tells the server to end: see [`Shutdown`].
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.app.shutdown
    }

    /// Adds a tool, or puts it in the place of the one with its name; clients are told.
    ///
    /// # Errors
    ///
    /// What is wrong with the tool.
    pub fn add_tool(&self, tool: ServerTool) -> Result<(), BuildError> {
        let name = tool.definition().name.clone();
        let tool =
            tool.register(self.app.options.eras).map_err(|it| BuildError { problems: vec![it] })?;
        self.app.tools.insert(&name, tool);
        self.app.changes.push(Change::Tools);
        Ok(())
    }

    /// Takes a tool away; clients are told. `false`: there is none of that name. Calls that run
    /// go on.
    pub fn remove_tool(&self, name: &str) -> bool {
        self.told(Change::Tools, self.app.tools.remove(name))
    }

    /// Adds a prompt, or puts it in the place of the one with its name; clients are told.
    pub fn add_prompt(&self, prompt: ServerPrompt) {
        let name = prompt.definition().name.clone();
        self.app.prompts.insert(&name, prompt);
        self.app.changes.push(Change::Prompts);
    }

    /// Takes a prompt away; clients are told. `false`: there is none of that name.
    pub fn remove_prompt(&self, name: &str) -> bool {
        self.told(Change::Prompts, self.app.prompts.remove(name))
    }

    /// Adds a resource, or puts it in the place of the one at its address; clients are told.
    pub fn add_resource(&self, resource: ServerResource) {
        let uri = resource.definition.uri.clone();
        self.app.resources.insert(&uri, resource);
        self.app.changes.push(Change::Resources);
    }

    /// Takes a resource away; clients are told. `false`: there is none at that address.
    pub fn remove_resource(&self, uri: &str) -> bool {
        self.told(Change::Resources, self.app.resources.remove(uri))
    }

    /// Adds a template of resources, or puts it in the place of the same one; clients are told.
    ///
    /// # Errors
    ///
    /// What is wrong with the template.
    pub fn add_resource_template(&self, template: ServerTemplate) -> Result<(), BuildError> {
        let uri = template.definition.uri_template.clone();
        let template = template.register().map_err(|it| BuildError { problems: vec![it] })?;
        self.app.templates.insert(&uri, template);
        self.app.changes.push(Change::Resources);
        Ok(())
    }

    /// Takes a template away; clients are told. `false`: there is none.
    pub fn remove_resource_template(&self, template: &str) -> bool {
        self.told(Change::Resources, self.app.templates.remove(template))
    }

    /// Tells clients that the list of tools has changed although no tool came or went: one means
    /// something else now.
    pub fn notify_tools_changed(&self) {
        self.app.changes.push(Change::Tools);
    }

    /// Tells clients that the list of prompts has changed.
    pub fn notify_prompts_changed(&self) {
        self.app.changes.push(Change::Prompts);
    }

    /// Tells those who are subscribed to it, or to what it is a part of, that a resource has
    /// changed. The server must declare
    /// [`resource_subscriptions`](ServerBuilder::resource_subscriptions).
    pub fn notify_resource_updated(&self, uri: &str) {
        self.app.changes.push(Change::Resource(uri.into()));
    }

    fn told(&self, change: Change, is_changed: bool) -> bool {
        if is_changed {
            self.app.changes.push(change);
        }
        is_changed
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("info", &self.app.info).finish_non_exhaustive()
    }
}
