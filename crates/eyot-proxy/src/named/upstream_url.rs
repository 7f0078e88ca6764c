//! A URL that a client names, taken apart and written anew.
//!
//! A text can be read in several ways: `0x7f.1` is an address to some, `%2e%2e/` a folder to others.
//! So a text is read once, here. The URL that is held against the allow-list is the URL that is
//! connected to, letter by letter, and what two readers could still read differently is refused.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An absolute URL in its only form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpstreamUrl {
    pub(crate) origin: Origin,
    /// Begins with a slash, and has neither dot segments nor letters that are encoded needlessly.
    pub(crate) path: String,
    /// It may hold a secret.
    pub(crate) query: Option<String>,
}

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    pub(crate) host: Host,
    pub(crate) port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// In lower case, without a dot behind it.
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

/// Why a text is no URL of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidUrl {
    #[error("the scheme is neither `http` nor `https`")]
    Scheme,
    #[error("user info in a URL is not supported")]
    UserInfo,
    #[error("the host is neither a name nor an address")]
    Host,
    #[error("the host has letters beyond ASCII: write it as DNS does, `xn--…`")]
    NotAscii,
    #[error("the port is no number from 1 to 65535")]
    Port,
    #[error(
        "the path has something in it that is read in several ways, such as `%2F`, `%25` or `\\`"
    )]
    Path,
    #[error("the query has letters that no URL has")]
    Query,
}

impl UpstreamUrl {
    /// Reads the parts: the path may be empty.
    pub(crate) fn parse(
        scheme: &str,
        authority: &str,
        path: &str,
        query: Option<&str>,
    ) -> Result<Self, InvalidUrl> {
        let scheme = Scheme::parse(scheme)?;
        let origin = Origin::parse(scheme, authority)?;
        let is_query =
            |it: &&str| it.bytes().all(|byte| is_path_byte(byte) || b"?%/".contains(&byte));
        let query = match query {
            None => None,
            Some(query) => Some(Some(query).filter(is_query).ok_or(InvalidUrl::Query)?.to_owned()),
        };
        Ok(Self { origin, path: canonical_path(path)?, query })
    }
}

/// The URL as it is connected to.
impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, path, query } = self;
        write!(f, "{origin}{path}")?;
        query.as_ref().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

impl Origin {
    fn parse(scheme: Scheme, authority: &str) -> Result<Self, InvalidUrl> {
        let authority = decoded(authority).ok_or(InvalidUrl::Host)?;
        if authority.contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        let end = authority.find(']').map_or(0, |at| at + 1);
        let (host, port) = match authority.get(end..).and_then(|rest| rest.split_once(':')) {
            Some((rest, port)) => {
                let host = authority.get(..end + rest.len()).ok_or(InvalidUrl::Host)?;
                (host, parse_port(port)?)
            }
            None => (&*authority, scheme.default_port()),
        };
        Ok(Self { scheme, host: Host::parse(host)?, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        write!(f, "{scheme}://{host}")?;
        if *port == scheme.default_port() { Ok(()) } else { write!(f, ":{port}") }
    }
}

impl Scheme {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidUrl> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Ok(Self::Http),
            "https" => Ok(Self::Https),
            _ => Err(InvalidUrl::Scheme),
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, InvalidUrl> {
        if let Some(text) = text.strip_prefix('[') {
            let address = text.strip_suffix(']').and_then(|it| it.parse().ok());
            return address.map(Self::V6).ok_or(InvalidUrl::Host);
        }
        if !text.is_ascii() {
            return Err(InvalidUrl::NotAscii);
        }
        // "example.com." is the name in full: DNS finds the same server.
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or_default();
        if is_number(last) {
            return parse_v4(&name).map(Self::V4).ok_or(InvalidUrl::Host);
        }
        let is_name = name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label);
        is_name.then_some(Self::Name(name)).ok_or(InvalidUrl::Host)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, InvalidUrl> {
    let is_plain = (1..=5).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    let port = text.parse().ok().filter(|it| is_plain && *it != 0);
    port.ok_or(InvalidUrl::Port)
}

fn is_label(label: &str) -> bool {
    let is_plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-_".contains(&it);
    (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(is_plain)
}

/// Whether the last label of a host makes it an address ("ends in a number", WHATWG URL, 3.5): the
/// resolvers of this world take `0x7f.1` for one.
fn is_number(label: &str) -> bool {
    let is_decimal = !label.is_empty() && label.bytes().all(|it| it.is_ascii_digit());
    is_decimal || parse_number(label).is_some()
}

/// An IPv4 address in any of its forms (WHATWG URL, 3.5): one to four numbers, decimal, octal or
/// hexadecimal, of which the last fills what the others leave.
fn parse_v4(text: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u64> = text.split('.').map(parse_number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    let bytes_left = 4_u32.checked_sub(u32::try_from(first.len()).ok()?).filter(|it| *it > 0)?;
    if first.iter().any(|it| *it > 255) || *last >= 1 << (8 * bytes_left) {
        return None;
    }
    let first = first.iter().zip([24, 16, 8]).map(|(number, shift)| number << shift).sum::<u64>();
    u32::try_from(first + last).ok().map(Ipv4Addr::from_bits)
}

fn parse_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some("") => return Some(0),
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    // A sign is no digit.
    let is_plain = digits.bytes().all(|it| it.is_ascii_hexdigit());
    is_plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

/// The path in its only form. What a server behind may take for a slash, for a dot segment or for
/// another encoding is refused.
fn canonical_path(path: &str) -> Result<String, InvalidUrl> {
    let mut plain = String::with_capacity(path.len() + 1);
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let (byte, len) = match first {
            '%' => (percent_encoded(rest.as_bytes()).ok_or(InvalidUrl::Path)?, 3),
            other => (u8::try_from(other).map_err(|_| InvalidUrl::Path)?, other.len_utf8()),
        };
        match byte {
            b'/' if len == 1 => plain.push('/'),
            byte if is_unreserved(byte) => plain.push(char::from(byte)),
            byte if len == 1 && is_path_byte(byte) => plain.push(char::from(byte)),
            b'/' | b'\\' | b'%' | b';' | ..b' ' | 0x7f => return Err(InvalidUrl::Path),
            byte if len == 3 => plain.push_str(&format!("%{byte:02X}")),
            _ => return Err(InvalidUrl::Path),
        }
        rest = rest.get(len..).unwrap_or_default();
    }
    let mut kept: Vec<&str> = Vec::new();
    let segments = plain.strip_prefix('/').unwrap_or(&plain);
    for segment in segments.split('/') {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            // To some servers, what stands behind a semicolon is no part of the segment.
            parameters
                if [".", ".."].contains(&parameters.split(';').next().unwrap_or_default()) =>
            {
                return Err(InvalidUrl::Path);
            }
            segment => kept.push(segment),
        }
    }
    if matches!(segments.rsplit('/').next(), Some("." | "..")) {
        kept.push("");
    }
    Ok(format!("/{}", kept.join("/")))
}

/// The text without percent-encodings. `None`: it has what is none, or is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, behind) = match first {
            b'%' => (percent_encoded(rest)?, rest.get(3..)?),
            byte => (*byte, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

/// The byte that a text begins with, encoded.
fn percent_encoded(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |it: &u8| char::from(*it).to_digit(16).and_then(|it| u8::try_from(it).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A byte that a segment may have as it is (RFC 3986, `pchar`).
fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte)
}

/// Bytes of a name of DNS (RFC 1035, 2.3.4).
const NAME_BYTES_MAX: usize = 253;
/// Bytes of one of its labels.
const LABEL_BYTES_MAX: usize = 63;

#[cfg(test)]
mod tests;
