//! Tower layers of any type behind one type.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use crate::{BoxService, McpService};

/// Layers around services. Cheap to clone.
///
/// One kind of layer fits everywhere: around the service of an endpoint, and around each connection
/// to an upstream.
#[derive(Clone, Default)]
pub struct ServiceLayer(Option<Arc<dyn Fn(BoxService) -> BoxService + Send + Sync>>);

impl ServiceLayer {
    /// One layer.
    pub fn new<L>(layer: L) -> Self
    where
        L: Layer<BoxService, Service: McpService> + Send + Sync + 'static,
    {
        Self(Some(Arc::new(move |inner| BoxService::new(layer.layer(inner)))))
    }

    /// One layer of one function.
    pub fn from_fn(layer: impl Fn(BoxService) -> BoxService + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(layer)))
    }

    /// These layers, with another layer inside of them.
    #[must_use]
    pub fn with(self, inner: Self) -> Self {
        match (self.0, inner.0) {
            (Some(outer), Some(inner)) => Self(Some(Arc::new(move |it| outer(inner(it))))),
            (outer, inner) => Self(outer.or(inner)),
        }
    }

    /// Whether there are no layers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The service behind these layers.
    #[must_use]
    pub fn around(&self, service: BoxService) -> BoxService {
        match &self.0 {
            Some(layer) => layer(service),
            None => service,
        }
    }
}

impl fmt::Debug for ServiceLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceLayer").field("is_empty", &self.is_empty()).finish()
    }
}
