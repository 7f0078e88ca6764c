//! Resources and templates as they are registered, and what their handlers give back.

use std::collections::BTreeMap;
use std::fmt;

use eyot_types::{CacheScope, ReadResourceResult, Resource, ResourceTemplate};

use super::completion::Completions;
use super::handling::{HandlerReply, Handling};
use super::uri_template::UriTemplate;
use crate::rounds::required::InputRequired;

/// A resource of a server, ready to be read in calls that handlers get as a `C`.
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

/// What the variables of a template stand for in the address that is read.
pub type UriVariables = BTreeMap<String, String>;

/// Reads what is at an address.
pub(crate) type ReadHandler<C> =
    Box<dyn Fn(String, UriVariables, C) -> Handling<ResourceReply> + Send + Sync>;

/// How something is read, and how long what was read stays good.
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

impl HandlerReply for ResourceReply {
    type Done = ReadResourceResult;

    fn split(self) -> Result<ReadResourceResult, InputRequired> {
        match self {
            Self::Done(result) => Ok(*result),
            Self::InputRequired(asked) => Err(asked),
        }
    }
}
