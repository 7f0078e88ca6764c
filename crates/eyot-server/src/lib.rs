//! Servers made of handlers, which answer calls themselves.
//!
//! Nothing here has a task of the runtime or a channel. A handler's future lives in the reply, and
//! the code that writes the reply polls it. A session is the entry that the endpoint keeps anyway.
//! The one exception is what the protocol calls a task: see [`TaskPolicy`].

mod build_error;
mod builder;
mod call;
mod changes;
mod define;
mod failure;
mod http_options;
mod identity;
mod parked;
mod parts;
mod registry;
mod rounds;
mod schema;
mod server;
mod service;
mod tasks;

pub use crate::build_error::BuildError;
pub use crate::builder::ServerBuilder;
pub use crate::call::context::CallContext;
pub use crate::call::progress::Progress;
pub use crate::define::prompt::{IntoPromptResult, ServerPrompt, prompt};
pub use crate::define::resource::{
    IntoResourceResult, ServerResource, ServerTemplate, resource, resource_template,
};
pub use crate::define::tool::{IntoToolResult, Json, NoArguments, ServerTool, tool};
pub use crate::failure::{HandlerError, HandlerResult};
pub use crate::http_options::HttpOptions;
pub use crate::registry::completion::Suggestions;
pub use crate::registry::eras::Eras;
pub use crate::registry::prompt::{PromptArguments, PromptReply};
pub use crate::registry::resource::{ResourceReply, UriVariables};
pub use crate::registry::tool::ToolReply;
pub use crate::rounds::elicited::Elicited;
pub use crate::rounds::inputs::Inputs;
pub use crate::rounds::required::InputRequired;
pub use crate::schema::InvalidSchema;
pub use crate::server::Server;
pub use crate::tasks::TaskPolicy;

#[cfg(test)]
mod tests;
