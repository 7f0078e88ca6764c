//! Servers made of handlers: what answers the calls when they are not handed on.
//!
//! Nothing here has a task of the runtime or a channel. A handler's future lives in the reply and is
//! polled by whoever writes the reply out; a session is the entry that the endpoint keeps anyway. The
//! one exception is what the protocol calls a task: see [`TaskPolicy`].

mod answer;
mod app;
mod app_session;
mod builder;
mod call_context;
mod catalog;
mod change_log;
mod completion;
mod custom;
mod deadline;
mod described;
mod discovery;
mod dispatch;
mod exchange;
mod failure;
mod field_order;
mod handlers;
mod layered;
mod listen;
mod lists;
mod parked;
mod prompt;
mod questions;
mod resource;
mod rounds;
mod run;
mod schema;
mod server;
mod serving;
mod shape;
mod tasks;
mod tool;
mod uri_template;

pub use crate::builder::{BuildError, Eras, ServerBuilder};
pub use crate::call_context::{CallContext, Progress};
pub use crate::completion::Suggestions;
pub use crate::failure::{HandlerError, HandlerResult};
pub use crate::prompt::{IntoPromptResult, PromptArguments, PromptReply, ServerPrompt, prompt};
pub use crate::questions::Elicited;
pub use crate::resource::{
    IntoResourceResult, ResourceReply, ServerResource, ServerTemplate, UriVariables, resource,
    resource_template,
};
pub use crate::rounds::{InputRequired, Inputs};
pub use crate::schema::InvalidSchema;
pub use crate::server::Server;
pub use crate::serving::HttpOptions;
pub use crate::tasks::TaskPolicy;
pub use crate::tool::{IntoToolResult, Json, NoArguments, ServerTool, ToolReply, tool};

#[cfg(test)]
mod tests;
