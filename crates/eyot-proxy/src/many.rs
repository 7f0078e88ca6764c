//! Many servers behind one endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyot_bridge::Affinity;
use eyot_endpoint::{FindService, Finding, FoundService};
use eyot_gateway::{Gateway, GatewayOptions, Member, Prefix, ToolFilter};
use eyot_interceptors::Interceptors;
use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST};
use eyot_service::{BoxService, Fault, FaultKind, Limits, Peer, SessionHandle};
use eyot_session::UpstreamName;
use eyot_upstream::{EraMode, Target};
use http::Uri;
use parking_lot::RwLock;

use crate::config::{Behind, Relays};

/// The servers behind one endpoint, and how clients see them together.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GatewayConfig {
    /// The servers, in any order. Of two with one name the last counts.
    pub servers: Vec<GatewayServer>,
    /// When the names of tools and prompts say which server they are of.
    pub prefix: Prefix,
}

/// One server behind a gateway.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GatewayServer {
    /// What people call it: it stands in paths, in front of tools, and in errors.
    pub name: String,
    /// What to connect to.
    pub target: Target,
    /// Its era; see [`RelayOptions::era`](eyot_relay::RelayOptions::era).
    pub era: EraMode,
    /// Which modern clients share a session there. `None`: as the proxy has it.
    pub affinity: Option<Affinity>,
    /// Bounds of its own. `None`: those of the proxy.
    pub limits: Option<Limits>,
    /// Which of its tools are offered.
    pub tools: ToolFilter,
    /// See what crosses the boundary to this server, behind those for all
    /// ([`ProxyConfig::upstream_interceptors`](crate::ProxyConfig::upstream_interceptors)). `None`: there
    /// are none. Whether there are any belongs to the fingerprint.
    pub interceptors: Option<Interceptors>,
    /// It is started at once, and not when it is first needed.
    pub is_eager: bool,
    /// Tells servers apart that have one name: after a [reload](crate::ReverseProxy::reload), a server
    /// goes on as it was if both are equal.
    pub fingerprint: String,
}

impl GatewayConfig {
    /// These servers, with names as they are where that is clear.
    #[must_use]
    pub fn new(servers: Vec<GatewayServer>) -> Self {
        Self { servers, prefix: Prefix::default() }
    }
}

impl GatewayServer {
    /// A server, and the defaults for the rest.
    #[must_use]
    pub fn new(name: impl Into<String>, target: Target) -> Self {
        Self {
            name: name.into(),
            target,
            era: EraMode::default(),
            affinity: None,
            limits: None,
            tools: ToolFilter::default(),
            interceptors: None,
            is_eager: false,
            fingerprint: String::new(),
        }
    }
}

/// Finds the services of an endpoint: all servers as one, or one of them.
#[derive(Debug)]
pub(crate) struct Many {
    path: String,
    relays: Relays,
    gateway: Gateway,
    /// The gateway behind the layers of the proxy.
    service: BoxService,
    servers: RwLock<BTreeMap<UpstreamName, Server>>,
}

#[derive(Clone, Debug)]
struct Server {
    config: GatewayServer,
    member: Member,
    /// The server behind the layers of the proxy.
    service: BoxService,
}

impl Many {
    pub(crate) fn new(path: String, config: GatewayConfig, relays: Relays) -> Self {
        let GatewayConfig { servers, prefix } = config;
        let runtime = &relays.runtime;
        let options = GatewayOptions {
            prefix,
            limits: Arc::clone(&runtime.limits),
            tasks: runtime.tasks.clone(),
            over: runtime.shutdown.clone(),
            store: Arc::clone(&relays.store),
        };
        let gateway = Gateway::new(Vec::new(), options);
        let service = relays.layered(gateway.service(), Behind::All);
        let many = Self { path, relays, gateway, service, servers: RwLock::default() };
        many.reload(GatewayConfig { servers, prefix });
        many
    }

    /// What answers for all of them.
    pub(crate) fn service(&self) -> &BoxService {
        &self.service
    }

    /// The names of the servers, in their order.
    pub(crate) fn server_names(&self) -> Vec<String> {
        self.servers.read().values().map(|it| it.config.name.clone()).collect()
    }

    /// Puts other servers in the place of these.
    pub(crate) fn reload(&self, config: GatewayConfig) {
        let mut servers = BTreeMap::new();
        for config in config.servers {
            let slot = Member::slot_of(&config.name);
            let known = self.servers.read().get(&slot).cloned();
            let server = known.filter(|it| it.config.fingerprint == config.fingerprint);
            let server = server.unwrap_or_else(|| self.made(slot.clone(), config));
            servers.insert(slot, server);
        }
        let members = servers.values().map(|it| it.member.clone()).collect();
        *self.servers.write() = servers;
        self.gateway.set_members(members);
    }

    fn made(&self, slot: UpstreamName, config: GatewayServer) -> Server {
        let relay = self.relays.relay_at(slot.clone(), &config);
        let member = Member::new(&*config.name, slot, config.tools.around(relay));
        let service = self.relays.layered(member.service().clone(), Behind::One(&config.name));
        Server { config, member, service }
    }

    /// Starts the servers that are to be started at once.
    pub(crate) fn start(&self) {
        let servers = self.servers.read();
        let eager = servers.values().filter(|it| it.config.is_eager);
        eager.for_each(|it| self.gateway.start(&it.member));
    }

    /// Closes connections that nothing has used for too long.
    pub(crate) fn sweep(&self) {
        let targets: Vec<Target> =
            self.servers.read().values().map(|it| it.config.target.clone()).collect();
        targets.iter().for_each(Target::sweep);
    }

    /// The name of the server in a path; empty: all of them. `None`: it is another path.
    fn name_in<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&*self.path)?;
        match rest.strip_prefix('/') {
            Some(name) => Some(name.strip_suffix('/').unwrap_or(name)),
            None => rest.is_empty().then_some(""),
        }
    }

    fn found(&self, uri: &Uri) -> Result<FoundService, Fault> {
        let name = self.name_in(uri.path()).unwrap_or_default();
        if name.is_empty() {
            return Ok(FoundService::new(self.service.clone(), Gateway::owns));
        }
        let slot = UpstreamName::parse(name);
        let server = slot.and_then(|it| {
            self.servers
                .read()
                .get_key_value(&it)
                .map(|(slot, server)| (slot.clone(), server.service.clone()))
        });
        let (slot, service) = server.ok_or_else(|| {
            let message = "there is no server of that name here";
            Fault::new(FaultKind::SessionGone, ErrorObject::new(INVALID_REQUEST, message))
        })?;
        let owns = move |state: &eyot_session::SessionState| {
            !Gateway::owns(state) && state.upstreams.get(&slot).is_some()
        };
        Ok(FoundService::new(service, owns))
    }
}

impl FindService for Many {
    fn covers(&self, path: &str) -> bool {
        self.name_in(path).is_some()
    }

    fn find<'a>(&'a self, uri: &'a Uri, _peer: &'a Peer) -> Finding<'a> {
        Box::pin(std::future::ready(self.found(uri)))
    }

    fn unnamed(&self) -> Option<&BoxService> {
        Some(&self.service)
    }

    fn of_session(&self, session: &SessionHandle) -> Option<BoxService> {
        if session.look(Gateway::owns) {
            return Some(self.service.clone());
        }
        let servers = self.servers.read();
        servers.keys().find_map(|it| session.upstream(it))
    }
}
