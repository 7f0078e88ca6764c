//! The headers in which a call of a tool repeats arguments (`Mcp-Param-*`).

use eyot_types::{JsonObject, MirroredArguments};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a call with these arguments, for a [`Sender`](crate::Sender).
#[must_use]
pub fn param_headers(params: &MirroredArguments, arguments: &JsonObject) -> HeaderMap {
    let headers = params.headers(arguments).into_iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(&value).ok()?))
    });
    headers.collect()
}
