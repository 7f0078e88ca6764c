//! Many servers that clients see as one.
//!
//! A [`Gateway`] is a service like any handler; its [`Member`]s are services, too, so that it knows
//! nothing of what they stand for. Lists are merged of what the members list (`view`, by `names`
//! that depend on nothing else), kept for the clients that are told the same (`catalog`), and asked
//! for anew side by side. A request goes to the member that has what it names (`routes`). What
//! belongs to no call comes from all members as one stream (`fan_in`, `subscription`).
//!
//! **Invariant:** a member that fails, is slow or says something odd changes nothing of the others.

mod ask;
mod audience;
mod background;
mod catalog;
mod cursors;
mod fan_in;
mod gateway;
mod hello;
mod instructions;
mod item_list;
mod leg;
mod legs;
mod listing;
mod member;
mod merged;
mod name_index;
mod names;
mod page;
mod routes;
mod runs;
mod servers;
mod subscription;
mod tasks;
mod tool_filter;
mod uri_pattern;
mod view;

pub use crate::gateway::{Gateway, GatewayOptions};
pub use crate::member::Member;
pub use crate::names::Prefix;
pub use crate::tool_filter::ToolFilter;

#[cfg(test)]
mod tests;
