//! The plan as a layer around any service.

use std::sync::Arc;

use eyot_service::{BoxService, ServiceLayer};
use tower_layer::Layer;

use crate::interceptors::{Boundary, Interceptors};
use crate::service::Intercepted;

/// Runs a plan over every message that crosses a boundary: requests and their answers, questions of
/// servers and theirs, and what is inside of rounds and tasks.
#[derive(Clone, Debug)]
pub struct InterceptorLayer {
    interceptors: Interceptors,
    boundary: Boundary,
    server: Option<Arc<str>>,
}

impl InterceptorLayer {
    /// The layer at one boundary. Layers at several places can share interceptors.
    #[must_use]
    pub fn new(interceptors: &Interceptors, boundary: Boundary) -> Self {
        Self { interceptors: interceptors.clone(), boundary, server: None }
    }

    /// The layer before the server of this name: interceptors and rules can tell it from others.
    #[must_use]
    pub fn at_server(mut self, name: impl Into<Arc<str>>) -> Self {
        self.server = Some(name.into());
        self
    }
}

impl Layer<BoxService> for InterceptorLayer {
    type Service = BoxService;

    fn layer(&self, inner: BoxService) -> BoxService {
        let Self { interceptors, boundary, server } = self.clone();
        BoxService::of_shared(Arc::new(Intercepted { inner, interceptors, boundary, server }))
    }
}

impl From<InterceptorLayer> for ServiceLayer {
    fn from(layer: InterceptorLayer) -> Self {
        let interceptors = layer.interceptors.clone();
        Self::from_fn(move |inner| layer.layer(inner))
            .concerned_by(move |request| interceptors.with(|plan| plan.sees_call_of(request)))
    }
}
