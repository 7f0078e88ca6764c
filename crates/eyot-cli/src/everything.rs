//! `eyot everything`: a server with one of everything, for clients of both eras.
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

use anyhow::Context as _;
use eyot::{BuildError, Limits, Server};

use crate::args::{Everything, ServedEras};
use crate::signals::Signals;
use crate::{serve, socket};

/// Runs the command.
pub(crate) fn run(everything: &Everything, is_json: bool) -> anyhow::Result<()> {
    let server = server(everything)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let serving = async {
        match everything.stdio {
            true => {
                server.serve_stdio().await;
                Ok(())
            }
            false => serve_http(&server, everything, is_json).await,
        }
    };
    let served = runtime.block_on(async {
        let mut signals = Signals::new().context("signals cannot be received")?;
        tokio::select! {
            served = serving => served,
            () = signals.pass_on(server.shutdown(), None::<fn()>) => Ok(()),
        }
    });
    // A thread may still wait for standard input, to which nothing will be written any more.
    runtime.shutdown_background();
    served
}

/// One of everything.
fn server(everything: &Everything) -> Result<Server, BuildError> {
    let mut limits = Limits::default();
    everything.message.apply(&mut limits);
    let server = Server::builder("eyot-everything", env!("CARGO_PKG_VERSION"))
        .limits(limits)
        .title("Everything")
        .instructions("One of everything that a server can offer, for tests of clients.")
        .eras(everything.era.into())
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
    if everything.era != ServedEras::Legacy {
        server = tasks::add(server);
    }
    server.build()
}

async fn serve_http(server: &Server, everything: &Everything, is_json: bool) -> anyhow::Result<()> {
    anyhow::ensure!(
        everything.listen.is_local(),
        "{} can be reached by others: it asks for no keys",
        everything.listen
    );
    let bound = socket::listen(&everything.listen, "http").await?;
    let http = server.http().store(serve::open_store(&everything.store)?);
    serve::announce(&bound.url("/mcp"), is_json)?;
    serve::report(http.serve(bound.listener).await);
    drop(bound.file);
    Ok(())
}
