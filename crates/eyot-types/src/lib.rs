//! MCP vocabulary: revisions, eras, methods, headers, error codes, typed requests and results.
//!
//! One word of the protocol has one name here, for all five revisions: one type carries what any
//! of them can say, and every member tells since when it exists.
//!
//! The types are open: members that a type does not name are kept in its `other`, and names that
//! an enum does not know are kept in its `Other`, so decoding and encoding loses nothing.
//!
//! **Invariant:** no I/O, no clock, no spawn; and no message is ever guessed by trying one type
//! after the other: a result is decoded as the result of the method that was asked.

mod list_result;
mod open_enum;
mod tagged;
mod with_members;

mod annotations;
mod cancelled;
mod capability;
pub mod codes;
mod completion;
mod content;
mod discover;
mod elicitation;
mod era;
mod exports;
pub mod headers;
mod icon;
mod initialize;
mod legacy_task;
mod logging;
pub mod meta;
mod method;
mod mirror;
mod notification;
mod one_or_many;
mod pagination;
mod prompt;
mod raw_members;
mod reading;
mod resource;
mod result;
mod revision;
mod roots;
mod round;
mod sampling;
mod subscription;
mod task;
mod task_metadata;
mod tool;

pub use crate::exports::*;

/// A JSON object whose members have no names here.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod tests;
