//! Refusals because of a bound: counted in the metrics, and named for the client.

use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS};
use eyot_types::codes;
use serde_json::json;

/// The bound of that name is reached now; later there may be room again.
#[must_use]
pub fn limit_reached(limit: &'static str) -> ErrorObject {
    eyot_metrics::limit_hit(limit);
    codes::overloaded(limit)
}

/// A part of a message is longer than it may be: sent again, it is refused again.
#[must_use]
pub fn too_long(what: &'static str, bytes_max: usize) -> ErrorObject {
    eyot_metrics::limit_hit(what);
    let message = format!("Invalid params: {what} takes more than {bytes_max} bytes");
    let data = json!({ "limit": what, "max": bytes_max });
    ErrorObject::new(INVALID_PARAMS, message).with_data(data)
}
