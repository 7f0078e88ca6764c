//! MCP vocabulary: revisions, eras, methods, headers, error codes, typed requests and results.
//!
//! One word of the protocol has one name here, for all five revisions. The typed messages are
//! those that a proxy or a small server reads itself; everything else stays raw bytes.
//!
//! The types are open: members that a type does not name are kept in its `other`, and names that
//! an enum does not know are kept in its `Other`, so decoding and encoding loses nothing.
//!
//! **Invariant:** no I/O, no clock, no spawn; and no message is ever guessed by trying one type
//! after the other: a result is decoded as the result of the method that was asked.

mod open_enum;

mod capability;
pub mod codes;
mod content;
mod discover;
mod elicitation;
mod era;
pub mod headers;
mod initialize;
mod logging;
pub mod meta;
mod method;
mod mirror;
mod notification;
mod pagination;
mod result;
mod revision;
mod tool;

pub use crate::capability::{ClientCapabilities, ClientCapability, ServerCapabilities};
pub use crate::content::{
    ContentBlock, EmbeddedResource, MediaContent, ResourceContents, ResourceLink, TextContent,
};
pub use crate::discover::DiscoverResult;
pub use crate::elicitation::{ElicitAction, ElicitMode, ElicitParams, ElicitResult};
pub use crate::era::Era;
pub use crate::initialize::{Implementation, InitializeParams, InitializeResult};
pub use crate::logging::{LogLevel, LoggingMessageParams, SetLevelParams};
pub use crate::meta::{RequestMeta, RequiredMeta};
pub use crate::method::{Method, NameSource, Sender};
pub use crate::mirror::{InvalidMirror, MirroredArguments};
pub use crate::notification::{CancelledParams, ProgressParams, SubscribeParams};
pub use crate::pagination::PaginatedParams;
pub use crate::result::{CacheScope, ResultType};
pub use crate::revision::{Revision, UnknownRevision};
pub use crate::tool::{CallToolParams, CallToolResult, ListToolsResult, Tool};

/// A JSON object whose members nobody has named.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod tests;
