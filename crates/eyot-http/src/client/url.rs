//! The URL of an upstream, taken apart once.

use std::net::IpAddr;
use std::path::PathBuf;

use eyot_stdx::shown_url;
use http::{HeaderValue, Uri};

use crate::client::proxies::InvalidProxy;

/// Why a text is no URL of an upstream. None of it repeats what may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It is no absolute URL. The text is what of it may be shown.
    #[error("`{0}` is not an absolute URL such as http://127.0.0.1:3000/mcp")]
    NotAbsolute(String),
    /// It has another scheme.
    #[error("scheme `{0}` is not supported; http, https and unix are")]
    Scheme(String),
    /// It carries a user name or password.
    #[error("user info in a URL is not supported")]
    UserInfo,
    /// It names no path of a socket.
    #[error("`{0}` names no socket: write `unix:/run/server.sock#/mcp`")]
    NoSocket(String),
    /// The server's name cannot be that of a certificate.
    #[error("host `{0}` cannot be the name of a server in TLS")]
    ServerName(String),
    /// The environment asks for a proxy that cannot be used.
    #[error(transparent)]
    Proxy(#[from] InvalidProxy),
}

/// The place that requests go to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    scheme: Scheme,
    /// `host:port`, or `unix:PATH`.
    authority: String,
    host_header: HeaderValue,
    path: Uri,
}

/// What carries the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// TCP.
    Http,
    /// TLS over TCP.
    Https,
    /// A Unix socket.
    Unix(PathBuf),
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, InvalidUrl> {
        if let Some(place) = socket_of(url) {
            return Self::socket(url, place);
        }
        let not_absolute = || InvalidUrl::NotAbsolute(shown_url(url));
        let uri: Uri = url.parse().map_err(|_| not_absolute())?;
        let (scheme, default_port) = match uri.scheme_str().ok_or_else(not_absolute)? {
            "http" => (Scheme::Http, 80),
            "https" => (Scheme::Https, 443),
            scheme => return Err(InvalidUrl::Scheme(scheme.to_owned())),
        };
        let authority = uri.authority().ok_or_else(not_absolute)?;
        if authority.as_str().contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        let path = uri.path_and_query().map_or("/", |it| it.as_str());
        let port = authority.port_u16().unwrap_or(default_port);
        Ok(Self {
            scheme,
            authority: format!("{}:{port}", authority.host()),
            host_header: HeaderValue::from_str(authority.as_str()).map_err(|_| not_absolute())?,
            path: path.parse().map_err(|_| not_absolute())?,
        })
    }

    /// `PATH#TARGET`: what stands behind the `#` is asked of the server at the socket.
    fn socket(url: &str, place: &str) -> Result<Self, InvalidUrl> {
        let no_socket = || InvalidUrl::NoSocket(shown_url(url));
        let (socket, path) = place.split_once('#').unwrap_or((place, "/"));
        if socket.is_empty() || !path.starts_with('/') {
            return Err(no_socket());
        }
        Ok(Self {
            scheme: Scheme::Unix(socket.into()),
            authority: format!("unix:{socket}"),
            host_header: HeaderValue::from_static("localhost"),
            path: path.parse().map_err(|_| no_socket())?,
        })
    }

    pub(super) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The scheme and the authority.
    pub(super) fn origin(&self) -> String {
        match self.scheme {
            Scheme::Http => format!("http://{}", self.authority),
            Scheme::Https => format!("https://{}", self.authority),
            Scheme::Unix(_) => self.authority.clone(),
        }
    }

    /// The URL, with this for the path.
    pub(super) fn url(&self, path: &str) -> String {
        let sign = if matches!(self.scheme, Scheme::Unix(_)) { "#" } else { "" };
        format!("{}{sign}{path}", self.origin())
    }

    /// `host:port` to connect to, or `unix:PATH`.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The value of `Host`.
    pub(super) fn host_header(&self) -> &HeaderValue {
        &self.host_header
    }

    /// The request target.
    pub(super) fn path(&self) -> &Uri {
        &self.path
    }

    /// The host, without a port and without brackets.
    pub(super) fn host(&self) -> &str {
        if matches!(self.scheme, Scheme::Unix(_)) {
            return "localhost";
        }
        let host = self.authority.rsplit_once(':').map_or(self.authority.as_str(), |it| it.0);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Whether the host is this machine, so that no other machine sees what is sent.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host();
        let is_local_address = host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
        is_local_address || host.eq_ignore_ascii_case("localhost")
    }

    /// The request target that a `Location` names, as seen from `base`; `None` when it is of
    /// another origin, or none.
    pub(super) fn within(&self, base: &Uri, location: &str) -> Option<Uri> {
        let location = location.split('#').next().unwrap_or_default();
        let is_absolute = location.contains("://") || location.starts_with("//");
        if !is_absolute {
            return relative(base, location).parse().ok();
        }
        let (scheme, default_port) = match self.scheme {
            Scheme::Http => ("http", 80),
            Scheme::Https => ("https", 443),
            // No URL that another server could name leads to a socket.
            Scheme::Unix(_) => return None,
        };
        let whole = match location.starts_with("//") {
            true => Uri::try_from(format!("{scheme}:{location}")),
            false => Uri::try_from(location),
        };
        let whole = whole.ok()?;
        let authority = whole.authority()?;
        let port = authority.port_u16().unwrap_or(default_port);
        let place = format!("{}:{port}", authority.host());
        let is_same = whole.scheme_str() == Some(scheme)
            && !authority.as_str().contains('@')
            && place.eq_ignore_ascii_case(&self.authority);
        let path = whole.path_and_query().map_or("/", |it| it.as_str());
        is_same.then(|| path.parse().ok()).flatten()
    }
}

/// What stands behind `unix:`, with or without the two slashes of other URLs.
fn socket_of(url: &str) -> Option<&str> {
    let place = url.strip_prefix("unix:")?;
    Some(place.strip_prefix("//").unwrap_or(place))
}

/// A relative reference as a path and a query (RFC 3986, 5.2).
fn relative(base: &Uri, reference: &str) -> String {
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (reference, String::new()),
    };
    let merged = match path {
        "" => return format!("{}{query}", base.path()),
        path if path.starts_with('/') => path.to_owned(),
        path => {
            let folder = base.path().rsplit_once('/').map_or("", |it| it.0);
            format!("{folder}/{path}")
        }
    };
    format!("{}{query}", without_dots(&merged))
}

/// The path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests;
