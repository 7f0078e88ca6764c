//! A server that is ready to answer calls, over any transport.

use std::fmt;
use std::io;
use std::sync::Arc;

use eyot_endpoint::{Drained, Pipe};
use eyot_service::{BoxService, InProcess, Serving, Shutdown, WeakService};
use eyot_stdio::{LineIo, LineLimits};
use eyot_types::Implementation;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, ToSocketAddrs};

use crate::build_error::BuildError;
use crate::builder::ServerBuilder;
use crate::call::context::{CallContext, HandlerParts};
use crate::changes::log::Change;
use crate::define::prompt::ServerPrompt;
use crate::define::resource::{ServerResource, ServerTemplate};
use crate::define::tool::ServerTool;
use crate::http_options::HttpOptions;
use crate::service::HandlerService;

/// An MCP server made of handlers, for clients of both eras. Cheap to clone; all clones are one
/// server.
///
/// What it offers may change while it runs: clients that listen are told.
#[derive(Clone)]
pub struct Server {
    parts: Arc<HandlerParts>,
    service: BoxService,
}

impl Server {
    /// Begins a server with this name and version.
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ServerBuilder {
        ServerBuilder::new(Implementation::new(name, version))
    }

    pub(crate) fn assemble(parts: Arc<HandlerParts>, service: BoxService) -> Self {
        parts.service.get_or_init(|| service.downgrade());
        Self { parts, service }
    }

    #[cfg(test)]
    pub(crate) fn parts(&self) -> &Arc<HandlerParts> {
        &self.parts
    }

    /// The service that answers the calls, with the layers around it.
    #[must_use]
    pub fn service(&self) -> BoxService {
        self.service.clone()
    }

    /// The signal that tells the server to end: see [`Shutdown`].
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.parts.shutdown
    }

    /// The options for Streamable HTTP. The defaults are the path `/mcp`, clients on this machine
    /// only, and sessions in memory.
    pub fn http(&self) -> HttpOptions {
        HttpOptions::new(Arc::clone(&self.parts), self.service())
    }

    /// Serves over Streamable HTTP with the defaults of [`http`](Self::http), until
    /// [`shutdown`](Self::shutdown) drains the server.
    ///
    /// # Errors
    ///
    /// When it cannot listen at the address.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; open connections run on.
    pub async fn serve_http(&self, address: impl ToSocketAddrs) -> io::Result<Drained> {
        let listener = TcpListener::bind(address).await?;
        Ok(self.http().serve(listener).await)
    }

    /// Serves the client whose child this process is, until the client closes our standard input or
    /// [`shutdown`](Self::shutdown) drains the server. Requests from before that are answered.
    ///
    /// Nothing else may write to standard output meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends every call at once.
    pub async fn serve_stdio(&self) {
        self.serve_io(tokio::io::stdin(), tokio::io::stdout()).await;
    }

    /// Serves one client over any pair of streams, one message per line, until the client closes
    /// its side or the server drains. Requests from before that are answered.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends every call at once.
    pub async fn serve_io<R, W>(&self, reader: R, writer: W)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let parts = &self.parts;
        let io = LineIo::new(reader, writer, LineLimits::of(&parts.limits));
        let pipe = Pipe::new(io, self.service(), parts.limits, &parts.shutdown);
        tokio::select! {
            biased;
            () = pipe.run() => {}
            () = parts.maintain() => {}
        }
    }

    /// Adds a tool, or replaces the one with its name; clients are told.
    ///
    /// # Errors
    ///
    /// What is wrong with the tool.
    pub fn add_tool(&self, tool: ServerTool) -> Result<(), BuildError> {
        let name = tool.definition().name.clone();
        let tool = tool
            .register(self.parts.registry.eras)
            .map_err(|it| BuildError { problems: vec![it] })?;
        self.parts.registry.tools.insert(&name, tool);
        self.parts.changes.push(Change::Tools);
        Ok(())
    }

    /// Removes a tool; clients are told. `false`: there is none of that name. Running calls go on.
    pub fn remove_tool(&self, name: &str) -> bool {
        self.told(Change::Tools, self.parts.registry.tools.remove(name))
    }

    /// Adds a prompt, or replaces the one with its name; clients are told.
    pub fn add_prompt(&self, prompt: ServerPrompt) {
        let name = prompt.definition().name.clone();
        self.parts.registry.prompts.insert(&name, prompt.register());
        self.parts.changes.push(Change::Prompts);
    }

    /// Removes a prompt; clients are told. `false`: there is none of that name.
    pub fn remove_prompt(&self, name: &str) -> bool {
        self.told(Change::Prompts, self.parts.registry.prompts.remove(name))
    }

    /// Adds a resource, or replaces the one at its address; clients are told.
    pub fn add_resource(&self, resource: ServerResource) {
        let uri = resource.uri().to_owned();
        self.parts.registry.resources.insert(&uri, resource.register());
        self.parts.changes.push(Change::Resources);
    }

    /// Removes a resource; clients are told. `false`: there is none at that address.
    pub fn remove_resource(&self, uri: &str) -> bool {
        self.told(Change::Resources, self.parts.registry.resources.remove(uri))
    }

    /// Adds a template of resources, or replaces the equal one; clients are told.
    ///
    /// # Errors
    ///
    /// What is wrong with the template.
    pub fn add_resource_template(&self, template: ServerTemplate) -> Result<(), BuildError> {
        let uri = template.uri_template().to_owned();
        let template = template.register().map_err(|it| BuildError { problems: vec![it] })?;
        self.parts.registry.templates.insert(&uri, template);
        self.parts.changes.push(Change::Resources);
        Ok(())
    }

    /// Removes a template; clients are told. `false`: there is none.
    pub fn remove_resource_template(&self, template: &str) -> bool {
        self.told(Change::Resources, self.parts.registry.templates.remove(template))
    }

    /// Tells clients that the list of tools has changed although no tool came or went: the meaning
    /// of one has changed.
    pub fn notify_tools_changed(&self) {
        self.parts.changes.push(Change::Tools);
    }

    /// Tells clients that the list of prompts has changed.
    pub fn notify_prompts_changed(&self) {
        self.parts.changes.push(Change::Prompts);
    }

    /// Tells the clients that are subscribed to a resource, or to what it is a part of, that it has
    /// changed. The server must declare
    /// [`resource_subscriptions`](ServerBuilder::resource_subscriptions).
    pub fn notify_resource_updated(&self, uri: &str) {
        self.parts.changes.push(Change::Resource(uri.into()));
    }

    fn told(&self, change: Change, is_changed: bool) -> bool {
        if is_changed {
            self.parts.changes.push(change);
        }
        is_changed
    }
}

// The method is here because a server is made of handlers, which get their calls; so the module of
// calls cannot know servers.
impl CallContext {
    /// The server that answers the call. A handler may change what it offers; clients that listen
    /// are told.
    #[must_use]
    pub fn server(&self) -> Server {
        let parts = Arc::clone(self.parts());
        // When the service has been dropped, no call will come through its layers either.
        let kept = parts.service.get().and_then(WeakService::upgrade);
        let service =
            kept.unwrap_or_else(|| BoxService::of_boxed(HandlerService(Arc::clone(&parts))));
        Server { parts, service }
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

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("info", self.parts.identity.info()).finish_non_exhaustive()
    }
}
