//! Where the server is.

use std::fmt;

use eyot_session::StoreError;
use eyot_stdx::shown_url;

/// Where the server is, as a URL says it.
///
/// | URL | server |
/// |---|---|
/// | `redis://[user:password@]host[:port][/db]` | one server; `rediss://` with TLS |
/// | `unix:///path/of/socket` | one server on this machine |
/// | `redis+sentinel://[user:password@]host[:port],…/name[/db]` | the primary that sentinels name |
/// | `redis+cluster://[user:password@]host[:port],…` | a cluster |
///
/// `valkey` may be written for `redis`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(pub(crate) Kind);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    One(String),
    Cluster(Vec<String>),
    Sentinel {
        sentinels: Vec<String>,
        name: String,
        /// A URL with the credentials and the database of the primary; its host is not looked at.
        primary: String,
    },
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] with what is wrong with it.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let problem = |what: &str| {
            let reason = format!("{}: {what}", shown_url(url));
            StoreError::Unavailable { reason }
        };
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(problem("not a URL such as redis://host:6379"));
        };
        let (protocol, form) = scheme.split_once('+').unwrap_or((scheme, ""));
        let protocol = match protocol {
            "redis" | "valkey" => "redis",
            "rediss" | "valkeys" => "rediss",
            "unix" if form.is_empty() => return Ok(Self(Kind::One(url.to_owned()))),
            _ => return Err(problem("the scheme is none of redis, rediss, valkey, valkeys, unix")),
        };
        let (user, place) = rest.rsplit_once('@').map_or(("", rest), |(user, it)| (user, it));
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
        if hosts.split(',').any(str::is_empty) {
            return Err(problem("a host is missing"));
        }
        let each = |user: &str| -> Vec<String> {
            hosts.split(',').map(|host| format!("{protocol}://{user}{host}")).collect()
        };
        Ok(Self(match form {
            "" if hosts.contains(',') => {
                return Err(problem("several hosts need redis+cluster or redis+sentinel"));
            }
            "" => Kind::One(format!("{protocol}://{rest}")),
            "cluster" if path.is_empty() => Kind::Cluster(each(&user)),
            "cluster" => return Err(problem("a cluster has one database, without a number")),
            "sentinel" => {
                let (name, db) = path.split_once('/').unwrap_or((path, ""));
                if name.is_empty() {
                    return Err(problem("the name of the primary is missing: …/name"));
                }
                let primary = format!("{protocol}://{user}primary/{db}");
                Kind::Sentinel { sentinels: each(""), name: name.to_owned(), primary }
            }
            _ => return Err(problem("after the + stands cluster or sentinel")),
        }))
    }
}

/// Shows no passwords.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows no passwords.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::One(url) => write!(f, "{}", shown_url(url)),
            Kind::Cluster(urls) => {
                let urls: Vec<_> = urls.iter().map(|it| shown_url(it)).collect();
                write!(f, "cluster at {}", urls.join(", "))
            }
            Kind::Sentinel { sentinels, name, .. } => {
                write!(f, "{name} of the sentinels at {}", sentinels.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
