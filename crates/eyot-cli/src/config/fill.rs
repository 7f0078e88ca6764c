//! Takes from a file what the flags leave open: "flags > environment > file".

use std::path::PathBuf;

use eyot::ToolFilter;
use eyot_config::{
    Affinity, CommandConfig, Era, Problem, ServerConfig, Sourced, Text, UrlConfig, UrlKind,
};

use super::{World, read};
use crate::args::{
    Connect, EnvVar, FromFile, Header, ProxySource, Run, Serve, Server, SharedBy, SpokenEra,
    SpokenTransport, Transport,
};
use crate::failure::Failure;
use crate::writer;

/// Fills in the flags of a command that is a client. The URL is its first word.
pub(crate) fn fill_client(server: &mut Server, words: &mut Vec<String>) -> anyhow::Result<()> {
    let Some(file) = chosen(&server.from, World { asks: true })? else { return Ok(()) };
    match &file.transport {
        eyot_config::Transport::Url(url) => {
            words.insert(0, url.url.value.expose().to_owned());
            fill_headers(&mut server.header, server.token.is_some(), url);
            fill_transport(&mut server.transport, url);
        }
        eyot_config::Transport::Command(command) => {
            server.command = words_of(command);
            fill_child(&mut server.env, &mut server.cwd, command);
        }
        _ => {}
    }
    server.era = server.era.or_else(|| file.era.as_ref().map(|it| era_of(it.value)));
    let time = |time: &Option<Sourced<_>>| time.as_ref().map(|it| it.value);
    server.timeout = server.timeout.or_else(|| time(&file.timeouts.call));
    server.connect_timeout = time(&file.timeouts.connect);
    server.message.fill(file.message_bytes_max.map(|it| it.value));
    Ok(())
}

/// Fills in the flags of `eyot run`. A server at a URL makes it `eyot connect`.
pub(crate) fn fill_run(run: &mut Run) -> anyhow::Result<Option<Connect>> {
    // Standard input is the client's.
    let Some(file) = chosen(&run.from, World::default())? else { return Ok(None) };
    run.from.tools = tools_of(&file);
    let beside = &mut run.beside;
    beside.era = beside.era.or_else(|| file.era.as_ref().map(|it| era_of(it.value)));
    beside.times.fill(&file.timeouts);
    beside.message.fill(file.message_bytes_max.as_ref().map(|it| it.value));
    match &file.transport {
        eyot_config::Transport::Command(command) => {
            run.command = words_of(command);
            fill_child(&mut run.env, &mut run.cwd, command);
            Ok(None)
        }
        eyot_config::Transport::Url(_) if !run.env.is_empty() || run.cwd.is_some() => {
            let name = &file.name;
            let message =
                format!("--env and --cwd are for a server with a command: `{name}` has a URL");
            Err(Failure::usage(message).into())
        }
        eyot_config::Transport::Url(url) => {
            let (mut header, mut transport) = (Vec::new(), Transport::default());
            fill_headers(&mut header, false, url);
            fill_transport(&mut transport, url);
            let (beside, url) = (beside.clone(), url.url.value.expose().to_owned());
            Ok(Some(Connect { beside, transport, header, token: None, url }))
        }
        _ => Ok(None),
    }
}

/// Fills in the flags of `eyot serve`.
pub(crate) fn fill_serve(serve: &mut Serve) -> anyhow::Result<()> {
    let Some(file) = chosen(&serve.from, World { asks: true })? else { return Ok(()) };
    serve.from.tools = tools_of(&file);
    match &file.transport {
        eyot_config::Transport::Url(_) if !serve.env.is_empty() || serve.cwd.is_some() => {
            let name = &file.name;
            let message =
                format!("--env and --cwd are for a server with a command: `{name}` has a URL");
            return Err(Failure::usage(message).into());
        }
        eyot_config::Transport::Url(url) => {
            serve.upstream = Some(url.url.value.expose().to_owned());
            fill_headers(&mut serve.upstream_header, serve.upstream_token.is_some(), url);
            fill_transport(&mut serve.transport, url);
        }
        eyot_config::Transport::Command(command) => {
            serve.command = words_of(command);
            fill_child(&mut serve.env, &mut serve.cwd, command);
        }
        _ => {}
    }
    serve.era = serve.era.or_else(|| file.era.as_ref().map(|it| era_of(it.value)));
    serve.affinity =
        serve.affinity.or_else(|| file.affinity.as_ref().map(|it| affinity_of(it.value)));
    serve.listen.times.fill(&file.timeouts);
    serve.listen.message.fill(file.message_bytes_max.as_ref().map(|it| it.value));
    Ok(())
}

/// The server that the flags name in files. `None`: they name no file.
fn chosen(from: &FromFile, world: World) -> anyhow::Result<Option<ServerConfig>> {
    if from.config.is_empty() {
        return Ok(None);
    }
    let configs = from.config.iter().map(|it| read(it, from.dialect, world));
    let configs = configs.collect::<anyhow::Result<Vec<_>>>()?;
    let enabled: Vec<&str> = configs.iter().flat_map(|it| it.enabled_names()).collect();
    let paths = listed(configs.iter().map(|it| &*it.source));
    let name = match (&from.server, enabled.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [name]) => (*name).to_owned(),
        (None, []) => {
            let problems = configs.iter().flat_map(|it| &it.problems);
            refuse(problems.filter(|it| it.is_error()).collect())?;
            let message =
                format!("every server in {paths} is disabled: name one with --server NAME");
            return Err(Failure::usage(message).into());
        }
        (None, names) => {
            let names = listed(names.iter().copied());
            let message = format!(
                "there are several servers in {paths}: {names}; name one with --server NAME"
            );
            return Err(Failure::usage(message).into());
        }
    };
    let mut found = None;
    for config in &configs {
        match config.server(&name) {
            Ok(Some(server)) if found.is_none() => found = Some((config, server.clone())),
            Ok(_) => {}
            Err(problems) => return refuse(problems).map(|()| None),
        }
    }
    let Some((config, server)) = found else {
        let names = listed(configs.iter().flat_map(|it| it.names()).map(String::as_str));
        let message = format!("there is no server `{name}` in {paths}, but {names}");
        return Err(Failure::usage(message).into());
    };
    tell(config, &server);
    Ok(Some(server))
}

/// Fails with problems, if there are any.
pub(super) fn refuse(problems: Vec<&Problem>) -> anyhow::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = problems.into_iter().map(ToString::to_string).collect();
    Err(Failure::usage(lines.join("\n")).into())
}

/// Tells what of the server is not as the user may believe.
pub(super) fn tell(config: &eyot_config::Config, server: &ServerConfig) {
    let is_about = |it: &&Problem| it.server.as_ref().is_none_or(|it| *it == server.name);
    for warning in config.problems.iter().filter(is_about) {
        writer::say(&warning.to_string());
    }
}

/// Which of its tools are offered.
pub(super) fn tools_of(file: &ServerConfig) -> ToolFilter {
    let names = |it: &Option<Sourced<Vec<String>>>| {
        it.as_ref().map(|it| it.value.iter().cloned().collect())
    };
    let mut tools = ToolFilter::default();
    tools.include = names(&file.tools.include);
    tools.exclude = names(&file.tools.exclude).unwrap_or_default();
    tools
}

/// Names in a message, a few of them.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    let shown: Vec<_> = names.iter().take(NAMES_MAX).map(|it| format!("`{it}`")).collect();
    let more = names.len().saturating_sub(NAMES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if shown.is_empty() { "none at all".to_owned() } else { format!("{}{more}", shown.join(", ")) }
}

pub(super) fn words_of(command: &CommandConfig) -> Vec<String> {
    let args = command.args.iter().map(|it| &it.value);
    let words = std::iter::once(&command.program.value).chain(args);
    words.map(|it| it.expose().to_owned()).collect()
}

pub(super) fn fill_child(
    env: &mut Vec<EnvVar>,
    cwd: &mut Option<PathBuf>,
    command: &CommandConfig,
) {
    for variable in &command.env {
        if !env.iter().any(|it| it.name == variable.name) {
            let value = variable.value.as_ref().map(|it| it.expose().clone());
            env.push(EnvVar { name: variable.name.clone(), value });
        }
    }
    fill_path(cwd, command.cwd.as_ref());
}

/// `has_token`: a flag gives a token, so that none of the file is wanted.
pub(super) fn fill_headers(headers: &mut Vec<Header>, has_token: bool, url: &UrlConfig) {
    let has = |headers: &[Header], name: &str| {
        let is_given = headers.iter().any(|it| it.name.eq_ignore_ascii_case(name));
        is_given || has_token && name.eq_ignore_ascii_case(AUTHORIZATION)
    };
    for header in &url.headers {
        if !has(headers, &header.name) {
            let value = header.value.expose().clone();
            headers.push(Header { name: header.name.clone(), value });
        }
    }
    if let Some(token) = &url.token
        && !has(headers, AUTHORIZATION)
    {
        let value = format!("Bearer {}", token.value.expose());
        headers.push(Header { name: AUTHORIZATION.to_owned(), value });
    }
}

pub(super) fn fill_transport(transport: &mut Transport, url: &UrlConfig) {
    let kind = match url.kind {
        UrlKind::Http => Some(SpokenTransport::Http),
        UrlKind::Sse => Some(SpokenTransport::Sse),
        _ => None,
    };
    transport.transport = transport.transport.or(kind);
    fill_path(&mut transport.ca, url.ca.as_ref());
    // The two belong together.
    if transport.client_cert.is_none() {
        fill_path(&mut transport.client_cert, url.client_cert.as_ref());
        fill_path(&mut transport.client_key, url.client_key.as_ref());
    }
    transport.insecure_skip_verify |= url.insecure_skip_verify.as_ref().is_some_and(|it| it.value);
    if transport.proxy.is_none() {
        transport.proxy = url.proxy.as_ref().map(|it| ProxySource(it.value.expose().clone()));
    }
}

fn fill_path(path: &mut Option<PathBuf>, file: Option<&Sourced<Text>>) {
    if path.is_none() {
        *path = file.map(|it| it.value.expose().into());
    }
}

pub(super) fn era_of(era: Era) -> SpokenEra {
    match era {
        Era::Auto => SpokenEra::Auto,
        Era::Legacy => SpokenEra::Legacy,
        Era::Modern => SpokenEra::Modern,
    }
}

pub(super) fn affinity_of(affinity: Affinity) -> SharedBy {
    match affinity {
        Affinity::Auto => SharedBy::Auto,
        Affinity::Shared => SharedBy::Shared,
        Affinity::PerPrincipal => SharedBy::PerPrincipal,
        Affinity::Handle => SharedBy::Handle,
        Affinity::PerRequest => SharedBy::PerRequest,
    }
}

const AUTHORIZATION: &str = "Authorization";
/// Names in a message.
const NAMES_MAX: usize = 20;
