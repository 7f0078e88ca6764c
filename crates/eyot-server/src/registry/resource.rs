//! Registered resources and templates, and the replies of their handlers.

use std::collections::BTreeMap;
use std::fmt;

use eyot_types::{CacheScope, ReadResourceResult, Resource, ResourceTemplate};

use super::completion::Completions;
use super::handling::{HandlerReply, Handling};
use super::uri_template::UriTemplate;
use crate::rounds::required::InputRequired;

/// A resource of a server, ready to be read. Its handler gets calls as a `C`.
pub(crate) struct RegisteredResource<C> {
    pub(crate) definition: Resource,
    pub(crate) reader: Reader<C>,
}

/// A template of a server, ready to be matched.
pub(crate) struct RegisteredTemplate<C> {
    pub(crate) definition: ResourceTemplate,
    pub(crate) reader: Reader<C>,
    pub(crate) completions: Completions<C>,
    pub(crate) pattern: UriTemplate,
}

/// The values of a template's variables in the address that is read.
pub type UriVariables = BTreeMap<String, String>;

/// Reads the resource at an address.
pub(crate) type ReadHandler<C> =
    Box<dyn Fn(String, UriVariables, C) -> Handling<ResourceReply> + Send + Sync>;

/// How something is read, and how long clients may cache it.
pub(crate) struct Reader<C> {
    handler: ReadHandler<C>,
    pub(crate) mime_type: Option<String>,
    pub(crate) ttl_ms: Option<u64>,
    pub(crate) cache_scope: Option<CacheScope>,
}

impl<C> Reader<C> {
    pub(crate) fn new(handler: ReadHandler<C>) -> Self {
        Self { handler, mime_type: None, ttl_ms: None, cache_scope: None }
    }

    /// Runs the handler once.
    pub(crate) fn run(
        &self,
        uri: String,
        variables: UriVariables,
        call: C,
    ) -> Handling<ResourceReply> {
        (self.handler)(uri, variables, call)
    }

    /// Fills in from the definition what the handler has left open.
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

impl<C> fmt::Debug for RegisteredResource<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource").field("uri", &self.definition.uri).finish_non_exhaustive()
    }
}

impl<C> fmt::Debug for RegisteredTemplate<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let template = &self.definition.uri_template;
        f.debug_struct("Template").field("template", template).finish_non_exhaustive()
    }
}

/// The reply to reading a resource.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResourceReply {
    /// The contents.
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

impl HandlerReply for ResourceReply {
    type Done = ReadResourceResult;

    fn split(self) -> Result<ReadResourceResult, InputRequired> {
        match self {
            Self::Done(result) => Ok(*result),
            Self::InputRequired(asked) => Err(asked),
        }
    }
}
