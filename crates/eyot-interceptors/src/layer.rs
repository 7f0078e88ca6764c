//! The plan as a layer around any service.

use std::sync::Arc;

use eyot_service::{BoxService, ServiceLayer};
use eyot_session::Store;
use tower_layer::Layer;

use crate::consent::{Asker, Sealing};
use crate::interceptors::{Boundary, Interceptors};
use crate::service::{Intercepted, Place};

/// Runs a plan over every message that crosses a boundary: requests and their answers, questions of
/// servers and theirs, and what is inside of rounds and tasks.
#[derive(Clone, Debug)]
pub struct InterceptorLayer {
    interceptors: Interceptors,
    boundary: Boundary,
    server: Option<Arc<str>>,
    sealing: Arc<Sealing>,
    is_before_gateway: bool,
}

impl InterceptorLayer {
    /// The layer at one boundary. Layers at several places can share interceptors.
    #[must_use]
    pub fn new(interceptors: &Interceptors, boundary: Boundary) -> Self {
        Self {
            interceptors: interceptors.clone(),
            boundary,
            server: None,
            sealing: Arc::default(),
            is_before_gateway: false,
        }
    }

    /// The layer before the server of this name: interceptors and rules can tell it from others.
    #[must_use]
    pub fn at_server(mut self, name: impl Into<Arc<str>>) -> Self {
        self.server = Some(name.into());
        self
    }

    /// The layer before a gateway: interceptors and rules can choose the server of a call. What is inside
    /// has to honour a [`ChosenServer`](eyot_service::ChosenServer).
    #[must_use]
    pub fn before_gateway(mut self) -> Self {
        self.is_before_gateway = true;
        self
    }

    /// Seals with the key of this store what clients keep of the consent of their users. Without one, a
    /// restart forgets what was asked.
    #[must_use]
    pub fn sealing_with(mut self, store: Arc<dyn Store>) -> Self {
        self.sealing = Arc::new(Sealing::of_store(store));
        self
    }

    fn place(&self) -> Place {
        let Self { interceptors, boundary, server, sealing, is_before_gateway } = self.clone();
        let asker = Asker { boundary, sealing, askable: interceptors.askable.clone() };
        let can_route = is_before_gateway && boundary == Boundary::Downstream;
        Place { interceptors, boundary, server, asker, can_route }
    }
}

impl Layer<BoxService> for InterceptorLayer {
    type Service = BoxService;

    fn layer(&self, inner: BoxService) -> BoxService {
        let place = Arc::new(self.place());
        BoxService::of_shared(Arc::new(Intercepted { inner, place }))
    }
}

impl From<InterceptorLayer> for ServiceLayer {
    fn from(layer: InterceptorLayer) -> Self {
        let interceptors = layer.interceptors.clone();
        let place = layer.place();
        let layers = Self::from_fn(move |inner| layer.layer(inner))
            .concerned_by(move |request| interceptors.with(|plan| plan.sees_call_of(request)));
        match place.boundary {
            // Rounds of consent come here, whatever a plan sees.
            Boundary::Downstream => layers,
            Boundary::Upstream => {
                layers.entered_by(move |request, call| place.entered(request, call))
            }
        }
    }
}
