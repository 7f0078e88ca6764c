//! The servers of configuration files, as they are put behind one endpoint.

use std::time::Duration;

use anyhow::Context as _;
use eyot::{Command, GatewayConfig, GatewayServer, Limits, Target};
use eyot_config::{Config, ServerConfig};
use eyot_interception::Interception;

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
        server.fingerprint = file.fingerprint();
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

    /// Puts before each server what stands there for it alone.
    pub(crate) fn intercept(gateway: &mut GatewayConfig, plans: &Interception) {
        for server in &mut gateway.servers {
            server.interceptors = plans.of_server(&server.name);
        }
    }
}

/// How long a server of many may take to start.
const SLOW_START: Duration = Duration::from_secs(60);
