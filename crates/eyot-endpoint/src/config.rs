//! The configuration of an endpoint.

use std::sync::Arc;

pub use eyot_http::HostPolicy;
use eyot_http::ServerTls;
use eyot_service::{Limits, Shutdown};
use eyot_session::Store;
use tokio_util::task::TaskTracker;

use crate::api_keys::Keys;
use crate::auth::Authenticate;
use crate::nodes::NodeConfig;

/// The parts of an endpoint besides the service that answers.
#[derive(Debug)]
#[non_exhaustive]
pub struct EndpointConfig {
    /// The endpoint's path: `/mcp` by default.
    pub path: String,
    /// Whether clients of the old transport, HTTP with SSE (2024-11-05), are served as well: at
    /// `/sse` and `/messages/`. They are by default.
    pub http_sse: bool,
    /// The path of its WebSocket: `/ws` by default. `None`: there is none.
    pub web_socket_path: Option<String>,
    /// Which hosts and origins may talk to it: those of this machine by default.
    pub hosts: HostPolicy,
    /// Finds out who a client is: by default [`Keys`] without a key, which need no credentials.
    pub auth: Arc<dyn Authenticate>,
    /// TLS with clients that come by TCP; `None`: they speak plain HTTP.
    pub tls: Option<ServerTls>,
    /// Where sessions are kept.
    pub store: Arc<dyn Store>,
    /// What other processes that share the store are told of this one.
    pub node: NodeConfig,
    /// Every bound.
    pub limits: Limits,
    /// Tells everything of the endpoint to end; keep a clone.
    pub shutdown: Shutdown,
    /// Where every task of the endpoint lives. The caller may add its own.
    pub tasks: TaskTracker,
}

impl EndpointConfig {
    /// The defaults, with a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            path: "/mcp".to_owned(),
            http_sse: true,
            web_socket_path: Some("/ws".to_owned()),
            hosts: HostPolicy::loopback(),
            auth: Arc::new(Keys::default()),
            tls: None,
            store,
            node: NodeConfig::default(),
            limits: Limits::default(),
            shutdown: Shutdown::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// The bounds, as they hold here: where clients need no credentials, they have no names, and
    /// one principal shares with no other.
    #[must_use]
    pub fn limits_for_its_clients(&self) -> Limits {
        if self.auth.is_open() { self.limits.of_one_principal() } else { self.limits }
    }
}
