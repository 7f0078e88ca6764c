//! Which addresses connections may go to.
//!
//! A name is no protection: anybody can let one lead to an address of somebody else's network. So
//! the addresses are judged, each time, and connections go to those that were judged: there is no
//! second look-up in between.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

/// The addresses that connections may go to: all, or those of the public Internet and of some
/// networks besides. Cheap to clone; by default all.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy(Option<Arc<[Network]>>);

/// A network: the addresses that begin with some bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

/// Why a text names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network: write an address, or `10.0.0.0/8` or `fd00::/8`")]
pub struct InvalidNetwork(String);

impl AddressPolicy {
    /// The addresses of the public Internet, and those of `networks`.
    ///
    /// Left out are those of this machine and of private and shared networks, link-local ones (the
    /// metadata of clouds among them), multicast, what is kept for documentation and tests, what has
    /// no meaning yet, and every IPv6 address that carries such an IPv4 one.
    #[must_use]
    pub fn public_and(networks: impl IntoIterator<Item = Network>) -> Self {
        Self(Some(networks.into_iter().collect()))
    }

    /// Whether connections may go to this address.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let Self(Some(networks)) = self else { return true };
        // A connection to `::ffff:10.0.0.1` is one to 10.0.0.1.
        let address = address.to_canonical();
        networks.iter().any(|it| it.contains(address)) || is_public(address)
    }
}

impl Network {
    /// Whether the address is of this network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.prefix_bits);
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(address)) => {
                (own.to_bits() ^ address.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(address)) => {
                (own.to_bits() ^ address.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, bits) = text.split_once('/').map_or((text, None), |it| (it.0, Some(it.1)));
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits_max: u8 = if address.is_ipv4() { 32 } else { 128 };
        let is_number = |bits: &str| bits.bytes().all(|it| it.is_ascii_digit());
        let prefix_bits = match bits {
            None => bits_max,
            Some(bits) if is_number(bits) => bits.parse().map_err(|_| invalid())?,
            Some(_) => return Err(invalid()),
        };
        (prefix_bits <= bits_max).then_some(Self { address, prefix_bits }).ok_or_else(invalid)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_bits)
    }
}

/// Whether the address is one of the public Internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !INNER_V4.iter().any(|(network, bits)| {
        // The table has no network of all addresses: the shift is less than 32.
        (network.to_bits() ^ address.to_bits()) >> (32 - bits) == 0
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    match (a, b) {
        // NAT64 (RFC 6052): the last 32 bits are where the connection goes.
        (0x0064, 0xff9b) if [c, d, e, f] == [0; 4] => is_public_v4(embedded(g, h)),
        // 6to4 (RFC 3056): the IPv4 address of the router stands behind the prefix.
        (0x2002, high) => is_public_v4(embedded(high, c)),
        // Protocols (RFC 2928): Teredo, ORCHID, tests.
        (0x2001, 0x0000..=0x01ff) => false,
        // Documentation (RFC 3849 and RFC 9637).
        (0x2001, 0x0db8) | (0x3fff, 0x0000..=0x0fff) => false,
        // All that is global unicast today. Whatever else there is belongs to this machine or to a
        // network of somebody's own, or has no meaning yet.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// The IPv4 networks that are not of the public Internet (IANA, "IPv4 Special-Purpose Address
/// Registry").
const INNER_V4: [(Ipv4Addr, u32); 16] = [
    // "This network", and unspecified: Linux takes 0.0.0.0 for this machine.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by the customers of a provider (CGNAT).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local: 169.254.169.254 tells the secrets of a virtual machine.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // What Azure tells its virtual machines. The address looks like a public one.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // Protocols; 192.0.0.192 is such a place at Oracle.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // Relays of 6to4, which are no more.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Kept for later, and broadcast.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

#[cfg(test)]
mod tests;
