//! `eyot everything`.

use anyhow::Context as _;
use eyot::{Limits, Server};

use crate::args::Everything;
use crate::signals::Signals;
use crate::{serve, socket};

/// Runs the command.
pub(crate) fn run(everything: &Everything, is_json: bool) -> anyhow::Result<()> {
    let mut limits = Limits::default();
    everything.message.apply(&mut limits);
    let server = eyot_samples::everything(everything.era.into(), limits)?;
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
