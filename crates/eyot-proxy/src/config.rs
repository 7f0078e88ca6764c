//! What a proxy is made of.

use std::sync::Arc;

use eyot_bridge::Affinity;
use eyot_endpoint::EndpointConfig;
use eyot_service::{BoxService, Layers, McpService};
use eyot_session::Store;
use eyot_upstream::EraMode;
use tower_layer::Layer;

/// What a proxy needs besides its upstream. Everything has a default but the store.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Where and to whom it serves, and every bound.
    pub endpoint: EndpointConfig,
    /// The era of the upstream; see [`RelayOptions::era`](eyot_relay::RelayOptions::era).
    pub era: EraMode,
    /// Which modern clients share a session at a legacy upstream.
    pub affinity: Affinity,
    /// What stands between the endpoint and the relay: it sees every call of every client.
    pub layers: Layers,
}

impl ProxyConfig {
    /// The defaults, with a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            endpoint: EndpointConfig::new(store),
            era: EraMode::default(),
            affinity: Affinity::default(),
            layers: Layers::new(),
        }
    }

    /// Puts a tower layer between the endpoint and the relay. The first is the outermost.
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxService> + Send + Sync + 'static,
        L::Service: McpService,
    {
        self.layers.push(layer);
        self
    }
}
