//! `eyot run` and `eyot connect`: beside one client, on standard input and output.

use std::collections::HashSet;

use anyhow::Context as _;
use eyot::{Command, Durability, ForwardProxy, Limits, ProxyConfig, Target, ToolFilter};
use eyot_interception::{Interception, SettingsFiles};

use crate::args::{Beside, Connect, Run, Transport};
use crate::config::{ManyFiles, World};
use crate::failure::Failure;
use crate::signals::Signals;
use crate::{config, serve, transport};

/// Runs `eyot run`.
pub(crate) fn run(mut run: Run) -> anyhow::Result<()> {
    let enabled = if run.from.wants_all() { config::enabled(&run.from)? } else { Vec::new() };
    if enabled.len() > 1 {
        return run_many(run);
    }
    let only = run.from.server.as_ref().or_else(|| enabled.first()).map(String::as_str);
    let settings = config::settings_files(run.beside.interceptors.as_ref(), &run.from, only);
    if let Some(at_url) = config::fill_run(&mut run)? {
        return connect_to(&at_url, &run.from.tools, settings);
    }
    let tools = run.from.tools;
    let Run { beside, env, inherit_env, cwd, command, .. } = run;
    let mut words = command.into_iter();
    let program = words.next().context("name a server after `--`")?;
    let mut env: Vec<_> = env.into_iter().map(|it| (it.name, it.value)).collect();
    if inherit_env {
        let known: HashSet<_> = env.iter().map(|it| it.0.clone()).collect();
        let own = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let own = own.filter(|it| !it.is_empty() && !it.contains('=') && !known.contains(it));
        env.extend(own.map(|name| (name, None)));
    }
    let target = Target::Command(Command { program, args: words.collect(), env, cwd });
    start(&beside, limits(&beside), settings, |mut config, _| {
        config.layers = tools.layer();
        ForwardProxy::new(target, config)
    })
}

/// Runs `eyot run` before all servers of the files.
fn run_many(run: Run) -> anyhow::Result<()> {
    let Run { beside, from, together, env, cwd, .. } = run;
    if !env.is_empty() || cwd.is_some() {
        let message = "--env and --cwd are for one server: name it with --server NAME";
        return Err(Failure::usage(message).into());
    }
    let limits = limits(&beside);
    let settings = config::settings_files(beside.interceptors.as_ref(), &from, None);
    let files = ManyFiles {
        // Standard input is the client's.
        world: World::default(),
        from,
        together,
        limits,
        times: beside.times,
        message: beside.message,
        transport: Transport::default(),
        era: beside.era,
        affinity: None,
    };
    let mut gateway = files.load()?;
    start(&beside, limits, settings, |config, plans| {
        ManyFiles::intercept(&mut gateway, plans);
        ForwardProxy::of_many(gateway, config)
    })
}

/// Runs `eyot connect`.
pub(crate) fn connect(connect: &Connect) -> anyhow::Result<()> {
    let interceptors = connect.beside.interceptors.clone();
    let settings = SettingsFiles { interceptors, ..SettingsFiles::default() };
    connect_to(connect, &ToolFilter::default(), settings)
}

/// Stands before the server at a URL, of which these tools are offered.
fn connect_to(
    connect: &Connect,
    tools: &ToolFilter,
    settings: SettingsFiles,
) -> anyhow::Result<()> {
    let Connect { beside, transport, header, token, url } = connect;
    let mut limits = limits(beside);
    // A client beside this program can do nothing but ask again.
    limits.upstream.connect_patience = limits.calls.timeout;
    let target = transport::target(url, limits, transport);
    let target = target.map_err(|error| Failure::usage(format!("{error:#}")))?;
    let target =
        transport::with_credentials(target, ("--header", header), ("--token", token.as_ref()))?;
    start(beside, limits, settings, |mut config, _| {
        config.layers = tools.layer();
        ForwardProxy::new(target, config)
    })
}

/// The bounds that the flags ask for.
fn limits(beside: &Beside) -> Limits {
    let mut limits = Limits::default();
    beside.message.apply(&mut limits);
    beside.times.apply(&mut limits);
    limits.drain_timeout = beside.drain_timeout;
    limits
}

/// Serves the client until it has gone or a signal comes.
fn start(
    beside: &Beside,
    limits: Limits,
    settings: SettingsFiles,
    proxy: impl FnOnce(ProxyConfig, &Interception) -> ForwardProxy,
) -> anyhow::Result<()> {
    // One client: a second thread would mostly pass its messages from one to the other.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let mut signals = Signals::new().context("signals cannot be received")?;
        let mut config = ProxyConfig::new(beside.store.open(Durability::Sync)?);
        config.endpoint.limits = limits;
        config.era = beside.era.unwrap_or_default().into();
        let shutdown = config.endpoint.shutdown.clone();
        let intercepting = serve::intercepting(settings, &mut config).await?;
        let proxy = proxy(config, intercepting.0.plans());
        serve::stand_before(&intercepting.0, proxy.server_names())?;
        tokio::select! {
            () = proxy.serve_stdio() => {}
            () = signals.pass_on(&shutdown, None::<fn()>) => {}
            () = eyot_interception::follow(intercepting) => {}
        }
        Ok(())
    });
    // A thread may still wait for standard input, to which nothing will be written any more.
    runtime.shutdown_background();
    served
}
