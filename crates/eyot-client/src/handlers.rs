//! The caller's answers to a server's questions, and its listeners to notifications.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::detect::EraStep;
use eyot_jsonrpc::{ErrorObject, Message, Notification, Request, Response};
use eyot_types::{
    Answer, ClientCapabilities, ClientCapability, CreateMessageParams, CreateMessageResult,
    ElicitMode, ElicitParams, ElicitResult, ListRootsResult, LoggingMessageParams, Method,
    Question, codes,
};
use futures_util::FutureExt as _;
use serde_json::Value;

/// What answers a server's question.
pub(crate) type AnswerFuture<T> = Pin<Box<dyn Future<Output = Result<T, ErrorObject>> + Send>>;
type Handler<P, T> = Arc<dyn Fn(P) -> AnswerFuture<T> + Send + Sync>;
type Listener<N> = Arc<dyn Fn(N) + Send + Sync>;

/// The caller's handlers. Each handler declares its capability.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    pub(crate) elicit: Option<Handler<ElicitParams, ElicitResult>>,
    /// Whether users can be sent to a web page.
    pub(crate) has_url_mode: bool,
    pub(crate) sample: Option<Handler<CreateMessageParams, CreateMessageResult>>,
    /// Whether the model can be offered tools.
    pub(crate) has_sampling_tools: bool,
    pub(crate) roots: Option<Handler<(), ListRootsResult>>,
    pub(crate) notification: Option<Listener<Message>>,
    pub(crate) log: Option<Listener<LoggingMessageParams>>,
    pub(crate) list_changed: Option<Listener<ListKind>>,
    pub(crate) resource_updated: Option<Listener<String>>,
    pub(crate) era_step: Option<Listener<EraStep>>,
    /// What the caller declares beside.
    pub(crate) declared: ClientCapabilities,
}

/// A list that a server can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListKind {
    /// `tools/list`
    Tools,
    /// `prompts/list`
    Prompts,
    /// `resources/list` and `resources/templates/list`
    Resources,
}

impl ListKind {
    fn of(method: &Method<'_>) -> Option<Self> {
        match method {
            Method::ToolsListChanged => Some(Self::Tools),
            Method::PromptsListChanged => Some(Self::Prompts),
            Method::ResourcesListChanged => Some(Self::Resources),
            _ => None,
        }
    }
}

impl Handlers {
    /// What the handlers make possible.
    ///
    /// "Clients that support elicitation MUST declare the `elicitation` capability" (2025-11-25,
    /// client/elicitation, Capabilities); an empty one means form mode.
    pub(crate) fn capabilities(&self) -> ClientCapabilities {
        let mut declared = self.declared.clone();
        if self.elicit.is_some() {
            declared = declared.with(ClientCapability::Elicitation);
            if self.has_url_mode {
                declared = declared
                    .with_setting(ClientCapability::Elicitation, "form")
                    .with_setting(ClientCapability::Elicitation, "url");
            }
        }
        if self.sample.is_some() {
            declared = declared.with(ClientCapability::Sampling);
            if self.has_sampling_tools {
                declared = declared.with_setting(ClientCapability::Sampling, "tools");
            }
        }
        if self.roots.is_some() {
            declared = declared.with(ClientCapability::Roots);
        }
        declared
    }

    /// Whether there is a listener to changes of lists.
    pub(crate) fn wants_list_changes(&self) -> bool {
        self.list_changed.is_some()
    }

    /// Answers a server's request.
    pub(crate) async fn respond(&self, request: &Request, patience: Duration) -> Response {
        if request.is_method(Method::Ping.as_str()) {
            // "The receiver MUST respond promptly with an empty response" (2025-11-25,
            // basic/utilities/ping).
            return request.answer(&serde_json::json!({}));
        }
        match self.answer(request.method(), request.params(), patience).await {
            Ok(answer) => request.answer(&answer),
            Err(error) => request.refuse(&error),
        }
    }

    /// The answer to a question of either era.
    pub(crate) async fn answer(
        &self,
        method: &str,
        params: Option<&str>,
        patience: Duration,
    ) -> Result<Value, ErrorObject> {
        let question = Question::decode_text(method, params)
            .map_err(|error| codes::invalid_params(&error.to_string()))?;
        let answering = AssertUnwindSafe(self.ask(question)).catch_unwind();
        let failed = |text: &str| ErrorObject::new(codes::INTERNAL_ERROR, text);
        match tokio::time::timeout(patience, answering).await {
            Ok(Ok(answer)) => answer.map(Answer::into_value),
            Ok(Err(_panic)) => {
                tracing::error!(method, "handler of a server's request panicked");
                Err(failed("the client failed to answer"))
            }
            Err(_elapsed) => Err(failed("the client did not answer in time")),
        }
    }

    async fn ask(&self, question: Question) -> Result<Answer, ErrorObject> {
        match question {
            Question::Elicitation(params) => {
                let handler = self.elicit.as_ref().ok_or_else(|| missing("elicitation/create"))?;
                if params.mode == Some(ElicitMode::Url) && !self.has_url_mode {
                    // "Servers MUST NOT send elicitation requests with modes that are not
                    // supported by the client" (2025-11-25, client/elicitation).
                    return Err(codes::invalid_params("the client does not support url mode"));
                }
                handler(*params).await.map(Answer::from)
            }
            Question::Sampling(params) => {
                let handler =
                    self.sample.as_ref().ok_or_else(|| missing("sampling/createMessage"))?;
                handler(*params).await.map(Answer::from)
            }
            Question::Roots(_) => {
                let handler = self.roots.as_ref().ok_or_else(|| missing("roots/list"))?;
                handler(()).await.map(Answer::from)
            }
            other => Err(missing(other.method().as_str())),
        }
    }

    /// Tells a notification to its listeners.
    pub(crate) fn notify(&self, notification: &Notification) {
        let telling = AssertUnwindSafe(|| self.tell(notification));
        if std::panic::catch_unwind(telling).is_err() {
            tracing::error!(?notification, "handler of a notification panicked");
        }
    }

    fn tell(&self, notification: &Notification) {
        let method = Method::parse(notification.method());
        if let Some(listener) = &self.notification {
            listener(notification.clone().into_message());
        }
        if let (Some(listener), Some(list)) = (&self.list_changed, ListKind::of(&method)) {
            listener(list);
        }
        if let (Some(listener), Method::LoggingMessage) = (&self.log, method) {
            match notification.decode_params() {
                Ok(params) => listener(params),
                Err(error) => tracing::debug!(%error, "log message of the server is unreadable"),
            }
        }
        if let (Some(listener), Method::ResourcesUpdated) = (&self.resource_updated, method)
            && let Some(uri) = notification.uri()
        {
            listener(uri.into_owned());
        }
    }
}

fn missing(method: &str) -> ErrorObject {
    codes::method_not_found(method)
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("capabilities", &self.capabilities()).finish()
    }
}

#[cfg(test)]
mod tests;
