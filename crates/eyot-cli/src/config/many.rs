//! The servers of configuration files, as they are put behind one endpoint.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use anyhow::Context as _;
use eyot::{Command, GatewayConfig, GatewayServer, Limits, Target};
use eyot_config::{Config, ServerConfig};
use eyot_files::Stamp;

use super::fill::{
    affinity_of, era_of, fill_child, fill_headers, fill_transport, refuse, tell, tools_of, words_of,
};
use super::{World, read};
use crate::args::{CallTimes, FromFile, MessageBound, SharedBy, SpokenEra, Together, Transport};
use crate::failure::Failure;
use crate::transport::{self, with_credentials};

/// Files with the servers of a gateway, and the flags that hold for all of them.
#[derive(Clone, Debug)]
pub(crate) struct ManyFiles {
    pub(crate) world: World,
    pub(crate) from: FromFile,
    pub(crate) together: Together,
    pub(crate) limits: Limits,
    pub(crate) times: CallTimes,
    pub(crate) message: MessageBound,
    pub(crate) transport: Transport,
    pub(crate) era: Option<SpokenEra>,
    pub(crate) affinity: Option<SharedBy>,
}

impl ManyFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// All that is wrong with the servers that are to be used.
    pub(crate) fn load(&self) -> anyhow::Result<GatewayConfig> {
        let FromFile { config, dialect, .. } = &self.from;
        let configs = config
            .iter()
            .map(|it| read(it, *dialect, self.world))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let problems = Config::duplicates(&configs);
        let own = configs.iter().flat_map(|it| &it.problems);
        refuse(own.chain(&problems).filter(|it| it.is_error()).collect())?;
        let mut servers = Vec::new();
        for config in &configs {
            for server in config.servers().unwrap_or_default() {
                tell(config, server);
                let made = self.server(server);
                let mut made = made.with_context(|| format!("{}:{}", server.source, server.at))?;
                made.is_eager = self.together.eager;
                servers.push(made);
            }
        }
        if servers.is_empty() {
            return Err(Failure::usage("every server in the files is disabled").into());
        }
        let mut gateway = GatewayConfig::new(servers);
        gateway.prefix = self.together.prefix.into();
        Ok(gateway)
    }

    fn server(&self, file: &ServerConfig) -> anyhow::Result<GatewayServer> {
        let limits = self.limits_of(file);
        let mut server = GatewayServer::new(&file.name, self.target(file, limits)?);
        let era = self.era.or_else(|| file.era.as_ref().map(|it| era_of(it.value)));
        let affinity =
            self.affinity.or_else(|| file.affinity.as_ref().map(|it| affinity_of(it.value)));
        server.era = era.unwrap_or_default().into();
        server.affinity = affinity.map(Into::into);
        server.limits = Some(limits);
        server.tools = tools_of(file);
        server.fingerprint = fingerprint(file);
        Ok(server)
    }

    fn limits_of(&self, file: &ServerConfig) -> Limits {
        let (mut times, mut message, mut limits) = (self.times, self.message, self.limits);
        times.fill(&file.timeouts);
        message.fill(file.message_bytes_max.as_ref().map(|it| it.value));
        if file.timeouts.connect.is_none() {
            // Others are served meanwhile: a slow start is waited for.
            limits.upstream.connect_timeout = SLOW_START;
        }
        times.apply(&mut limits);
        message.apply(&mut limits);
        limits
    }

    fn target(&self, file: &ServerConfig, limits: Limits) -> anyhow::Result<Target> {
        match &file.transport {
            eyot_config::Transport::Command(command) => {
                let (mut env, mut cwd) = (Vec::new(), None);
                fill_child(&mut env, &mut cwd, command);
                let mut words = words_of(command).into_iter();
                let program = words.next().context("the command is empty")?;
                let env = env.into_iter().map(|it| (it.name, it.value)).collect();
                Ok(Target::Command(Command { program, args: words.collect(), env, cwd }))
            }
            eyot_config::Transport::Url(url) => {
                let (mut headers, mut transport) = (Vec::new(), self.transport.clone());
                fill_headers(&mut headers, false, url);
                fill_transport(&mut transport, url);
                let target = transport::target(url.url.value.expose(), limits, &transport)?;
                with_credentials(target, ("headers", &headers), ("token", None))
            }
            _ => anyhow::bail!("the transport of `{}` is not known", file.name),
        }
    }

    /// Waits until a file has changed.
    ///
    /// # Cancel safety
    /// Dropping the future stops looking.
    pub(crate) async fn changed(&self, known: &mut Vec<Stamp>) {
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            let now = self.stamps();
            if now != *known {
                *known = now;
                return;
            }
        }
    }

    /// How the files are now.
    pub(crate) fn stamps(&self) -> Vec<Stamp> {
        self.from.config.iter().map(|it| Stamp::of(it)).collect()
    }
}

/// Tells whether a server is as it was: all that is said of it, with its secrets, as a digest that never
/// leaves the process.
fn fingerprint(file: &ServerConfig) -> String {
    let mut hasher = DefaultHasher::new();
    let ServerConfig { transport, era, affinity, timeouts, message_bytes_max, tools, .. } = file;
    let plain = (era.as_ref().map(|it| it.value), affinity.as_ref().map(|it| it.value));
    let times = [&timeouts.connect, &timeouts.call, &timeouts.call_total, &timeouts.question];
    format!("{plain:?}").hash(&mut hasher);
    times.map(|it| it.as_ref().map(|it| it.value)).hash(&mut hasher);
    message_bytes_max.as_ref().map(|it| it.value).hash(&mut hasher);
    for list in [&tools.include, &tools.exclude] {
        list.as_ref().map(|it| &it.value).hash(&mut hasher);
    }
    match transport {
        eyot_config::Transport::Command(command) => {
            words_of(command).hash(&mut hasher);
            command.cwd.as_ref().map(|it| it.value.expose()).hash(&mut hasher);
            for variable in &command.env {
                variable.name.hash(&mut hasher);
                variable.value.as_ref().map(|it| it.expose()).hash(&mut hasher);
            }
        }
        eyot_config::Transport::Url(url) => {
            (url.kind.as_str(), url.url.value.expose()).hash(&mut hasher);
            for header in &url.headers {
                (&header.name, header.value.expose()).hash(&mut hasher);
            }
            url.token.as_ref().map(|it| it.value.expose()).hash(&mut hasher);
            url.proxy.as_ref().map(|it| it.value.expose()).hash(&mut hasher);
            for path in [&url.ca, &url.client_cert, &url.client_key] {
                path.as_ref().map(|it| it.value.expose()).hash(&mut hasher);
            }
            url.insecure_skip_verify.as_ref().map(|it| it.value).hash(&mut hasher);
        }
        _ => {}
    }
    format!("{:016x}", hasher.finish())
}

/// How long a server of many may take to start.
const SLOW_START: Duration = Duration::from_secs(60);
/// A file that is being written is read again when it is whole.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
