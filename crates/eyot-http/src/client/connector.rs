//! What connections to upstreams have in common.

use std::sync::Arc;

use crate::client::proxies::Proxies;
use crate::tls::ClientTls;

/// How connections to upstreams are made: whom they trust, and which proxies they go through. Cheap
/// to clone. By default that is as this machine and the environment say.
#[derive(Clone, Debug, Default)]
pub struct Connector(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    tls: ClientTls,
    proxies: Proxies,
}

impl Connector {
    /// Connections with this TLS, through these proxies.
    #[must_use]
    pub fn new(tls: ClientTls, proxies: Proxies) -> Self {
        Self(Arc::new(Parts { tls, proxies }))
    }

    /// The TLS of its connections.
    #[must_use]
    pub fn tls(&self) -> &ClientTls {
        &self.0.tls
    }

    pub(super) fn proxies(&self) -> &Proxies {
        &self.0.proxies
    }
}
