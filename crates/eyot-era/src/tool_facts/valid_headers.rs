//! Lists of tools without those that a client must not use.

use eyot_jsonrpc::{Response, keeping_lone_surrogates};
use eyot_types::MirroredArguments;
use serde_json::Value;

/// A list of tools for a client, without those whose headers cannot be made, which it would have to
/// leave out (2026-07-28, basic/transports/streamable-http, Schema Extension).
#[must_use]
pub fn without_invalid_headers(list: Response) -> Response {
    let text = list.result().filter(|it| it.contains("x-mcp-header"));
    let kept = text.and_then(|it| keeping_lone_surrogates(it, with_valid_tools).ok());
    let (Some((result, ())), Some(id)) = (kept, list.id()) else { return list };
    Response::of_text(id, &result)
}

/// The result of `tools/list` without these tools.
fn with_valid_tools(text: &str) -> Result<(String, ()), serde_json::Error> {
    let mut result: Value = serde_json::from_str(text)?;
    if let Some(Value::Array(tools)) = result.get_mut("tools") {
        tools.retain(|tool| {
            let schema = tool.get("inputSchema").and_then(Value::as_object);
            schema.is_none_or(|it| MirroredArguments::of(it).is_ok())
        });
    }
    Ok((result.to_string(), ()))
}
