//! Resources and templates of resources: an address, and a handler that reads it.

use eyot_types::{
    Annotations, CacheScope, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};

use super::described::described;
use crate::call::context::CallContext;
use crate::failure::{HandlerError, HandlerResult};
use crate::registry::completion::{Completer, Completions, Suggestions};
use crate::registry::resource::{
    ReadHandler, Reader, RegisteredResource, RegisteredTemplate, ResourceReply, UriVariables,
};
use crate::registry::uri_template::UriTemplate;
use crate::rounds::required::InputRequired;

/// Makes a resource out of an async function or closure. Its name is its address unless
/// [`name`](ServerResource::name) sets another.
pub fn resource<F, Fut>(uri: impl Into<String>, handler: F) -> ServerResource
where
    F: Fn(CallContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoResourceResult> + Send + 'static,
{
    let uri = uri.into();
    let address = uri.clone();
    let handler: ReadHandler<CallContext> = Box::new(move |_uri, _variables, call| {
        let (running, address) = (handler(call), address.clone());
        Box::pin(async move { running.await.into_resource_result(&address) })
    });
    let name = uri.clone();
    ServerResource { definition: Resource::new(uri, name), reader: Reader::new(handler) }
}

/// Makes a template of resources, such as `file:///logs/{day}`, out of an async function or
/// closure. The handler gets the variables by their names.
pub fn resource_template<F, Fut>(template: impl Into<String>, handler: F) -> ServerTemplate
where
    F: Fn(UriVariables, CallContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoResourceResult> + Send + 'static,
{
    let handler: ReadHandler<CallContext> = Box::new(move |uri, variables, call| {
        let running = handler(variables, call);
        Box::pin(async move { running.await.into_resource_result(&uri) })
    });
    let template = template.into();
    let name = template.clone();
    ServerTemplate {
        definition: ResourceTemplate::new(template, name),
        reader: Reader::new(handler),
        completions: Completions::new(),
    }
}

/// A resource on its way into a server: its definition and its handler.
#[must_use]
pub struct ServerResource {
    definition: Resource,
    reader: Reader<CallContext>,
}

/// A template of resources: its definition and its handler.
#[must_use]
pub struct ServerTemplate {
    definition: ResourceTemplate,
    reader: Reader<CallContext>,
    completions: Completions<CallContext>,
}

macro_rules! located {
    ($name:ident) => {
        impl $name {
            /// The name for programs.
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.definition.name = name.into();
                self
            }

            /// The media type of the contents, unless the handler gives another.
            pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
                let mime_type = mime_type.into();
                self.reader.mime_type = Some(mime_type.clone());
                self.definition.mime_type = Some(mime_type);
                self
            }

            /// For whom it is, and how important it is.
            pub fn annotations(mut self, annotations: Annotations) -> Self {
                self.definition.annotations = Some(annotations);
                self
            }

            /// How long modern clients may cache the contents, and who may share the copy. The
            /// default is not to cache.
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

impl ServerResource {
    /// The address of the resource.
    pub(crate) fn uri(&self) -> &str {
        &self.definition.uri
    }

    /// Makes the resource ready to be read.
    pub(crate) fn register(self) -> RegisteredResource<CallContext> {
        let Self { definition, reader } = self;
        RegisteredResource { definition, reader }
    }
}

impl ServerTemplate {
    /// Completes a variable while the user types: the handler gets the text so far.
    pub fn complete<F, Fut>(mut self, variable: impl Into<String>, handler: F) -> Self
    where
        F: Fn(String, CallContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Into<Suggestions>> + Send + 'static,
    {
        self.completions.insert(variable, Completer::new(handler));
        self
    }

    /// The text of the template.
    pub(crate) fn uri_template(&self) -> &str {
        &self.definition.uri_template
    }

    /// Makes the template ready to be matched; the error says what is wrong with it.
    pub(crate) fn register(self) -> Result<RegisteredTemplate<CallContext>, String> {
        let Self { definition, reader, completions } = self;
        let template = &definition.uri_template;
        let pattern = UriTemplate::parse(template);
        let pattern = pattern.map_err(|error| format!("template `{template}`: {error}"))?;
        Ok(RegisteredTemplate { definition, reader, completions, pattern })
    }
}

/// What the handler of a resource may return: a text, contents, a result, [`InputRequired`],
/// and a `Result` of any of these.
pub trait IntoResourceResult {
    /// The result of reading `uri`.
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
