//! The servers in people's configuration files, of all dialects, in one form.
//!
//! **Invariant:** this crate does no I/O: the text of a file comes in, and what it refers to comes
//! through a [`Lookup`]; servers and problems go out. Whatever the text is, there is no panic, and no
//! value of a variable, a header or a token is in any debug output, message or shown form.
//!
//! - [`Config`]: a file, read; [`Dialect`]: whose file it is; [`Document`]: one with other settings.
//! - [`Sections`]: what it says of interceptors.
//! - [`ServerConfig`]: one server, with the place of everything that is said of it.
//! - [`Problem`]: what is wrong, where, and what to do.
//! - [`Shown`]: the one form as people may see it; [`Imported`]: as it can be used.
//! - [`Client`]: whose files have a usual place.
//! - [`schema`]: the JSON Schema of our own form.

mod bundle;
mod client;
mod codex;
mod command;
mod config;
mod decoded;
mod dialect;
mod document;
mod entry;
mod env_file;
mod fingerprint;
mod imported;
mod lookup;
mod own_form;
mod problem;
mod reader;
mod references;
mod registry;
mod sections;
mod server;
mod shown;
mod text;
mod units;
mod url;
mod variables;

pub use crate::client::{Client, System};
pub use crate::config::Config;
pub use crate::dialect::Dialect;
pub use crate::document::Document;
pub use crate::imported::{Imported, Missing, Secrets};
pub use crate::lookup::{Input, Lookup, input_variable};
pub use crate::own_form::schema;
pub use crate::problem::{Problem, Severity};
pub use crate::sections::Sections;
pub use crate::server::{
    Affinity, CommandConfig, EnvVar, Era, Header, ServerConfig, Timeouts, Tools, Transport,
    Unknown, UrlConfig, UrlKind,
};
pub use crate::shown::Shown;
pub use crate::text::{REDACTED, Sourced, Text, shown_words, tells_of_a_secret};
pub use crate::units::parse_size;
pub use eyot_document::{Member, Node, Position, Value, json_options};

#[cfg(test)]
mod tests;
