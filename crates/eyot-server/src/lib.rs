//! Servers made of handlers: what answers the calls when they are not handed on.
//!
//! Nothing here has a task of the runtime or a channel. A handler's future lives in the reply and is
//! polled by whoever writes the reply out; a session is the entry that the endpoint keeps anyway. The
//! one exception is what the protocol calls a task: see [`TaskPolicy`].

mod answer;
mod app;
mod builder;
mod call;
mod changes;
mod define;
mod failure;
mod http_options;
mod parked;
mod registry;
mod rounds;
mod schema;
mod server;
mod service;
mod tasks;

pub use crate::builder::{BuildError, Eras, ServerBuilder};
pub use crate::call::asking::Elicited;
pub use crate::call::context::{CallContext, Progress};
pub use crate::define::prompt::{
    IntoPromptResult, PromptArguments, PromptReply, ServerPrompt, prompt,
};
pub use crate::define::resource::{
    IntoResourceResult, ResourceReply, ServerResource, ServerTemplate, UriVariables, resource,
    resource_template,
};
pub use crate::define::tool::{IntoToolResult, Json, NoArguments, ServerTool, ToolReply, tool};
pub use crate::failure::{HandlerError, HandlerResult};
pub use crate::http_options::HttpOptions;
pub use crate::registry::completion::Suggestions;
pub use crate::rounds::required::{InputRequired, Inputs};
pub use crate::schema::InvalidSchema;
pub use crate::server::Server;
pub use crate::tasks::TaskPolicy;

#[cfg(test)]
mod tests;
