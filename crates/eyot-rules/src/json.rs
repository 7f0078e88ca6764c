//! Raw JSON values, read one at a time.

use std::borrow::Cow;
use std::cmp::Ordering;

use eyot_document::{Node, Value};

/// The text of a raw JSON string; `None` when it is another value.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    match serde_json::from_str(raw) {
        Ok(text) => Some(Cow::Owned(text)),
        // Half a surrogate pair, which the scan lets pass in values of upstreams.
        Err(_) => {
            let replaced = eyot_jsonrpc::replace_lone_surrogates(raw);
            serde_json::from_str(&replaced).ok().map(Cow::Owned)
        }
    }
}

/// A text as a raw JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A number of JSON or of a file of rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    /// Reads a number as it is written. `None`: it is none, or not finite.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !text.starts_with(|it: char| it == '-' || it.is_ascii_digit()) {
            return None;
        }
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        text.parse().ok().filter(|it: &f64| it.is_finite()).map(Self::Real)
    }

    /// Which of two numbers is greater.
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(&other)),
            (one, other) => one.real().partial_cmp(&other.real()),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "JSON's own readers round so, too")]
    const fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

/// How large a value is: the characters of a text, the items of a list, the members of an object.
pub(crate) fn size(raw: &str) -> Option<usize> {
    if let Some(text) = text(raw) {
        return Some(text.chars().count());
    }
    if let Some(items) = eyot_jsonrpc::Items::of(raw) {
        return Some(items.count());
    }
    eyot_jsonrpc::Members::of(raw).map(Iterator::count)
}

/// A value of the file as JSON. An error says what JSON has no form for.
pub(crate) fn of_node(node: &Node) -> Result<String, (eyot_document::Position, String)> {
    let mut out = String::new();
    write_node(node, &mut out)?;
    Ok(out)
}

/// Recurses as deep as a document may be.
fn write_node(node: &Node, out: &mut String) -> Result<(), (eyot_document::Position, String)> {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(is_true) => out.push_str(if *is_true { "true" } else { "false" }),
        Value::Number(number) => out.push_str(json_number(number).ok_or_else(|| {
            (node.at, "JSON has no such number: write it in another way, or in quotes".to_owned())
        })?),
        Value::Text(text) => out.push_str(&quoted(text)),
        Value::List(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                write_node(item, out)?;
            }
            out.push(']');
        }
        Value::Map(members) => {
            out.push('{');
            for (number, member) in members.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(&member.key));
                out.push(':');
                write_node(&member.node, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// The number, if it is one of JSON as well.
fn json_number(text: &str) -> Option<&str> {
    eyot_jsonrpc::Json::parse(text).map(|_| text)
}

#[cfg(test)]
mod tests;
