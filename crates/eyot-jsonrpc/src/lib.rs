//! The JSON-RPC 2.0 envelope: kind, id, method; parameters and results stay raw.
//!
//! A [`Message`] is the bytes that came, shared and never copied, and what **one strict pass**
//! found in them. **Invariant:** what the pass accepts, the strictest reader accepts, and all
//! readers read alike what a proxy routes on: UTF-8, the exact grammar of RFC 8259, bounded
//! nesting, no half surrogate pairs, no infinite numbers; in the message, its `params`, their
//! `_meta` and its `error` no key twice, and none that a case-folding reader takes for another.
//! Deeper down keys may repeat, as `serde_json::Value` allows; and from upstreams half a surrogate
//! pair passes in a value that no reader routes on: to the letter, and it reads as U+FFFD.
//!
//! [`Request`], [`Notification`] and [`Response`] are views: a message whose kind is known, so that
//! a request has its id and its method. An [`Id`] is what a peer wrote, an [`UpstreamId`] is ours.
//! This crate does no I/O and knows nothing of MCP but the names that need such protection.
//!
//! ```
//! use eyot_jsonrpc::{Id, Message, ScanLimits};
//!
//! let body = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"echo"}}"#;
//! let message = Message::parse(body.into(), &ScanLimits::default())?.with_id(Id::from_number(7));
//! assert_eq!(message.to_bytes(), body.replace("\"a\"", "7"));
//! # Ok::<(), eyot_jsonrpc::ParseError>(())
//! ```

#[cfg(test)]
mod any_value;
mod canonical;
mod draft;
mod envelope;
mod error;
mod error_object;
mod id;
mod incoming;
mod keys;
mod lexer;
mod members;
mod message;
mod remnant;
mod scan;
mod span;
mod surrogates;
mod views;
mod walker;

pub use crate::canonical::canonical;
pub use crate::draft::{Json, JsonArray, JsonRun};
pub use crate::envelope::Kind;
pub use crate::error::{ParseError, ParseErrorKind};
pub use crate::error_object::{
    ErrorObject, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR,
};
pub use crate::id::{Id, UpstreamId};
pub use crate::incoming::Incoming;
pub use crate::members::{Items, Members, reader::Reader};
pub use crate::message::member_list::MemberList;
pub use crate::message::rewrite::{Changes, Keeps};
pub use crate::message::{Message, Pieces};
pub use crate::remnant::Remnant;
pub use crate::scan::limits::ScanLimits;
pub use crate::surrogates::{keeping_lone_surrogates, replace_lone_surrogates};
pub use crate::views::{MessageKind, Notification, Request, Response};
