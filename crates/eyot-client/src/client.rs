//! The client that a program uses: typed calls in both eras, over every transport.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use eyot_era::detect::KnownEra;
use eyot_jsonrpc::Message;
use eyot_types::{
    CompleteParams, CompleteResult, EmptyResult, Era, GetPromptResult, Implementation,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, LogLevel,
    Method, Prompt, ReadResourceResult, Resource, ResourceTemplate, Revision, ServerCapabilities,
    Tool,
};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::{broadcast, watch};

use crate::answer::{Outcome as CallOutcome, ToolAnswer};
use crate::builder::ClientBuilder;
use crate::call::CallBuilder;
use crate::error::ClientError;
use crate::open_client::OpenClient;
use crate::pages::Pages;
use crate::params::Params;
use crate::perform::Call;
use crate::session::Facts;
use crate::state::{ClientEvent, Link, Liveness, Shared};

/// A connection to one server that is kept for as long as the client lives. Cheap to clone.
///
/// ```no_run
/// # use eyot_client::{Client, ClientError};
/// # use serde_json::json;
/// # async fn run() -> Result<(), ClientError> {
/// let client = Client::builder("me", "1.0").connect("http://127.0.0.1:8080/mcp").await?;
/// let sum: i64 = client.call_tool("add", json!({ "a": 1, "b": 2 })).await?.structured()?;
/// # Ok(())
/// # }
/// ```
///
/// One task serves it over each transport. When the connection or the session is lost, it is opened
/// again, without end and with growing pauses; calls wait for it as long as they may be silent. A
/// request that was not sent is sent then, one that only reads is repeated, and every other one
/// fails with an error that says that its outcome is unknown: see [`ClientError::outcome`].
///
/// Dropping the last clone closes the connection, in order but without waiting: see
/// [`close`](Self::close).
#[derive(Clone)]
pub struct Client(Arc<OpenClient>);

impl Client {
    /// Puts a client together that says this of itself.
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(Implementation::new(name, version))
    }

    pub(crate) fn new(client: OpenClient) -> Self {
        Self(Arc::new(client))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.0.shared()
    }

    fn facts(&self) -> Facts {
        self.0.facts()
    }

    /// Who the server says it is. `None`: it does not say.
    #[must_use]
    pub fn server_info(&self) -> Option<Implementation> {
        self.facts().info
    }

    /// What the server can do.
    #[must_use]
    pub fn capabilities(&self) -> ServerCapabilities {
        self.facts().capabilities
    }

    /// How to use the server, for a model.
    #[must_use]
    pub fn instructions(&self) -> Option<String> {
        self.facts().instructions
    }

    /// The era that is spoken.
    #[must_use]
    pub fn era(&self) -> Era {
        self.facts().revision.era()
    }

    /// The revision that is spoken.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.facts().revision
    }

    /// What was found out about the server, for [`ClientBuilder::prior`].
    #[must_use]
    pub fn known_era(&self) -> KnownEra {
        let found = *self.shared().known_era.lock();
        found.unwrap_or_else(|| KnownEra {
            revision: self.revision(),
            found_at_ms: eyot_service::unix_ms(),
        })
    }

    /// Whether calls reach the server, as it changes.
    #[must_use]
    pub fn liveness(&self) -> watch::Receiver<Liveness> {
        self.shared().liveness.subscribe()
    }

    /// What happens to the connection from now on. A slow reader misses some.
    pub fn events(&self) -> impl Stream<Item = ClientEvent> + Send + Unpin + use<> {
        received(self.shared().events.subscribe())
    }

    /// The server's notifications from now on, but for progress. A slow reader misses some.
    pub fn notifications(&self) -> impl Stream<Item = Message> + Send + Unpin + use<> {
        received(self.shared().notifications.subscribe()).map(Message::from)
    }

    /// A page of the tools, the first one unless a cursor is given.
    pub fn list_tools(&self) -> CallBuilder<ListToolsResult> {
        self.bare(Method::ToolsList)
    }

    /// All tools, page by page.
    #[must_use]
    pub fn tools(&self) -> Pages<Tool> {
        let client = self.clone();
        Pages::new(move || client.list_tools())
    }

    /// All tools at once, at most 10,000.
    ///
    /// # Errors
    ///
    /// [`ClientError`] of any page, or when there are more.
    ///
    /// # Cancel safety
    ///
    /// What was read is lost.
    pub async fn all_tools(&self) -> Result<Vec<Tool>, ClientError> {
        self.tools().collect_all(ITEMS_MAX).await
    }

    /// Calls a tool with arguments that serialise to an object, or to `null` for none.
    pub fn call_tool(
        &self,
        name: impl Into<String>,
        arguments: impl Serialize,
    ) -> CallBuilder<ToolAnswer> {
        let params = Params::new().with("name", &name.into());
        self.call(Method::ToolsCall, params.and_then(|it| it.with_arguments(&arguments)))
    }

    /// A page of the prompts.
    pub fn list_prompts(&self) -> CallBuilder<ListPromptsResult> {
        self.bare(Method::PromptsList)
    }

    /// All prompts, page by page.
    #[must_use]
    pub fn prompts(&self) -> Pages<Prompt> {
        let client = self.clone();
        Pages::new(move || client.list_prompts())
    }

    /// Fills in a prompt, with texts by the names of its arguments.
    pub fn get_prompt(
        &self,
        name: impl Into<String>,
        arguments: impl Serialize,
    ) -> CallBuilder<GetPromptResult> {
        let params = Params::new().with("name", &name.into());
        self.call(Method::PromptsGet, params.and_then(|it| it.with_arguments(&arguments)))
    }

    /// A page of the resources.
    pub fn list_resources(&self) -> CallBuilder<ListResourcesResult> {
        self.bare(Method::ResourcesList)
    }

    /// All resources, page by page.
    #[must_use]
    pub fn resources(&self) -> Pages<Resource> {
        let client = self.clone();
        Pages::new(move || client.list_resources())
    }

    /// A page of the resource templates.
    pub fn list_resource_templates(&self) -> CallBuilder<ListResourceTemplatesResult> {
        self.bare(Method::ResourcesTemplatesList)
    }

    /// All resource templates, page by page.
    #[must_use]
    pub fn resource_templates(&self) -> Pages<ResourceTemplate> {
        let client = self.clone();
        Pages::new(move || client.list_resource_templates())
    }

    /// Reads a resource.
    pub fn read_resource(&self, uri: impl Into<String>) -> CallBuilder<ReadResourceResult> {
        self.call(Method::ResourcesRead, Params::new().with("uri", &uri.into()))
    }

    /// Asks how an argument may go on.
    pub fn complete(&self, params: &CompleteParams) -> CallBuilder<CompleteResult> {
        self.call(Method::CompletionComplete, Params::of(params))
    }

    /// Asks whether the server lives. The modern era has no ping: `server/discover` stands for
    /// it there.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    ///
    /// # Cancel safety
    ///
    /// The question is given up.
    pub async fn ping(&self) -> Result<(), ClientError> {
        let method = match self.era() {
            Era::Legacy => Method::Ping,
            Era::Modern => Method::ServerDiscover,
        };
        self.bare::<Message>(method).await.map(drop)
    }

    /// Sets the least severe log messages that the server is to send: for the session in the
    /// legacy era, for every call from now on in the modern one.
    ///
    /// # Errors
    ///
    /// [`ClientError`] of a legacy server.
    ///
    /// # Cancel safety
    ///
    /// The level may have been set.
    pub async fn set_log_level(&self, level: LogLevel) -> Result<(), ClientError> {
        if self.era() == Era::Legacy {
            let params = Params::new().with("level", &level);
            self.call::<EmptyResult>(Method::LoggingSetLevel, params).await?;
        }
        self.shared().settings.lock().log_level = Some(level);
        Ok(())
    }

    /// Sends any request; the answer is given as it came. Parameters serialise to an object, or
    /// to `null` for none; what the era wants in `_meta` is added.
    pub fn request(
        &self,
        method: impl Into<String>,
        params: impl Serialize,
    ) -> CallBuilder<Message> {
        let call = Params::of(&params).map(|params| Call::new(method.into(), params));
        CallBuilder::new(Arc::clone(&self.0), call)
    }

    /// Sends any notification.
    ///
    /// # Errors
    ///
    /// [`ClientError`] when it was not taken.
    ///
    /// # Cancel safety
    ///
    /// It may have been sent.
    pub async fn notify(&self, method: &str, params: impl Serialize) -> Result<(), ClientError> {
        let session = self.shared().session().await?;
        let sending = session.send(Message::notification(method, &params));
        let patience = self.shared().config.timeout;
        match tokio::time::timeout(patience, sending).await {
            Ok(sent) => sent.map_err(|fault| ClientError::from_fault(&fault)),
            Err(_elapsed) => Err(ClientError::Timeout {
                waited: patience,
                outcome: eyot_types::codes::Outcome::Unknown,
            }),
        }
    }

    /// Tells a legacy server that the roots have changed; modern ones ask when they want to
    /// know.
    ///
    /// # Errors
    ///
    /// [`ClientError`] when it was not taken.
    ///
    /// # Cancel safety
    ///
    /// It may have been told.
    pub async fn roots_changed(&self) -> Result<(), ClientError> {
        match self.era() {
            Era::Legacy => self.notify(Method::RootsListChanged.as_str(), ()).await,
            Era::Modern => Ok(()),
        }
    }

    /// Closes the connection in order: running calls fail, a legacy session is ended, a child
    /// gets its end of input and its time to leave.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not wait, but the connection is closed.
    pub async fn close(&self) {
        let mut liveness = self.liveness();
        self.0.stop();
        // An error means that the driver has ended already.
        drop(liveness.wait_for(|it| *it == Liveness::Closed).await);
    }

    /// Whether the client was closed, or its one-time stream has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(*self.shared().link.borrow(), Link::Closed)
    }

    fn bare<T: CallOutcome>(&self, method: Method<'static>) -> CallBuilder<T> {
        self.call(method, Ok(Params::new()))
    }

    pub(crate) fn call<T: CallOutcome>(
        &self,
        method: Method<'static>,
        params: Result<Params, ClientError>,
    ) -> CallBuilder<T> {
        let call = params.map(|params| Call::new(method.as_str(), params));
        CallBuilder::new(Arc::clone(&self.0), call)
    }
}

/// What is received from now on; what a slow reader misses is left out.
fn received<T: Clone + Send + 'static>(
    receiver: broadcast::Receiver<T>,
) -> impl Stream<Item = T> + Send + Unpin {
    let received = stream::unfold(receiver, |mut receiver| async move {
        loop {
            match receiver.recv().await {
                Ok(item) => return Some((item, receiver)),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    });
    let received: Pin<Box<dyn Stream<Item = T> + Send>> = Box::pin(received);
    received
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let liveness = self.shared().liveness.borrow().clone();
        f.debug_struct("Client").field("liveness", &liveness).finish_non_exhaustive()
    }
}

/// Items that are read at once.
const ITEMS_MAX: usize = 10_000;
