//! The URLs that clients may name.

use std::str::FromStr;

use eyot_stdx::shown_url;

use super::upstream_url::{Host, InvalidUrl, Origin, UpstreamUrl};

/// The URLs that clients of a forward server may name: those that one of its patterns has.
#[derive(Clone, Debug, Default)]
pub struct AllowList(Vec<AllowedUrls>);

/// A pattern of URLs: `https://mcp.example.com/*`, `https://*.example.com:8443/mcp`.
///
/// The scheme is `http` or `https`. The host is a name, an address, or `*.` and a name, which has all
/// names under it and not the name itself. Without a port it is the scheme's own. The path is whole,
/// or all that begins with what stands before a `*` at its end. Queries do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedUrls {
    /// Its host is what stands behind `*.`, if that is there.
    origin: Origin,
    has_subdomains: bool,
    path: String,
    is_prefix: bool,
}

/// Why a text is no pattern of URLs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no pattern of URLs such as https://*.example.com/mcp/*: {reason}")]
pub struct InvalidPattern {
    pattern: String,
    reason: String,
}

impl AllowList {
    /// The URLs of these patterns.
    #[must_use]
    pub fn new(patterns: impl IntoIterator<Item = AllowedUrls>) -> Self {
        Self(patterns.into_iter().collect())
    }

    pub(crate) fn allows(&self, url: &UpstreamUrl) -> bool {
        self.0.iter().any(|it| it.has(url))
    }
}

impl AllowedUrls {
    fn has(&self, url: &UpstreamUrl) -> bool {
        let Self { origin, has_subdomains, path, is_prefix } = self;
        let is_host = match (&origin.host, &url.origin.host) {
            (Host::Name(parent), Host::Name(name)) if *has_subdomains => {
                name.strip_suffix(parent.as_str()).is_some_and(|it| it.ends_with('.'))
            }
            (own, other) => own == other,
        };
        let is_path = match is_prefix {
            true => url.path.starts_with(path.as_str()),
            false => url.path == *path,
        };
        is_host && is_path && origin.scheme == url.origin.scheme && origin.port == url.origin.port
    }
}

impl FromStr for AllowedUrls {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let invalid =
            |reason: &str| InvalidPattern { pattern: shown_url(text), reason: reason.to_owned() };
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| invalid("it begins with no `https://`"))?;
        if rest.contains(['?', '#']) {
            return Err(invalid("it has a query or a fragment, which do not count"));
        }
        let (authority, path) = rest
            .split_once('/')
            .ok_or_else(|| invalid("it has no path; all paths of the host are `/*`"))?;
        let (has_subdomains, authority) = match authority.strip_prefix("*.") {
            Some(parent) => (true, parent),
            None => (false, authority),
        };
        let (path, is_prefix) = path.strip_suffix('*').map_or((path, false), |it| (it, true));
        if path.contains('*') || authority.contains('*') {
            return Err(invalid("a `*` stands for subdomains before the host, or ends the path"));
        }
        let parsed = UpstreamUrl::parse(scheme, authority, path, None);
        let UpstreamUrl { origin, path, .. } =
            parsed.map_err(|error: InvalidUrl| invalid(&error.to_string()))?;
        if has_subdomains && !matches!(origin.host, Host::Name(_)) {
            return Err(invalid("an address has no subdomains"));
        }
        Ok(Self { origin, has_subdomains, path, is_prefix })
    }
}

#[cfg(test)]
mod tests;
