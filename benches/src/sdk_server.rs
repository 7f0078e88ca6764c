//! A server of one of the SDKs, as a process of its own.
//!
//! Both run on the runtime of the program `eyot`, with its allocator. Eyot is served by its own
//! HTTP server; rmcp brings none, and is served by bare hyper.

use std::convert::Infallible;
use std::io::BufRead as _;

use anyhow::Context as _;
use clap::Args;
use eyot_benches::servers::{self, RmcpService, Sdk};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::RuntimeMetrics;

use crate::listener;

/// Whose server, and how.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Options {
    #[arg(long, value_enum)]
    pub(crate) sdk: Sdk,
    /// Leave the sockets as they come, without `TCP_NODELAY`; only for rmcp
    #[arg(long)]
    pub(crate) delays: bool,
}

/// What a server says when it is asked for its tasks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tasks {
    pub(crate) tasks: usize,
}

/// Serves until the process is ended.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let metrics = runtime.metrics();
    std::thread::spawn(move || tell_tasks(&metrics));
    match options.sdk {
        Sdk::Eyot => runtime.block_on(serve_eyot()),
        Sdk::Rmcp => {
            let service = servers::rmcp();
            let connection = move |stream| serve_rmcp(stream, service.clone(), options.delays);
            match runtime.block_on(listener::serve(connection))? {}
        }
    }
}

/// Answers every line with the number of tasks: a thread of its own, so that it is none of them.
fn tell_tasks(metrics: &RuntimeMetrics) -> anyhow::Result<()> {
    for line in std::io::stdin().lock().lines() {
        line?;
        let tasks = Tasks { tasks: metrics.num_alive_tasks() };
        println!("{}", serde_json::to_string(&tasks)?);
    }
    Ok(())
}

async fn serve_eyot() -> anyhow::Result<()> {
    let server = servers::eyot()?;
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listen")?;
    println!("{}", listener::ready(&listener)?);
    let drained = server.http().serve(listener).await;
    anyhow::bail!("the server ended by itself: {drained:?}")
}

async fn serve_rmcp(stream: TcpStream, service: RmcpService, delays: bool) -> anyhow::Result<()> {
    if delays {
        stream.set_nodelay(false).context("let the socket wait")?;
    }
    let answer = service_fn(move |request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.handle(request).await) }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    serving.await.context("serve a connection")
}
