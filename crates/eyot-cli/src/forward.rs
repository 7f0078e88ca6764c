//! `eyot run` and `eyot connect`: beside one client, on standard input and output.

use std::collections::HashSet;

use anyhow::Context as _;
use eyot::{AccessToken, Command, ForwardProxy, Limits, ProxyConfig, StaticToken, Target};

use crate::args::{Beside, Connect, Header, Run, TokenSource};
use crate::failure::Failure;
use crate::signals::Signals;
use crate::{config, secrets, serve, transport};

/// Runs `eyot run`.
pub(crate) fn run(mut run: Run) -> anyhow::Result<()> {
    if let Some(at_url) = config::fill_run(&mut run)? {
        return connect(&at_url);
    }
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
    start(&beside, target, limits(&beside))
}

/// Runs `eyot connect`.
pub(crate) fn connect(connect: &Connect) -> anyhow::Result<()> {
    let Connect { beside, transport, header, token, url } = connect;
    let mut limits = limits(beside);
    // A client beside this program can do nothing but ask again.
    limits.upstream.connect_patience = limits.calls.timeout;
    let target = transport::target(url, limits, transport);
    let target = target.map_err(|error| Failure::usage(format!("{error:#}")))?;
    let target = with_credentials(target, ("--header", header), ("--token", token.as_ref()))?;
    start(beside, target, limits)
}

/// The server at a URL, with the headers and the token that the flags of these names add to every
/// request.
pub(crate) fn with_credentials(
    mut target: Target,
    (header_flag, headers): (&'static str, &[Header]),
    (token_flag, token): (&'static str, Option<&TokenSource>),
) -> anyhow::Result<Target> {
    for Header { name, value } in headers {
        target = target.with_header(name, value).context(header_flag)?;
    }
    if let Some(source) = token {
        let token = secrets::read(&source.0).context(token_flag)?;
        target = target.with_tokens(StaticToken::new(AccessToken::new(token.expose().as_str())));
    }
    Ok(target)
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
fn start(beside: &Beside, target: Target, limits: Limits) -> anyhow::Result<()> {
    // One client: a second thread would mostly pass its messages from one to the other.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let mut signals = Signals::new().context("signals cannot be received")?;
        let mut config = ProxyConfig::new(serve::open_store(&beside.store)?);
        config.endpoint.limits = limits;
        config.era = beside.era.unwrap_or_default().into();
        let shutdown = config.endpoint.shutdown.clone();
        let proxy = ForwardProxy::new(target, config);
        tokio::select! {
            () = proxy.serve_stdio() => {}
            () = signals.pass_on(&shutdown, None::<fn()>) => {}
        }
        Ok(())
    });
    // A thread may still wait for standard input, to which nothing will be written any more.
    runtime.shutdown_background();
    served
}
