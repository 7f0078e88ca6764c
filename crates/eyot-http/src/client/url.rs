//! The URL of an upstream, taken apart once.

use eyot_stdx::shown_url;
use http::{HeaderValue, Uri};

/// Why a text is no URL of an upstream. None of it repeats what may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It is no absolute URL. The text is what of it may be shown.
    #[error("`{0}` is not an absolute URL such as http://127.0.0.1:3000/mcp")]
    NotAbsolute(String),
    /// It has another scheme.
    #[error("scheme `{0}` is not supported; only http is")]
    Scheme(String),
    /// It carries a user name or password.
    #[error("user info in a URL is not supported")]
    UserInfo,
}

/// The place that requests go to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    authority: String,
    host_header: HeaderValue,
    path: Uri,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, InvalidUrl> {
        let not_absolute = || InvalidUrl::NotAbsolute(shown_url(url));
        let uri: Uri = url.parse().map_err(|_| not_absolute())?;
        let scheme = uri.scheme_str().ok_or_else(not_absolute)?;
        if scheme != "http" {
            return Err(InvalidUrl::Scheme(scheme.to_owned()));
        }
        let authority = uri.authority().ok_or_else(not_absolute)?;
        if authority.as_str().contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        let path = uri.path_and_query().map_or("/", |it| it.as_str());
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self {
            authority: format!("{}:{port}", authority.host()),
            host_header: HeaderValue::from_str(authority.as_str()).map_err(|_| not_absolute())?,
            path: path.parse().map_err(|_| not_absolute())?,
        })
    }

    /// `host:port` to connect to.
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
}
