//! Where a request has come from, as far as it can be believed.

use std::net::{IpAddr, SocketAddr};

use eyot_http::Network;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;

use crate::refusal::{Part, Refusal};

mod node;

/// Where a request has come from, as the HTTP server knows it.
///
/// A foreign server puts it into the extensions of its requests; ours tells the layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "plain data that servers write")]
pub struct Origin {
    /// The address at the other end of the connection. `None`: it is a Unix socket, or not known.
    pub peer: Option<IpAddr>,
    /// Whether the connection speaks TLS.
    pub is_tls: bool,
}

/// Who sends a request, as the connection and the trusted proxies say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// Its address, never an IPv6 one that carries an IPv4 one. `None`: it has none.
    pub address: Option<IpAddr>,
    /// Whether it speaks TLS, with this server or with the proxy that is trusted.
    pub is_tls: bool,
    /// The trusted proxies on the way.
    pub proxies: usize,
}

/// The header in which trusted proxies say where a request has come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there is no third one")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, and `X-Forwarded-Proto` beside it.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Whom to believe.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies {
    pub(crate) networks: Vec<Network>,
    /// Whether what comes by a Unix socket is a trusted proxy.
    pub(crate) has_sockets: bool,
    pub(crate) header: ForwardedHeader,
}

/// A proxy's word about one hop.
struct Hop<'h> {
    node: &'h str,
    is_https: Option<bool>,
}

impl TrustedProxies {
    /// Finds the client: the first address, from this server on, that is no trusted proxy.
    ///
    /// What a client itself has written stands further away and is never looked at.
    ///
    /// # Errors
    /// A trusted proxy says something that is no address.
    pub(crate) fn client(
        &self,
        origin: Origin,
        headers: &HeaderMap,
    ) -> Result<Client, Box<Refusal>> {
        let peer = origin.peer.map(|it| it.to_canonical());
        let mut client = Client { address: peer, is_tls: origin.is_tls, proxies: 0 };
        if !self.trusts(peer) {
            return Ok(client);
        }
        let lines = headers.get_all(self.header.name()).iter().rev();
        let mut seen = 0;
        for line in lines {
            let hops = self.hops(line).ok_or_else(no_address)?;
            for hop in hops.iter().rev() {
                seen += 1;
                if seen > HOPS_MAX {
                    return Err(refusal("there are too many proxies before this server"));
                }
                let address = node::address(hop.node).ok_or_else(no_address)?.to_canonical();
                client.proxies += 1;
                client.address = Some(address);
                if client.proxies == 1 {
                    client.is_tls |= hop.is_https.unwrap_or_else(|| self.says_https(headers));
                }
                if !self.trusts(client.address) {
                    return Ok(client);
                }
            }
        }
        Ok(client)
    }

    fn trusts(&self, address: Option<IpAddr>) -> bool {
        match address {
            Some(address) => self.networks.iter().any(|it| it.contains(address)),
            None => self.has_sockets,
        }
    }

    /// The hops of one line, the nearest last. `None`: it is malformed.
    fn hops<'h>(&self, line: &'h HeaderValue) -> Option<Vec<Hop<'h>>> {
        let text = line.to_str().ok()?;
        match self.header {
            ForwardedHeader::XForwardedFor => {
                let nodes = text.split(',').map(str::trim).filter(|it| !it.is_empty());
                Some(nodes.map(|node| Hop { node, is_https: None }).collect())
            }
            ForwardedHeader::Forwarded => node::elements(text),
        }
    }

    /// The nearest proxy's word about its own client, beside `X-Forwarded-For`.
    fn says_https(&self, headers: &HeaderMap) -> bool {
        let says = headers.get_all("x-forwarded-proto").iter().next_back();
        let says = says.and_then(|it| it.to_str().ok()).and_then(|it| it.rsplit(',').next());
        self.header == ForwardedHeader::XForwardedFor
            && says.is_some_and(|it| it.trim().eq_ignore_ascii_case("https"))
    }
}

fn no_address() -> Box<Refusal> {
    refusal("the proxy before this server does not say where the request comes from")
}

fn refusal(why: &str) -> Box<Refusal> {
    Refusal::of(Part::Address, "trusted_proxies", StatusCode::BAD_REQUEST, why)
}

/// An address, without the port that may stand behind it.
fn without_port(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let bare = text.parse::<IpAddr>().ok();
    bare.or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()))
        .or_else(|| bracketed().map(IpAddr::V6))
}

/// More than any way to a server has.
const HOPS_MAX: usize = 32;

#[cfg(test)]
mod tests;
