//! Members of an object put in and taken out, while all others keep their bytes.

use std::collections::BTreeMap;

use eyot_jsonrpc::Message;
use serde_json::value::RawValue;

/// Raw members by their names.
pub type Members = BTreeMap<String, Box<RawValue>>;

/// The raw `params` of a message with another `_meta`: what `change` makes of the one it has.
///
/// Everything but `_meta` leaves as the bytes that came: `params` are not parsed. A `_meta` that
/// comes out empty is left out, and so is the comma that it needed.
///
/// # Errors
/// When `_meta` is no object whose members can be told apart; the strict scan has passed it
/// before.
pub fn with_meta(
    message: &Message,
    change: impl FnOnce(&mut Members),
) -> Result<String, serde_json::Error> {
    let params = message.params().unwrap_or("{}");
    let meta = message.meta();
    let mut members: Members = meta.map_or_else(|| Ok(Members::new()), serde_json::from_str)?;
    change(&mut members);
    let written = match members.is_empty() {
        true => None,
        false => Some(serde_json::to_string(&members)?),
    };
    Ok(match (meta, written) {
        (None, None) => params.to_owned(),
        (None, Some(written)) => inserted(params, &written),
        (Some(meta), written) => replaced(params, meta, written.as_deref()),
    })
}

/// Whether the parameters of a message may have a member of this name. The arguments of a tool are
/// not looked at: they can be long, and mean nothing here.
pub(crate) fn may_have(message: &Message, name: &str) -> bool {
    let params = message.params().unwrap_or_default();
    let arguments = message.arguments().unwrap_or_default();
    if arguments.is_empty() {
        return params.contains(name);
    }
    let start = arguments.as_ptr().addr().saturating_sub(params.as_ptr().addr());
    let end = start.saturating_add(arguments.len());
    let parts = [params.get(..start), params.get(end..)];
    parts.iter().any(|it| it.is_none_or(|it| it.contains(name)))
}

/// The object without these members.
///
/// # Errors
/// When it is no object whose members can be told apart.
pub(crate) fn without_members(text: String, names: &[&str]) -> Result<String, serde_json::Error> {
    let mut members: Members = serde_json::from_str(&text)?;
    let len = members.len();
    members.retain(|name, _| !names.contains(&name.as_str()));
    if members.len() == len { Ok(text) } else { serde_json::to_string(&members) }
}

/// `params`, an object, with `"_meta"` as its first member.
fn inserted(params: &str, written: &str) -> String {
    let rest = params.trim_start().strip_prefix('{').unwrap_or("}");
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    format!(r#"{{"_meta":{written}{comma}{rest}"#)
}

/// `params` with another value in the place of `meta`, which is a part of it.
fn replaced(params: &str, meta: &str, written: Option<&str>) -> String {
    let start = meta.as_ptr().addr().saturating_sub(params.as_ptr().addr());
    let (before, rest) = params.split_at_checked(start).unwrap_or((params, ""));
    let (_, after) = rest.split_at_checked(meta.len()).unwrap_or(("", ""));
    if let Some(written) = written {
        return format!("{before}{written}{after}");
    }
    // The key goes with its value, and one of the commas around them.
    let before = before.trim_end().strip_suffix(':').unwrap_or(before).trim_end();
    let before = before.rfind("\"_meta\"").and_then(|it| before.get(..it)).unwrap_or(before);
    match after.trim_start().strip_prefix(',') {
        Some(after) => format!("{before}{after}"),
        None => {
            let before = before.trim_end();
            format!("{}{after}", before.strip_suffix(',').unwrap_or(before))
        }
    }
}

#[cfg(test)]
mod tests;
