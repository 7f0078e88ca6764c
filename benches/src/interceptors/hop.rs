//! A hop with a plan: a reverse proxy, as a process of its own.

use std::process::Command;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use eyot::session::LogLimits;
use eyot::{Limits, MemoryStore, ProxyConfig, ReverseProxy, Target};
use tokio::net::TcpListener;

use super::kind::Kind;
use crate::listener;
use crate::subject::Programs;

/// What stands in the hop.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where requests go
    #[arg(long)]
    upstream: String,
    #[arg(long, value_enum)]
    plan: Kind,
    #[arg(long)]
    steps: usize,
}

/// Adds to `command` this hop before `upstream`.
pub(super) fn add(
    programs: &Programs,
    command: &mut Command,
    (plan, steps): (Kind, usize),
    upstream: &str,
) {
    command.arg(programs.bench()).args(["plan-hop", "--upstream", upstream]);
    command.args(["--plan", &plan.word(), "--steps", &steps.to_string()]);
}

/// Serves until the process is ended, on the runtime of the program `eyot`.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(Options { upstream, plan, steps }: &Options) -> anyhow::Result<()> {
    let target = Target::url(upstream, Limits::default()).context("the upstream")?;
    let mut config = ProxyConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
    config.upstream_interceptors = plan.interceptors(*steps)?.into_iter().collect();
    if *plan == Kind::Layer {
        config.upstream_layers = plan.layer(*steps)?;
    }
    let proxy = ReverseProxy::new(target, config);
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listen")?;
    println!("{}", listener::ready(&listener)?);
    let drained = proxy.serve(listener).await;
    anyhow::bail!("the hop ended by itself: {drained:?}")
}
