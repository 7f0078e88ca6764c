//! What connections to upstreams have in common.

use std::sync::Arc;

use crate::client::addresses::AddressPolicy;
use crate::client::proxies::Proxies;
use crate::client::resolve::Resolve;
use crate::tls::ClientTls;

/// How connections to upstreams are made: whom they trust, which proxies they go through, and to
/// which addresses. Cheap to clone. By default that is as this machine and the environment say, and
/// to any address.
#[derive(Clone, Debug, Default)]
pub struct Connector(Arc<Parts>);

#[derive(Clone, Debug, Default)]
struct Parts {
    tls: ClientTls,
    proxies: Proxies,
    addresses: AddressPolicy,
    /// `None`: the system's.
    resolver: Option<Arc<dyn Resolve>>,
}

impl Connector {
    /// Connections with this TLS, through these proxies.
    #[must_use]
    pub fn new(tls: ClientTls, proxies: Proxies) -> Self {
        Self(Arc::new(Parts { tls, proxies, ..Parts::default() }))
    }

    /// The connector whose connections go to these addresses alone. A name that a proxy resolves is
    /// not held against them: it alone knows the address.
    #[must_use]
    pub fn to_addresses(self, addresses: AddressPolicy) -> Self {
        Self(Arc::new(Parts { addresses, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The connector that asks this resolver for the addresses of upstreams.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self(Arc::new(Parts { resolver: Some(resolver), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The TLS of its connections.
    #[must_use]
    pub fn tls(&self) -> &ClientTls {
        &self.0.tls
    }

    pub(super) fn proxies(&self) -> &Proxies {
        &self.0.proxies
    }

    pub(super) fn addresses(&self) -> &AddressPolicy {
        &self.0.addresses
    }

    pub(super) fn resolver(&self) -> Option<&dyn Resolve> {
        self.0.resolver.as_deref()
    }
}
