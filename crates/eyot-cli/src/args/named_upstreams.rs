//! The flags for upstreams that clients name.

use clap::Args as ClapArgs;
use eyot::{AllowedUrls, Network};

/// The flags of a proxy whose clients name the upstream.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct NamedUpstreams {
    /// Let clients name the upstream: `/to/https/HOST/PATH` is `https://HOST/PATH`, and so is
    /// `/to/http/HOST:PORT/PATH`, as far as --allow has it. Streamable HTTP alone is served, without
    /// /ws and /sse. Upstreams are connected to directly, unless --proxy is given: it resolves the
    /// names then, and only these are judged.
    #[arg(
        long,
        requires = "allow",
        conflicts_with_all = [
            "upstream", "upstream_token", "upstream_header", "client_cert", "command", "config", "env",
            "cwd",
        ]
    )]
    pub(crate) forward: bool,
    /// The URLs that clients may name: `https://mcp.example.com/mcp`, `https://*.example.com/*`. The
    /// host `*.NAME` is every name under NAME, and a `*` ends a path. Without a port it is the one of
    /// the scheme. May be repeated.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) allow: Vec<AllowedUrls>,
    /// A network that these names may lead to, such as `10.1.0.0/16` or `127.0.0.1`, besides the
    /// public Internet. May be repeated.
    #[arg(long, value_name = "NET")]
    pub(crate) allow_net: Vec<Network>,
}

impl NamedUpstreams {
    /// Whether there is any of the flags.
    pub(crate) fn is_given(&self) -> bool {
        self.forward || !self.allow.is_empty() || !self.allow_net.is_empty()
    }
}
