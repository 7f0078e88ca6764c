//! What a proxy is made of.

use std::sync::Arc;

use eyot_bridge::Affinity;
use eyot_endpoint::EndpointConfig;
use eyot_relay::{Patience, Relay, RelayOptions};
use eyot_service::{BoxService, ServiceLayer};
use eyot_session::Store;
use eyot_upstream::{EraMode, Runtime, Target};
use tokio_util::sync::CancellationToken;

/// What a proxy needs besides its upstream. Everything has a default but the store.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Where and to whom it serves, and every bound.
    pub endpoint: EndpointConfig,
    /// The era of the upstream; see [`RelayOptions::era`].
    pub era: EraMode,
    /// Which modern clients share a session at a legacy upstream.
    pub affinity: Affinity,
    /// Stand between the endpoint and the relay: they see every call of every client.
    pub layers: ServiceLayer,
    /// Stand in front of each connection to the upstream.
    pub upstream_layers: ServiceLayer,
}

impl ProxyConfig {
    /// The defaults, with a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            endpoint: EndpointConfig::new(store),
            era: EraMode::default(),
            affinity: Affinity::default(),
            layers: ServiceLayer::default(),
            upstream_layers: ServiceLayer::default(),
        }
    }

    /// A relay to `target` behind its layers, and what serves it. `given_up`: calls do not wait for
    /// the upstream any more.
    pub(crate) fn into_service(
        self,
        target: Target,
        given_up: CancellationToken,
    ) -> (BoxService, EndpointConfig) {
        let Self { mut endpoint, era, affinity, layers, upstream_layers } = self;
        endpoint.limits = endpoint.limits_for_its_clients();
        let time = endpoint.limits.upstream.connect_patience;
        let (tasks, limits) = (endpoint.tasks.clone(), Arc::new(endpoint.limits));
        let mut runtime = Runtime::new(tasks, endpoint.shutdown.finished().clone(), limits);
        runtime.layers = upstream_layers;
        let options = RelayOptions { era, affinity, store: Some(Arc::clone(&endpoint.store)) };
        let relay = BoxService::of_boxed(Relay::with_options(target, runtime, options));
        let relay = Patience { time, given_up }.before(relay);
        (layers.around(relay), endpoint)
    }
}
