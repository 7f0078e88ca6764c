//! The address of a page that a server wants the user to look at.
//!
//! An address can be dressed up so that a person reads another host than a browser goes to. It is
//! offered only if every reader of it finds one host, and that host is shown on a line of its own.

use std::net::IpAddr;

/// An address that is offered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<'a> {
    url: &'a str,
    user_info: Option<&'a str>,
    host: &'a str,
}

impl<'a> Page<'a> {
    /// Takes an address apart.
    ///
    /// # Errors
    ///
    /// The reason why it is not offered, as words behind "the address".
    pub(super) fn parse(url: &'a str) -> Result<Self, &'static str> {
        if url.contains(|it: char| it.is_whitespace() || it.is_control() || it == '\\') {
            return Err("can be read in two ways");
        }
        let (scheme, rest) = url.split_once("://").ok_or("is none of a web page")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user_info, place) = match authority.rsplit_once('@') {
            Some((user_info, place)) => (Some(user_info), place),
            None => (None, authority),
        };
        let host = host(place).ok_or("names no host")?;
        match scheme.to_ascii_lowercase().as_str() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err("is not protected: it is http at another machine"),
            _ => return Err("is none of a web page"),
        }
        Ok(Self { url, user_info, host })
    }

    /// The host, as it is written: a name of another script stands in its encoded form, or with
    /// escapes for its letters.
    pub(super) fn host(&self) -> String {
        plain(self.host)
    }

    /// What stands before the host, and looks like one to a hasty reader.
    pub(super) fn user_info(&self) -> Option<String> {
        self.user_info.map(plain)
    }

    /// The whole address.
    pub(super) fn url(&self) -> String {
        plain(self.url)
    }
}

/// The host without its port. Browsers decode `%` in it, so it has none.
fn host(place: &str) -> Option<&str> {
    let host = match place.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|it| it.0)?,
        None => place.split(':').next().unwrap_or_default(),
    };
    let is_plain = |it: char| !it.is_ascii() || it.is_ascii_alphanumeric() || ".-_:".contains(it);
    (!host.is_empty() && host.chars().all(is_plain)).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let is_name = host.eq_ignore_ascii_case("localhost");
    is_name || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

/// A text that letters of another script, which look like ours, cannot dress up.
fn plain(text: &str) -> String {
    let escape = |it: char| match it.is_ascii() {
        true => String::from(it),
        false => it.escape_unicode().to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests;
