//! What a proxy is made of.

use std::sync::Arc;

use eyot_bridge::Affinity;
use eyot_endpoint::EndpointConfig;
use eyot_interceptors::{Boundary, InterceptorLayer, Interceptors};
use eyot_policy::LivePolicy;
use eyot_relay::{Patience, Relay, RelayOptions};
use eyot_service::{BoxService, ServiceLayer};
use eyot_session::{Store, UpstreamName};
use eyot_upstream::{EraMode, Runtime, Target};
use tokio_util::sync::CancellationToken;

use crate::many::GatewayServer;

/// What a proxy needs besides its upstream. Everything has a default but the store.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Where and to whom it serves, and every bound.
    pub endpoint: EndpointConfig,
    /// The HTTP policy before the endpoint; `None`: there is none. A proxy beside a client has no HTTP.
    pub policy: Option<LivePolicy>,
    /// The era of the upstream; see [`RelayOptions::era`].
    pub era: EraMode,
    /// Which modern clients share a session at a legacy upstream.
    pub affinity: Affinity,
    /// Stand between the endpoint and the relay: they see every call of every client.
    pub layers: ServiceLayer,
    /// Stand in front of each connection to the upstream.
    pub upstream_layers: ServiceLayer,
    /// See what crosses the boundary to clients, inside of `layers`. `None`: there are none.
    pub downstream_interceptors: Option<Interceptors>,
    /// See what crosses the boundary to servers, inside of `upstream_layers`, and know which of several
    /// servers it is. A request meets them in this order, and what comes back the other way round. Those
    /// of one of several servers ([`GatewayServer::interceptors`]) are behind them.
    pub upstream_interceptors: Vec<Interceptors>,
}

impl ProxyConfig {
    /// The defaults, with a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            endpoint: EndpointConfig::new(store),
            policy: None,
            era: EraMode::default(),
            affinity: Affinity::default(),
            layers: ServiceLayer::default(),
            upstream_layers: ServiceLayer::default(),
            downstream_interceptors: None,
            upstream_interceptors: Vec::new(),
        }
    }

    /// Modern clients without a name may get a session at the upstream for each call.
    pub(crate) fn is_undecided(&self) -> bool {
        self.affinity == Affinity::Auto
            && self.era != EraMode::Modern
            && self.endpoint.auth.is_open()
    }

    /// A relay to `target` behind its layers, and what serves it. `given_up`: calls do not wait for
    /// the upstream any more.
    pub(crate) fn into_service(
        self,
        target: Target,
        given_up: CancellationToken,
    ) -> (BoxService, EndpointConfig) {
        let (relays, endpoint) = self.into_relays(given_up);
        (relays.relay(target).1, endpoint)
    }

    /// What makes relays, and what serves them. `given_up`: as for
    /// [`into_service`](Self::into_service).
    pub(crate) fn into_relays(self, given_up: CancellationToken) -> (Relays, EndpointConfig) {
        let Self { mut endpoint, era, affinity, layers, upstream_layers, .. } = self;
        let interceptors = (self.downstream_interceptors, self.upstream_interceptors);
        endpoint.limits = endpoint.limits_for_its_clients();
        let time = endpoint.limits.upstream.connect_patience;
        let (tasks, limits) = (endpoint.tasks.clone(), Arc::new(endpoint.limits));
        let mut runtime = Runtime::new(tasks, endpoint.shutdown.finished().clone(), limits);
        runtime.layers = upstream_layers;
        let store = Arc::clone(&endpoint.store);
        let patience = Patience { time, given_up };
        (Relays { runtime, era, affinity, store, layers, interceptors, patience }, endpoint)
    }
}

/// Makes the relays of one proxy.
#[derive(Debug)]
pub(crate) struct Relays {
    pub(crate) runtime: Runtime,
    era: EraMode,
    affinity: Affinity,
    pub(crate) store: Arc<dyn Store>,
    layers: ServiceLayer,
    /// Those at the boundary to clients, and those at the boundary to servers.
    interceptors: (Option<Interceptors>, Vec<Interceptors>),
    patience: Patience,
}

/// What stands behind layers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behind<'a> {
    /// The server of a proxy that has one.
    Only,
    /// The one of several servers that has this name.
    One(&'a str),
    /// Several servers as one.
    All,
}

impl Relays {
    /// A relay to `target`, and the relay behind its layers.
    pub(crate) fn relay(&self, target: Target) -> (Relay, BoxService) {
        let Self { era, affinity, .. } = *self;
        let store = Some(Arc::clone(&self.store));
        let options = RelayOptions { era, affinity, store, ..RelayOptions::default() };
        let relay = Relay::with_options(target, self.runtime_of(Behind::Only, None), options);
        let patient = self.patience.clone().before(BoxService::of_boxed(relay.clone()));
        (relay, self.layered(patient, Behind::Only))
    }

    /// A relay to one of several servers, which sessions keep as `slot`.
    pub(crate) fn relay_at(&self, slot: UpstreamName, server: &GatewayServer) -> BoxService {
        let GatewayServer { target, era, affinity, limits, .. } = server;
        let (era, affinity) = (*era, affinity.unwrap_or(self.affinity));
        let store = Some(Arc::clone(&self.store));
        let behind = Behind::One(&server.name);
        let mut runtime = self.runtime_of(behind, server.interceptors.as_ref());
        if let Some(limits) = limits {
            runtime.limits = Arc::new(*limits);
        }
        let options = RelayOptions { era, affinity, slot, store };
        let relay = Relay::with_options(target.clone(), runtime, options);
        self.patience.clone().before(BoxService::of_boxed(relay))
    }

    /// A service behind the layers that see every call of every client.
    pub(crate) fn layered(&self, service: BoxService, behind: Behind<'_>) -> BoxService {
        let interceptors = self.interceptors.0.iter();
        let intercepted = self.intercepting(interceptors, Boundary::Downstream, behind);
        self.layers.clone().with(intercepted).around(service)
    }

    /// The surroundings of connections to a server, which may have interceptors of its own.
    fn runtime_of(&self, behind: Behind<'_>, own: Option<&Interceptors>) -> Runtime {
        let mut runtime = self.runtime.clone();
        let interceptors = self.interceptors.1.iter().chain(own);
        let intercepted = self.intercepting(interceptors, Boundary::Upstream, behind);
        runtime.layers = runtime.layers.with(intercepted);
        runtime
    }

    /// Layers of these interceptors, the first outside of the others.
    fn intercepting<'i>(
        &self,
        interceptors: impl Iterator<Item = &'i Interceptors>,
        boundary: Boundary,
        behind: Behind<'_>,
    ) -> ServiceLayer {
        interceptors.fold(ServiceLayer::default(), |layers, it| {
            let layer = InterceptorLayer::new(it, boundary);
            let layer = layer.sealing_with(Arc::clone(&self.store));
            layers.with(match behind {
                Behind::Only => layer.into(),
                Behind::One(name) => layer.at_server(name).into(),
                Behind::All => layer.before_gateway().into(),
            })
        })
    }
}
