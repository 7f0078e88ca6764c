//! What answers at the paths of an endpoint: one service, or one of many.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use eyot_service::{BoxService, Fault, Peer, SessionHandle};
use eyot_session::SessionState;
use http::Uri;

/// Finds the service that a request names by its path, so that one endpoint, with its guards, its
/// sessions and its bounds, stands before many services.
pub trait FindService: fmt::Debug + Send + Sync + 'static {
    /// Whether a path is of the form that names a service. Any other is answered with 404, before
    /// the client has to say who it is.
    fn covers(&self, path: &str) -> bool;

    /// Finds the service at a URI, of which the path and the query count, for this client.
    ///
    /// # Errors
    ///
    /// Of the future: a [`Fault`] that becomes the answer; its kind chooses the status.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the client goes away.
    fn find<'a>(&'a self, uri: &'a Uri, peer: &'a Peer) -> Finding<'a>;

    /// The service for clients that name none, because they come by a WebSocket or by HTTP with SSE.
    /// `None`, as by default: there are no such clients.
    fn unnamed(&self) -> Option<&BoxService> {
        None
    }

    /// What is to hear of the end of a session whose client is not here. `None`: nothing that this
    /// process knows.
    fn of_session(&self, session: &SessionHandle) -> Option<BoxService>;
}

/// The future of a service.
pub type Finding<'a> = Pin<Box<dyn Future<Output = Result<FoundService, Fault>> + Send + 'a>>;

/// A service, and which of the endpoint's sessions were opened there.
#[derive(Clone)]
pub struct FoundService {
    service: BoxService,
    /// `None`: all.
    owns: Option<SessionTest>,
}

/// Tells whether a session was opened at a service, by what is stored of it: so it does also after
/// a restart.
type SessionTest = Arc<dyn Fn(&SessionState) -> bool + Send + Sync>;

impl FoundService {
    /// A service that has the sessions of which `owns` says so. Any other session is unknown there.
    pub fn new(
        service: BoxService,
        owns: impl Fn(&SessionState) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { service, owns: Some(Arc::new(owns)) }
    }

    /// What answers.
    pub(crate) fn service(&self) -> &BoxService {
        &self.service
    }

    /// Whether a session was opened here.
    pub(crate) fn owns(&self, session: &SessionHandle) -> bool {
        self.owns.as_ref().is_none_or(|owns| session.look(|state| owns(state)))
    }
}

impl fmt::Debug for FoundService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoundService").field("has_all_sessions", &self.owns.is_none()).finish()
    }
}

/// The services of one endpoint.
#[derive(Clone, Debug)]
pub(crate) enum Services {
    /// One, at one path, with all sessions.
    One {
        path: Arc<str>,
        found: FoundService,
    },
    Many(Arc<dyn FindService>),
}

impl Services {
    pub(crate) fn one(path: &str, service: BoxService) -> Self {
        Self::One { path: path.into(), found: FoundService { service, owns: None } }
    }

    /// The service for connections that name none. `None`: there is no such service.
    pub(crate) fn only(&self) -> Option<&BoxService> {
        match self {
            Self::One { found, .. } => Some(found.service()),
            Self::Many(services) => services.unnamed(),
        }
    }

    /// Whether there may be a service at a path. A slash behind the path of the only one changes
    /// nothing: many write one.
    pub(crate) fn covers(&self, path: &str) -> bool {
        match self {
            Self::One { path: own, .. } => is_at(own, path),
            Self::Many(services) => services.covers(path),
        }
    }

    /// What is to hear of the end of a session whose client is not here.
    pub(crate) fn of_session(&self, session: &SessionHandle) -> Option<BoxService> {
        match self {
            Self::One { found, .. } => Some(found.service.clone()),
            Self::Many(services) => services.of_session(session),
        }
    }
}

/// Whether a request's path is this one, with or without a slash behind it.
pub(crate) fn is_at(own: &str, path: &str) -> bool {
    path == own || path.strip_suffix('/') == Some(own)
}
