//! Tower layers around a service, before the service is there.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use crate::{BoxService, McpService};

/// Tower layers of any kind, for services that are made later. The first is the outermost.
///
/// Clones put the same layers around other services.
#[derive(Clone, Default)]
pub struct Layers(Vec<Arc<dyn Fn(BoxService) -> BoxService + Send + Sync>>);

impl Layers {
    /// No layer yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer inside of those that are there.
    pub fn push<L>(&mut self, layer: L)
    where
        L: Layer<BoxService> + Send + Sync + 'static,
        L::Service: McpService,
    {
        self.0.push(Arc::new(move |inner| BoxService::new(layer.layer(inner))));
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The service behind these layers: itself, if there are none.
    #[must_use]
    pub fn around(&self, service: BoxService) -> BoxService {
        self.0.iter().rev().fold(service, |inner, layer| layer(inner))
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layers").field(&self.0.len()).finish()
    }
}
