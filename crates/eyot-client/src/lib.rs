//! The typed client: what a program uses to talk to a server of either era, over HTTP, child
//! processes, streams and in process.
//!
//! [`Client`] gives typed calls over one connection, which it opens again when it is lost. The
//! connections themselves are `eyot-upstream`'s matter. This crate knows no downstream and no
//! store.

mod answer;
mod answering;
mod attempts;
mod background;
mod beat;
mod builder;
mod cache;
mod call;
mod client;
mod config;
mod driver;
mod emulated;
mod error;
mod exchange;
mod handlers;
mod known_tools;
mod open;
mod open_client;
mod pages;
mod params;
mod perform;
mod read;
mod restore;
mod rounds;
mod session;
mod state;
mod subscribing;
mod subscription;

pub use crate::answer::{Answered, Outcome as CallOutcome, Page, ToolAnswer};
pub use crate::builder::ClientBuilder;
pub use crate::call::{CallBuilder, CallFuture, ProgressStream};
pub use crate::client::Client;
pub use crate::config::Heartbeat;
pub use crate::error::ClientError;
pub use crate::handlers::ListKind;
pub use crate::pages::Pages;
pub use crate::state::{ClientEvent, Liveness};
pub use crate::subscription::{Subscription, SubscriptionEvent};

#[cfg(test)]
mod tests;
