//! `eyot everything` and `eyot interceptors serve`: servers that come with the program.

use anyhow::Context as _;
use eyot::sidecar::interceptor_server;
use eyot::{Durability, Interceptors, Limits, Phase, Plan, PlanOptions, Server, StoreUrl};

use crate::args::{Everything, InterceptorsServe, ListenAt};
use crate::signals::Signals;
use crate::{serve as serving, socket};

/// Runs the command.
pub(crate) fn run(everything: &Everything, is_json: bool) -> anyhow::Result<()> {
    let mut limits = Limits::default();
    everything.message.apply(&mut limits);
    let server = eyot_samples::everything(everything.era.into(), limits)?;
    let listen = (!everything.stdio).then_some(&everything.listen);
    serve(&server, (listen, &everything.store), is_json)
}

/// Serves the interceptors of this program.
pub(crate) fn interceptors(asked: &InterceptorsServe, is_json: bool) -> anyhow::Result<()> {
    let steps = [
        eyot_guard::Secrets::known().redactor().interceptor(&[Phase::Request, Phase::Response]),
        eyot_guard::hidden_characters(),
        eyot_guard::injection_markers(),
    ];
    let offered = Interceptors::new(Plan::compile(steps, PlanOptions::default())?);
    let server = interceptor_server(&offered, "eyot", env!("CARGO_PKG_VERSION"))?;
    serve(&server, (asked.listen.as_ref(), &StoreUrl::Memory), is_json)
}

/// Serves at an address, or else the client that started this program.
fn serve(
    server: &Server,
    (listen, store): (Option<&ListenAt>, &StoreUrl),
    is_json: bool,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let serving = async {
        match listen {
            None => {
                server.serve_stdio().await;
                Ok(())
            }
            Some(listen) => serve_http(server, (listen, store), is_json).await,
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

async fn serve_http(
    server: &Server,
    (listen, store): (&ListenAt, &StoreUrl),
    is_json: bool,
) -> anyhow::Result<()> {
    anyhow::ensure!(listen.is_local(), "{listen} can be reached by others: it asks for no keys");
    let bound = socket::listen(listen, "http").await?;
    let http = server.http().store(store.open(Durability::Sync)?);
    serving::announce(&bound.url("/mcp"), is_json)?;
    serving::report(http.serve(bound.listener).await);
    drop(bound.file);
    Ok(())
}
