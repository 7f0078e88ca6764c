//! The proxies between this machine and upstreams.

use std::fmt;
use std::sync::Arc;

use eyot_stdx::shown_url;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

use crate::client::url::{Scheme, Target};

/// Which proxy a connection goes through. Cheap to clone.
#[derive(Clone)]
pub struct Proxies(Arc<Rules>);

struct Rules {
    matcher: Result<Matcher, InvalidProxy>,
    /// What this machine serves to itself is reached without a proxy.
    spares_loopback: bool,
}

/// Why a text names no proxy. It repeats no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{url}` in {variable} is no proxy; write `http://host:port`, `socks5://…` or `socks5h://…`"
)]
pub struct InvalidProxy {
    url: String,
    variable: String,
}

/// The way to an upstream.
#[derive(Clone, Debug)]
pub(super) enum Route {
    Direct,
    /// Requests go to the proxy, which passes them on.
    Forward {
        proxy: String,
        authorization: Option<HeaderValue>,
    },
    /// The proxy joins us with the upstream: `CONNECT`.
    Tunnel {
        proxy: String,
        authorization: Option<HeaderValue>,
    },
    /// The same with SOCKS5.
    Socks {
        proxy: String,
        login: Option<Login>,
        resolves_here: bool,
    },
}

/// A user name and a password of a proxy.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) name: String,
    pub(super) password: String,
}

impl Proxies {
    /// Every connection is direct.
    #[must_use]
    pub fn none() -> Self {
        Self::from_variables(|_| None)
    }

    /// As the environment says: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, of which
    /// the names in lower case go first. Loopback is always reached directly.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// As these variables say.
    #[must_use]
    pub fn from_variables(value: impl Fn(&str) -> Option<String>) -> Self {
        let named = |name: &str| {
            let given = value(&name.to_ascii_lowercase()).or_else(|| value(name));
            given.filter(|it| !it.trim().is_empty())
        };
        let proxy = |name: &str| named(name).map(|url| checked(&url, name)).transpose();
        let matcher = || {
            let mut builder = Matcher::builder();
            if let Some(url) = proxy("ALL_PROXY")? {
                builder = builder.all(url);
            }
            if let Some(url) = proxy("HTTP_PROXY")? {
                builder = builder.http(url);
            }
            if let Some(url) = proxy("HTTPS_PROXY")? {
                builder = builder.https(url);
            }
            Ok(builder.no(named("NO_PROXY").unwrap_or_default()).build())
        };
        Self(Arc::new(Rules { matcher: matcher(), spares_loopback: true }))
    }

    /// Every connection goes through this proxy, even one to loopback.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`].
    pub fn all(url: &str) -> Result<Self, InvalidProxy> {
        let matcher = Matcher::builder().all(checked(url, "the option")?).build();
        Ok(Self(Arc::new(Rules { matcher: Ok(matcher), spares_loopback: false })))
    }

    /// The way to a target.
    pub(super) fn route(&self, target: &Target) -> Result<Route, InvalidProxy> {
        let is_socket = matches!(target.scheme(), Scheme::Unix(_));
        if is_socket || (self.0.spares_loopback && target.is_loopback()) {
            return Ok(Route::Direct);
        }
        let matcher = self.0.matcher.as_ref().map_err(InvalidProxy::clone)?;
        let uri: Option<Uri> = target.origin().parse().ok();
        let Some(found) = uri.and_then(|it| matcher.intercept(&it)) else {
            return Ok(Route::Direct);
        };
        let (scheme, default_port) = match found.uri().scheme_str() {
            Some(scheme @ ("socks5" | "socks5h")) => (scheme, 1080),
            _ => ("http", 80),
        };
        let (host, port) = (found.uri().host().unwrap_or_default(), found.uri().port_u16());
        let proxy = format!("{host}:{}", port.unwrap_or(default_port));
        let authorization = found.basic_auth().cloned();
        let login = found.raw_auth();
        let login = login.map(|it| Login { name: it.0.to_owned(), password: it.1.to_owned() });
        Ok(match scheme {
            "socks5" => Route::Socks { proxy, login, resolves_here: true },
            "socks5h" => Route::Socks { proxy, login, resolves_here: false },
            _ if *target.scheme() == Scheme::Http => Route::Forward { proxy, authorization },
            _ => Route::Tunnel { proxy, authorization },
        })
    }
}

impl Default for Proxies {
    fn default() -> Self {
        Self::from_env()
    }
}

/// The debug output has no passwords.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").field("matcher", &self.0.matcher).finish_non_exhaustive()
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The URL, if it is one of a proxy that can be used: another one must not turn into no proxy.
fn checked(url: &str, variable: &str) -> Result<String, InvalidProxy> {
    let url = url.trim();
    let uri: Option<Uri> = url.parse().ok();
    let is_known = uri.is_some_and(|it| {
        let is_spoken = matches!(it.scheme_str(), None | Some("http" | "socks5" | "socks5h"));
        is_spoken && it.host().is_some_and(|host| !host.is_empty())
    });
    let invalid = || InvalidProxy { url: shown_url(url), variable: variable.to_owned() };
    if is_known { Ok(url.to_owned()) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests;
