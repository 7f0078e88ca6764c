//! One cookie, with what its `Set-Cookie` says of where and how long it is sent (RFC 6265).

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use eyot_stdx::Secret;

/// A cookie of one origin.
pub(super) struct Cookie {
    /// `name=value`.
    pair: Secret<String>,
    path: String,
    /// Milliseconds since 1970; `None`: as long as the session.
    expires_ms: Option<u64>,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// The host, without a port.
    pub(super) host: &'a str,
    /// The path of the request.
    pub(super) path: &'a str,
    /// No one can listen on the way: the host is this machine.
    pub(super) is_private: bool,
}

impl Cookie {
    /// Reads a `Set-Cookie`; `None` when its origin must not set it, or it is none.
    pub(super) fn parse(text: &str, from: &Origin<'_>, now_ms: u64) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let pair = parts.next().filter(|it| is_pair(it))?;
        let mut cookie = Self {
            pair: Secret::new(pair.to_owned()),
            path: default_path(from.path).to_owned(),
            expires_ms: None,
        };
        let (mut is_secure, mut max_age) = (false, None);
        for attribute in parts {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "domain" if !is_domain_of(value.trim(), from.host) => return None,
                "path" if value.trim().starts_with('/') => {
                    value.trim().clone_into(&mut cookie.path)
                }
                "secure" => is_secure = true,
                "expires" => cookie.expires_ms = date(value.trim()).or(cookie.expires_ms),
                "max-age" => max_age = age_ms(value.trim()).or(max_age),
                _ => {}
            }
        }
        // "If a cookie has both the Max-Age and the Expires attribute, the Max-Age attribute has
        // precedence" (RFC 6265, 4.1.2.2).
        cookie.expires_ms = max_age.map(|it| now_ms.saturating_add(it)).or(cookie.expires_ms);
        let latest_ms = now_ms.saturating_add(AGE_MAX_MS);
        cookie.expires_ms = cookie.expires_ms.map(|it| it.min(latest_ms));
        let needs_secure = pair.starts_with("__Secure-") || pair.starts_with("__Host-");
        let is_allowed = if is_secure { from.is_private } else { !needs_secure };
        is_allowed.then_some(cookie)
    }

    /// `name=value`.
    pub(super) fn pair(&self) -> &str {
        self.pair.expose()
    }

    fn name(&self) -> &str {
        self.pair().split_once('=').map_or("", |it| it.0)
    }

    /// Bytes that it costs.
    pub(super) fn len(&self) -> usize {
        self.pair().len() + self.path.len()
    }

    pub(super) fn is_replaced_by(&self, newer: &Self) -> bool {
        self.name() == newer.name() && self.path == newer.path
    }

    pub(super) fn is_expired(&self, now_ms: u64) -> bool {
        self.expires_ms.is_some_and(|it| it <= now_ms)
    }

    /// Whether it goes with a request to this path.
    pub(super) fn is_for(&self, path: &str, now_ms: u64) -> bool {
        let is_below = path.strip_prefix(&self.path).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/')
        });
        is_below && !self.is_expired(now_ms)
    }

    /// As [`restored`](Self::restored) reads it: the pair, which has no space at its end, the path
    /// and the end.
    pub(super) fn to_text(&self) -> String {
        let end = self.expires_ms.map_or_else(String::new, |it| it.to_string());
        format!("{end};{};{}", self.path, self.pair())
    }

    pub(super) fn restored(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ';');
        let (end, path, pair) = (parts.next()?, parts.next()?, parts.next()?);
        let expires_ms = if end.is_empty() { None } else { Some(end.parse().ok()?) };
        let is_whole = is_pair(pair) && path.starts_with('/');
        is_whole.then(|| Self {
            pair: Secret::new(pair.to_owned()),
            path: path.to_owned(),
            expires_ms,
        })
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Whether it is `name=value` in characters that a header can hold.
fn is_pair(text: &str) -> bool {
    let is_plain = |it: u8| (b' '..=b'~').contains(&it) && it != b';';
    let has_name = text.find('=').is_some_and(|at| at > 0);
    has_name && text.len() <= PAIR_BYTES_MAX && text.bytes().all(is_plain)
}

/// "If the uri-path contains no more than one %x2F (`/`) character, output %x2F (`/`)", else what
/// stands before the last one (RFC 6265, 5.1.4).
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(at) if at > 0 => path.get(..at).unwrap_or("/"),
        _ => "/",
    }
}

/// Whether the host is in the domain. An address is in none but itself.
fn is_domain_of(domain: &str, host: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let is_above = host.strip_suffix(&domain).is_some_and(|it| it.ends_with('.'));
    domain.is_empty() || host == domain || (is_above && !is_address)
}

/// `Max-Age` in milliseconds; zero or less ends the cookie.
fn age_ms(text: &str) -> Option<u64> {
    let is_number = text.strip_prefix('-').unwrap_or(text).bytes().all(|it| it.is_ascii_digit());
    if text.is_empty() || !is_number {
        return None;
    }
    if text.starts_with('-') {
        return Some(0);
    }
    Some(text.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(1_000))
}

/// `Expires` in milliseconds since 1970. Some servers put dashes into the date.
fn date(text: &str) -> Option<u64> {
    let parsed = httpdate::parse_http_date(text);
    let parsed = parsed.or_else(|_| httpdate::parse_http_date(&text.replace('-', " "))).ok()?;
    let since = parsed.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).ok()
}

/// "At least 4096 bytes per cookie" (RFC 6265, 6.1).
const PAIR_BYTES_MAX: usize = 4_096;
/// 400 days, the longest that browsers keep a cookie.
const AGE_MAX_MS: u64 = 400 * 86_400_000;
