//! The question for the era.

use eyot_jsonrpc::Request;
use eyot_types::{JsonObject, Method, Revision, meta};
use serde_json::json;

/// The request `server/discover` of a client that says this of itself in `_meta`. Its id is
/// replaced by the connection that sends it.
#[must_use]
pub fn discover(meta: &JsonObject) -> Request {
    let params = json!({ "_meta": meta });
    Request::unnumbered(Method::ServerDiscover.as_str(), &params)
}

/// What a proxy says of itself in `_meta` when it asks on behalf of no client.
#[must_use]
pub fn proxy_meta() -> JsonObject {
    let info = json!({ "name": "eyot", "version": env!("CARGO_PKG_VERSION") });
    JsonObject::from_iter([
        (meta::PROTOCOL_VERSION.to_owned(), json!(Revision::MODERN)),
        (meta::CLIENT_INFO.to_owned(), info),
        (meta::CLIENT_CAPABILITIES.to_owned(), json!({})),
    ])
}
