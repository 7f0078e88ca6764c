//! Tower layers of any type behind one type.

use std::fmt;
use std::sync::Arc;

use eyot_jsonrpc::Request;
use tower_layer::Layer;

use crate::{BoxService, Call, Fault, McpService, Reply};

/// Layers around services. Cheap to clone.
///
/// One kind of layer fits everywhere: around the service of an endpoint, and around each connection
/// to an upstream.
#[derive(Clone, Default)]
pub struct ServiceLayer {
    around: Option<Arc<dyn Fn(BoxService) -> BoxService + Send + Sync>>,
    /// `None`: they are concerned by all requests.
    concern: Option<Concern>,
    /// `None`: what comes of a call takes its time.
    entrance: Option<Entrance>,
}

/// Whether layers are concerned by a request.
type Concern = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

/// What comes of a request at once. The call is made only for a request that is of concern.
type Entrance = Arc<dyn Fn(Request, &dyn Fn(Request) -> Call) -> Entered + Send + Sync>;

/// What comes of a request before layers.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "its users must do all that it says")]
pub enum Entered {
    /// It does not concern them: it goes past them as it came.
    Unconcerned(Request),
    /// It goes on like this and past the layers, which are done with it and with its reply.
    Past(Call),
    /// It has to pass the layers, of which none has seen it.
    Through(Call),
    /// It goes no further: this is its reply.
    Answered(Result<Reply, Fault>),
}

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
        Self { around: Some(Arc::new(layer)), concern: None, entrance: None }
    }

    /// The layers, which hand on as they come the requests that `concern` says no of, and their replies.
    /// Such a request may go past them.
    #[must_use]
    pub fn concerned_by(self, concern: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        Self { concern: Some(Arc::new(concern)), ..self }
    }

    /// The layers, for which `enter` can say at once what comes of a request: of many, none needs a future.
    #[must_use]
    pub fn entered_by<E>(self, enter: E) -> Self
    where
        E: Fn(Request, &dyn Fn(Request) -> Call) -> Entered + Send + Sync + 'static,
    {
        Self { entrance: Some(Arc::new(enter)), ..self }
    }

    /// What comes of a request before a service that was made [`around`](Self::around) another one. `call`
    /// makes the call of it.
    pub fn enter(&self, request: Request, call: impl Fn(Request) -> Call) -> Entered {
        match &self.entrance {
            Some(enter) => enter(request, &call),
            None if self.concerns(&request) => Entered::Through(call(request)),
            None => Entered::Unconcerned(request),
        }
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
                // The outer layers would have seen what the inner ones cannot say at once.
                entrance: None,
            },
            (Some(around), None) => {
                Self { around: Some(around), concern: outer_concern, entrance: self.entrance }
            }
            (None, around) => Self { around, concern: inner_concern, entrance: inner.entrance },
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
