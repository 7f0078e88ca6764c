//! What proxies write about a hop: a node, alone or in an element of `Forwarded`.

use std::net::IpAddr;

use super::{Hop, without_port};

/// The address of a node. `None`: it is `unknown`, a word that hides it (`_x`), or malformed.
pub(super) fn address(node: &str) -> Option<IpAddr> {
    if let Some(address) = without_port(node) {
        return Some(address);
    }
    // "The port […] can be obfuscated" (RFC 7239, section 6.2): `192.0.2.1:_x`, `[2001:db8::1]:_x`.
    let (node, port) = node.rsplit_once(':')?;
    port.starts_with('_').then(|| without_port(node)).flatten()
}

/// The elements of a line of `Forwarded`, the nearest hop last. `None`: it is malformed.
pub(super) fn elements(line: &str) -> Option<Vec<Hop<'_>>> {
    let mut rest = line;
    let mut hops = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(hops);
        }
        let (hop, after) = element(rest)?;
        hops.push(hop);
        rest = after;
    }
}

/// One element, and what stands behind it: nothing, or a comma and more.
fn element(text: &str) -> Option<(Hop<'_>, &str)> {
    let (mut node, mut is_https, mut rest) = (None, None, text);
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        let is_token = !name.is_empty() && name.bytes().all(is_token_byte);
        if !is_token {
            return None;
        }
        // "Each parameter MUST NOT occur more than once per field-value" (RFC 7239, section 4), which
        // is an element here.
        if name.eq_ignore_ascii_case("for") && node.replace(value).is_some() {
            return None;
        }
        let says_https = value.eq_ignore_ascii_case("https");
        if name.eq_ignore_ascii_case("proto") && is_https.replace(says_https).is_some() {
            return None;
        }
        let after = after.trim_start_matches([' ', '\t']);
        rest = after.trim_start_matches([' ', '\t', ';']);
        if rest.is_empty() || rest.starts_with(',') {
            break;
        }
        if !after.starts_with(';') {
            return None;
        }
    }
    Some((Hop { node: node?, is_https: Some(is_https.unwrap_or(false)) }, rest))
}

/// A token or a quoted text, and what stands behind it. Texts with escapes are no addresses.
fn value(text: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, after) = quoted.split_once('"')?;
        return (!value.contains('\\')).then_some((value, after));
    }
    let end = text.bytes().position(|it| !is_token_byte(it)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at_checked(end))?
}

/// A token (RFC 9110, section 5.6.2), and the colon, which proxies leave without quotes.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:[]".contains(&byte)
}
