//! Resources and templates of resources: an address, a handler that reads what is there.

use std::collections::BTreeMap;

use eyot_types::{
    Annotations, CacheScope, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};

use crate::call::context::CallContext;
use crate::define::described::described;
use crate::define::tool::Handling;
use crate::failure::{HandlerError, HandlerResult};
use crate::registry::completion::{Completer, Completions, Suggestions};
use crate::registry::uri_template::UriTemplate;
use crate::rounds::required::InputRequired;

/// What the variables of a template stand for in the address that is read.
pub type UriVariables = BTreeMap<String, String>;

/// Makes a resource out of an async function or closure. Its name is its address until it gets
/// one.
pub fn resource<F, Fut>(uri: impl Into<String>, handler: F) -> ServerResource
where
    F: Fn(CallContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoResourceResult> + Send + 'static,
{
    let uri = uri.into();
    let address = uri.clone();
    let handler: Handler = Box::new(move |_uri, _variables, call| {
        let (running, address) = (handler(call), address.clone());
        Box::pin(async move { running.await.into_resource_result(&address) })
    });
    let name = uri.clone();
    ServerResource { definition: Resource::new(uri, name), reader: Reader::new(handler) }
}

/// Makes a template of resources, such as `file:///logs/{day}`, out of an async function or
/// closure, which gets the variables by their names.
pub fn resource_template<F, Fut>(template: impl Into<String>, handler: F) -> ServerTemplate
where
    F: Fn(UriVariables, CallContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoResourceResult> + Send + 'static,
{
    let handler: Handler = Box::new(move |uri, variables, call| {
        let running = handler(variables, call);
        Box::pin(async move { running.await.into_resource_result(&uri) })
    });
    let template = template.into();
    let name = template.clone();
    ServerTemplate {
        definition: ResourceTemplate::new(template, name),
        reader: Reader::new(handler),
        completions: Completions::default(),
    }
}

type Handler =
    Box<dyn Fn(String, UriVariables, CallContext) -> Handling<ResourceReply> + Send + Sync>;

/// How something is read, and how long what was read stays good.
pub(crate) struct Reader {
    handler: Handler,
    mime_type: Option<String>,
    ttl_ms: Option<u64>,
    cache_scope: Option<CacheScope>,
}

impl Reader {
    fn new(handler: Handler) -> Self {
        Self { handler, mime_type: None, ttl_ms: None, cache_scope: None }
    }

    /// Runs the handler once.
    pub(crate) fn run(
        &self,
        uri: String,
        variables: UriVariables,
        call: CallContext,
    ) -> Handling<ResourceReply> {
        (self.handler)(uri, variables, call)
    }

    /// Adds what the definition says and the handler has left open.
    pub(crate) fn complete(&self, uri: &str, result: &mut ReadResourceResult) {
        // Contents of other addresses, such as the files of a folder, may be of other types.
        for contents in result.contents.iter_mut().filter(|it| it.uri == uri) {
            if contents.mime_type.is_none() {
                contents.mime_type.clone_from(&self.mime_type);
            }
        }
        result.ttl_ms = result.ttl_ms.or(self.ttl_ms);
        if result.cache_scope.is_none() {
            result.cache_scope.clone_from(&self.cache_scope);
        }
    }
}

/// A resource of a server: its definition and its handler.
#[must_use]
pub struct ServerResource {
    pub(crate) definition: Resource,
    pub(crate) reader: Reader,
}

/// A template of resources: its definition and its handler.
#[must_use]
pub struct ServerTemplate {
    pub(crate) definition: ResourceTemplate,
    pub(crate) reader: Reader,
    pub(crate) completions: Completions,
}

/// A template of a server, ready to be matched.
#[derive(Debug)]
pub(crate) struct RegisteredTemplate {
    pub(crate) it: ServerTemplate,
    pub(crate) pattern: UriTemplate,
}

/// What reading a resource answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResourceReply {
    /// What is there.
    Done(Box<ReadResourceResult>),
    /// It needs another round.
    InputRequired(InputRequired),
}

impl From<ReadResourceResult> for ResourceReply {
    fn from(result: ReadResourceResult) -> Self {
        Self::Done(Box::new(result))
    }
}

impl From<InputRequired> for ResourceReply {
    fn from(asked: InputRequired) -> Self {
        Self::InputRequired(asked)
    }
}

macro_rules! located {
    ($name:ident) => {
        impl $name {
            /// The name for programs.
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.definition.name = name.into();
                self
            }

            /// The media type of what is read, unless the contents say another.
            pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
                let mime_type = mime_type.into();
                self.reader.mime_type = Some(mime_type.clone());
                self.definition.mime_type = Some(mime_type);
                self
            }

            /// For whom it is, and how important.
            pub fn annotations(mut self, annotations: Annotations) -> Self {
                self.definition.annotations = Some(annotations);
                self
            }

            /// How long modern clients may keep what they have read, and for whom. Otherwise
            /// they may not.
            pub fn cache(mut self, ttl: std::time::Duration, scope: CacheScope) -> Self {
                self.reader.ttl_ms = u64::try_from(ttl.as_millis()).ok();
                self.reader.cache_scope = Some(scope);
                self
            }
        }
    };
}

described!(ServerResource);
located!(ServerResource);
described!(ServerTemplate);
located!(ServerTemplate);

impl ServerTemplate {
    /// Completes a variable while the user types: the handler gets what is there so far.
    pub fn complete<F, Fut>(mut self, variable: impl Into<String>, handler: F) -> Self
    where
        F: Fn(String, CallContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Into<Suggestions>> + Send + 'static,
    {
        self.completions.insert(variable, Completer::new(handler));
        self
    }

    pub(crate) fn register(self) -> Result<RegisteredTemplate, String> {
        let template = &self.definition.uri_template;
        let pattern = UriTemplate::parse(template);
        let pattern = pattern.map_err(|error| format!("template `{template}`: {error}"))?;
        Ok(RegisteredTemplate { it: self, pattern })
    }
}

/// What the handler of a resource may return: a text, contents, a result, [`InputRequired`],
/// and a `Result` of any of these.
pub trait IntoResourceResult {
    /// What reading `uri` answers.
    ///
    /// # Errors
    ///
    /// When there is no result; the client learns why.
    fn into_resource_result(self, uri: &str) -> HandlerResult<ResourceReply>;
}

impl IntoResourceResult for ResourceReply {
    fn into_resource_result(self, _uri: &str) -> HandlerResult<ResourceReply> {
        Ok(self)
    }
}

impl IntoResourceResult for ReadResourceResult {
    fn into_resource_result(self, _uri: &str) -> HandlerResult<ResourceReply> {
        Ok(ResourceReply::Done(Box::new(self)))
    }
}

impl IntoResourceResult for InputRequired {
    fn into_resource_result(self, _uri: &str) -> HandlerResult<ResourceReply> {
        Ok(ResourceReply::InputRequired(self))
    }
}

impl IntoResourceResult for Vec<ResourceContents> {
    fn into_resource_result(self, uri: &str) -> HandlerResult<ResourceReply> {
        ReadResourceResult::new(self).into_resource_result(uri)
    }
}

impl IntoResourceResult for ResourceContents {
    fn into_resource_result(self, uri: &str) -> HandlerResult<ResourceReply> {
        vec![self].into_resource_result(uri)
    }
}

impl IntoResourceResult for String {
    fn into_resource_result(self, uri: &str) -> HandlerResult<ResourceReply> {
        ResourceContents::text(uri, self).into_resource_result(uri)
    }
}

impl IntoResourceResult for &'static str {
    fn into_resource_result(self, uri: &str) -> HandlerResult<ResourceReply> {
        self.to_owned().into_resource_result(uri)
    }
}

impl<T: IntoResourceResult, E: Into<HandlerError>> IntoResourceResult for Result<T, E> {
    fn into_resource_result(self, uri: &str) -> HandlerResult<ResourceReply> {
        self.map_err(Into::into)?.into_resource_result(uri)
    }
}
