//! The upstream that the path of a request names.

use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST};
use eyot_service::{Fault, FaultKind};
use http::Uri;

use super::allow_list::AllowList;
use super::upstream_url::UpstreamUrl;

/// Whether a path is of the form that names an upstream.
pub(super) fn is_named(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// The upstream that a request names: `/to/https/HOST[:PORT]/PATH`, with its query.
///
/// # Errors
///
/// The refusal of a text that is no URL, or of an upstream that is not allowed.
pub(super) fn named(uri: &Uri, allow: &AllowList) -> Result<UpstreamUrl, Fault> {
    let invalid = |reason: &str| {
        let message = format!("the path is no `/to/https/HOST/PATH` of an upstream: {reason}");
        Fault::refused(ErrorObject::new(INVALID_REQUEST, message))
    };
    let rest = uri.path().strip_prefix(PREFIX).ok_or_else(|| invalid("it begins otherwise"))?;
    let (scheme, rest) = rest.split_once('/').ok_or_else(|| invalid("it has no host"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let parsed = UpstreamUrl::parse(scheme, authority, path, uri.query());
    let url = parsed.map_err(|error| invalid(&error.to_string()))?;
    if allow.allows(&url) {
        return Ok(url);
    }
    // Operators may want to know, and the query may hold a secret.
    tracing::debug!(origin = %url.origin, path = url.path, "upstream is not allowed");
    let message = "this upstream is not among those that the proxy goes to";
    Err(Fault::new(FaultKind::Forbidden, ErrorObject::new(INVALID_REQUEST, message)))
}

/// What the paths begin with that name an upstream.
const PREFIX: &str = "/to/";

#[cfg(test)]
mod tests;
