//! A server with one of everything, for clients of both eras.
//!
//! It serves what the official conformance suite expects of a server under test. It is written to
//! be read: each file shows one topic of the builder API.

mod changes;
mod content;
mod forms;
mod meanwhile;
mod prompts;
mod questions;
mod resources;
mod rounds;
mod schemas;
mod tasks;

use eyot::{BuildError, Eras, Limits, Server};

/// A server with one of everything, for clients of these eras, within these limits.
///
/// # Errors
///
/// None that its parts, which are always the same, could have.
pub fn everything(eras: Eras, limits: Limits) -> Result<Server, BuildError> {
    let server = Server::builder("eyot-everything", env!("CARGO_PKG_VERSION"))
        .limits(limits)
        .title("Everything")
        .instructions("One of everything that a server can offer, for tests of clients.")
        .eras(eras)
        .logging()
        .resource_subscriptions();
    let topics = [
        content::add,
        meanwhile::add,
        questions::add,
        rounds::add,
        schemas::add,
        changes::add,
        resources::add,
        prompts::add,
    ];
    let mut server = topics.into_iter().fold(server, |server, add| add(server));
    if eras != Eras::Legacy {
        server = tasks::add(server);
    }
    server.build()
}
