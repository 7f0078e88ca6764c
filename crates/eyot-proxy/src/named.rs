//! The upstreams that clients name, for a server in front of all of them.

mod allow_list;
mod named_upstream;
mod target_entry;
mod targets;
mod upstream_url;

use eyot_http::{AddressPolicy, ClientTls, Connector, Proxies};
use eyot_upstream::Transport;

pub use self::allow_list::{AllowList, AllowedUrls, InvalidPattern};
pub(crate) use self::targets::Targets;

/// To which upstreams a proxy goes whose clients name them, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ForwardConfig {
    /// The URLs that clients may name.
    pub allow: AllowList,
    /// Makes the connections. By default they are direct, and go to addresses of the public Internet
    /// alone: names of foreign networks may lead to any other, too.
    pub connector: Connector,
    /// The transport of the upstreams.
    pub transport: Transport,
}

impl ForwardConfig {
    /// The defaults, with what clients may name.
    #[must_use]
    pub fn new(allow: AllowList) -> Self {
        let connector = Connector::new(ClientTls::default(), Proxies::none());
        let connector = connector.to_addresses(AddressPolicy::public_and([]));
        Self { allow, connector, transport: Transport::Auto }
    }
}
