//! The hosts and origins that may talk to this endpoint: the defence against DNS rebinding.

use std::net::IpAddr;
use std::sync::OnceLock;

use http::{HeaderValue, Uri};

use crate::RequestHead;
use crate::request_head::Single;

/// The names under which this endpoint may be addressed, and the origins whose pages may use it.
///
/// Loopback names are always allowed. "Servers MUST validate the `Origin` header on all
/// incoming connections to prevent DNS rebinding attacks" (every revision since
/// 2024-11-05, basic/transports).
#[derive(Clone, Debug, Default)]
pub struct HostPolicy {
    hosts: Vec<String>,
    origins: Vec<String>,
    allows_addresses: bool,
    /// The first host that was allowed: most clients come by one name, which is read once.
    known: OnceLock<HeaderValue>,
}

/// In the extensions of a request: a layer before the endpoint has found that the page that sends it
/// may. No page can put it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a mark, which says all by being there")]
pub struct AllowedPage;

/// Why a request was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Forbidden {
    /// The request was addressed to a name that is not ours.
    #[error("host is not allowed")]
    Host,
    /// It comes from a page of a foreign origin.
    #[error("origin is not allowed")]
    Origin,
}

impl HostPolicy {
    /// Allows loopback names only.
    #[must_use]
    pub fn loopback() -> Self {
        Self::default()
    }

    /// Whether no name but those of loopback is allowed.
    #[must_use]
    pub fn is_loopback_only(&self) -> bool {
        self.hosts.iter().all(|it| is_loopback(it))
    }

    /// Allows another host name or address, on any port.
    #[must_use]
    pub fn allow_host(mut self, host: &str) -> Self {
        self.hosts.push(host.to_ascii_lowercase());
        self
    }

    /// Allows every IP address as a host, on any port. No name is rebound to it: a page of a foreign
    /// host sends the name of that host.
    #[must_use]
    pub fn allow_addresses(mut self) -> Self {
        self.allows_addresses = true;
        self
    }

    /// Allows pages of another origin, such as `https://app.example`.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.origins.push(origin.trim_end_matches('/').to_ascii_lowercase());
        self
    }

    /// Checks one request.
    ///
    /// # Errors
    ///
    /// [`Forbidden`], to be answered with 403.
    pub fn check(&self, target: &Uri, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        self.check_host(target, head)?;
        let is_origin_allowed = match head.origin {
            Single::Absent => true,
            Single::One(origin) => origin.to_str().is_ok_and(|it| self.allows_origin(it)),
            Single::Several => false,
        };
        if is_origin_allowed { Ok(()) } else { Err(Forbidden::Origin) }
    }

    /// Checks the name alone that a request is addressed to: of its page, an [`AllowedPage`] tells.
    ///
    /// # Errors
    ///
    /// [`Forbidden::Host`], to be answered with 403.
    pub fn check_host(&self, target: &Uri, head: &RequestHead<'_>) -> Result<(), Forbidden> {
        let is_host_allowed = match (target.authority(), head.host) {
            // "the host information in the request-target […] overrides" (RFC 9112, 3.2.2).
            (Some(authority), _) => self.allows_host(authority.as_str()),
            (None, Single::One(host)) => self.allows_host_header(host),
            (None, Single::Absent | Single::Several) => false,
        };
        if is_host_allowed { Ok(()) } else { Err(Forbidden::Host) }
    }

    fn allows_host_header(&self, host: &HeaderValue) -> bool {
        if self.known.get() == Some(host) {
            return true;
        }
        let is_allowed = host.to_str().is_ok_and(|it| self.allows_host(it));
        if is_allowed
            && self.known.get().is_none()
            // A copy: the value itself would keep all that was read with it from a connection.
            && let Ok(copy) = HeaderValue::from_bytes(host.as_bytes())
        {
            self.known.get_or_init(|| copy);
        }
        is_allowed
    }

    fn allows_host(&self, authority: &str) -> bool {
        let is_named = |host: &str| self.hosts.iter().any(|it| it.eq_ignore_ascii_case(host));
        let is_allowed_address = |host| self.allows_addresses && address_of(host).is_some();
        host_of(authority)
            .is_some_and(|host| is_loopback(host) || is_named(host) || is_allowed_address(host))
    }

    fn allows_origin(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        if self.origins.contains(&origin) {
            return true;
        }
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.and_then(host_of).is_some_and(is_loopback)
    }
}

/// The host of `host[:port]`, and of nothing else: user info, a list or a path is a trap,
/// never an address.
fn host_of(authority: &str) -> Option<&str> {
    let name_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at_checked(name_end)?;
    let is_port = |it: &str| it.parse::<u16>().is_ok() && !it.starts_with('+');
    let is_end = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    let is_trap = |byte| matches!(byte, b'@' | b',' | b'/' | b' ' | b'?' | b'#' | b'\\');
    let is_plain = !host.is_empty() && !host.bytes().any(is_trap);
    (is_end && is_plain).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || address_of(host).is_some_and(|it| it.is_loopback())
}

fn address_of(host: &str) -> Option<IpAddr> {
    let address = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    address.parse().ok()
}

#[cfg(test)]
mod tests;
