//! Tower layers of any type behind one type.

use std::fmt;
use std::sync::Arc;

use eyot_jsonrpc::Request;
use tower_layer::Layer;

use crate::{BoxService, McpService};

/// Layers around services. Cheap to clone.
///
/// One kind of layer fits everywhere: around the service of an endpoint, and around each connection
/// to an upstream.
#[derive(Clone, Default)]
pub struct ServiceLayer {
    around: Option<Arc<dyn Fn(BoxService) -> BoxService + Send + Sync>>,
    /// `None`: they are concerned by all requests.
    concern: Option<Concern>,
}

/// Whether layers are concerned by a request.
type Concern = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

impl ServiceLayer {
    /// One layer.
    pub fn new<L>(layer: L) -> Self
    where
        L: Layer<BoxService, Service: McpService> + Send + Sync + 'static,
    {
        Self::from_fn(move |inner| BoxService::new(layer.layer(inner)))
    }

    /// One layer of one function.
    pub fn from_fn(layer: impl Fn(BoxService) -> BoxService + Send + Sync + 'static) -> Self {
        Self { around: Some(Arc::new(layer)), concern: None }
    }

    /// The layers, which hand on as they come the requests that `concern` says no of, and their replies.
    /// Such a request may go past them.
    #[must_use]
    pub fn concerned_by(self, concern: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        Self { concern: Some(Arc::new(concern)), ..self }
    }

    /// Whether a request has to pass the layers.
    #[must_use]
    pub fn concerns(&self, request: &Request) -> bool {
        self.around.is_some() && self.concern.as_ref().is_none_or(|concern| concern(request))
    }

    /// These layers, with another layer inside of them.
    #[must_use]
    pub fn with(self, inner: Self) -> Self {
        let (outer_concern, inner_concern) = (self.concern, inner.concern);
        match (self.around, inner.around) {
            (Some(outer), Some(inner)) => Self {
                around: Some(Arc::new(move |it| outer(inner(it)))),
                concern: outer_concern.zip(inner_concern).map(|(outer, inner)| {
                    let any: Concern = Arc::new(move |it| outer(it) || inner(it));
                    any
                }),
            },
            (Some(around), None) => Self { around: Some(around), concern: outer_concern },
            (None, around) => Self { around, concern: inner_concern },
        }
    }

    /// Whether there are no layers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.around.is_none()
    }

    /// The service behind these layers.
    #[must_use]
    pub fn around(&self, service: BoxService) -> BoxService {
        match &self.around {
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
