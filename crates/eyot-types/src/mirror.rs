//! Tool arguments that HTTP requests repeat in headers (`x-mcp-header`), for routing.

use eyot_jsonrpc::ErrorObject;
use serde_json::Value;

use crate::{JsonObject, codes, headers};

/// The arguments of one tool that are mirrored into `Mcp-Param-*` headers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MirroredArguments(Vec<Mirrored>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mirrored {
    /// The names of the properties that lead to it.
    path: Vec<String>,
    /// The whole header name, in lower case.
    header: String,
}

/// A tool definition whose `x-mcp-header` cannot be used.
///
/// "An `x-mcp-header` annotation anywhere else makes the annotation — and thus the tool
/// definition — invalid" (2026-07-28, basic/transports/streamable-http, Schema Extension).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMirror {
    /// The name is empty or no HTTP token.
    #[error("x-mcp-header {name} is no header name")]
    Name {
        /// What stands there, as JSON.
        name: String,
    },
    /// Two arguments share a header.
    #[error("x-mcp-header {name:?} is used twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// The argument is no integer, string or boolean.
    #[error("x-mcp-header {name:?} is on an argument that is no integer, string or boolean")]
    Type {
        /// The name.
        name: String,
    },
    /// It does not stand on a property that is reached through `properties` alone.
    #[error("x-mcp-header stands where no single argument is")]
    Place,
}

impl MirroredArguments {
    /// Reads the schema of a tool's arguments.
    ///
    /// # Errors
    /// [`InvalidMirror`]: clients over HTTP leave such a tool out of their lists.
    pub fn of(input_schema: &JsonObject) -> Result<Self, InvalidMirror> {
        let mut found = Self::default();
        if !mentions(input_schema) {
            return Ok(found);
        }
        found.object(input_schema, &mut Vec::new())?;
        Ok(found)
    }

    /// Whether nothing is mirrored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of the names that it keeps.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let of_path = |path: &[String]| path.iter().map(String::len).sum::<usize>();
        self.0.iter().map(|it| it.header.len() + of_path(&it.path)).sum()
    }

    /// The headers of a call, encoded: name in lower case, value. "If no value is present at that
    /// path in the call arguments, the header is omitted", and so it is for `null`.
    #[must_use]
    pub fn headers(&self, arguments: &JsonObject) -> Vec<(&str, String)> {
        let values = self.0.iter().filter_map(|it| Some((it, text(it.value(arguments)?)?)));
        values
            .map(|(it, text)| {
                (it.header.as_str(), headers::encode_header_value(&text).into_owned())
            })
            .collect()
    }

    /// Holds the headers of a call against its arguments; `header` gives the value of a header by
    /// its name in lower case.
    ///
    /// # Errors
    /// An error with [`codes::HEADER_MISMATCH`]: "Servers MUST reject requests with a
    /// `400 Bad Request` HTTP status and JSON-RPC error code `-32020` (`HeaderMismatch`) if any
    /// validation fails" (2026-07-28, basic/transports/streamable-http).
    pub fn check<'h>(
        &self,
        arguments: &JsonObject,
        header: impl Fn(&str) -> Option<&'h [u8]>,
    ) -> Result<(), ErrorObject> {
        for mirrored in &self.0 {
            let mismatch = |detail: &str| Err(codes::header_mismatch(&mirrored.header, detail));
            let value = mirrored.value(arguments).filter(|it| !it.is_null());
            let Some(sent) = header(&mirrored.header) else {
                match value {
                    Some(_) => return mismatch("is missing"),
                    None => continue,
                }
            };
            let sent = std::str::from_utf8(sent).ok();
            let sent = sent.and_then(|it| headers::decode_header_value(it).ok());
            let Some(sent) = sent else { return mismatch("has invalid characters") };
            let Some(value) = value else {
                return mismatch("is there although its argument is not");
            };
            if !is_same(&sent, value) {
                return mismatch("does not match its argument");
            }
        }
        Ok(())
    }

    fn object(&mut self, schema: &JsonObject, path: &mut Vec<String>) -> Result<(), InvalidMirror> {
        for (key, value) in schema {
            match (key.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        let Value::Object(property) = property else { continue };
                        path.push(name.clone());
                        self.property(property, path)?;
                        path.pop();
                    }
                }
                // The annotation of the schema itself belongs to the schema that holds it.
                (HEADER, _) if !path.is_empty() => {}
                // Data, not schemas.
                ("const" | "default" | "enum" | "examples", _) => {}
                (HEADER, _) => return Err(InvalidMirror::Place),
                (_, value) if mentions_anywhere(value) => return Err(InvalidMirror::Place),
                _ => {}
            }
        }
        Ok(())
    }

    fn property(
        &mut self,
        property: &JsonObject,
        path: &mut Vec<String>,
    ) -> Result<(), InvalidMirror> {
        if let Some(name) = property.get(HEADER) {
            self.add(name, property.get("type"), path)?;
        }
        self.object(property, path)
    }

    fn add(
        &mut self,
        name: &Value,
        kind: Option<&Value>,
        path: &[String],
    ) -> Result<(), InvalidMirror> {
        let text = name.as_str().filter(|it| !it.is_empty() && it.bytes().all(is_token));
        let Some(text) = text else {
            return Err(InvalidMirror::Name { name: name.to_string() });
        };
        let name = text.to_owned();
        let kind = kind.and_then(Value::as_str);
        if !matches!(kind, Some("integer" | "string" | "boolean")) {
            return Err(InvalidMirror::Type { name });
        }
        let header = format!("{}{}", headers::PARAM_PREFIX, text.to_ascii_lowercase());
        if self.0.iter().any(|it| it.header == header) {
            return Err(InvalidMirror::Duplicate { name });
        }
        self.0.push(Mirrored { path: path.to_vec(), header });
        Ok(())
    }
}

impl Mirrored {
    fn value<'a>(&self, arguments: &'a JsonObject) -> Option<&'a Value> {
        let (first, rest) = self.path.split_first()?;
        rest.iter().try_fold(arguments.get(first)?, |value, name| value.get(name))
    }
}

/// How a value is written into a header before it is encoded.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// "servers SHOULD compare the header value and the body value numerically rather than as strings
/// (e.g., `42.0` and `42` are considered equal)" (2026-07-28, basic/transports/streamable-http).
fn is_same(sent: &str, value: &Value) -> bool {
    match value {
        Value::Number(number) => match (sent.parse::<i64>(), number.as_i64()) {
            (Ok(sent), Some(number)) => sent == number,
            _ => sent.parse::<f64>().ok().zip(number.as_f64()).is_some_and(|(a, b)| a == b),
        },
        value => text(value).is_some_and(|it| it == sent),
    }
}

fn mentions(schema: &JsonObject) -> bool {
    schema.iter().any(|(key, value)| key == HEADER || mentions_anywhere(value))
}

fn mentions_anywhere(value: &Value) -> bool {
    match value {
        Value::Object(members) => mentions(members),
        Value::Array(items) => items.iter().any(mentions_anywhere),
        _ => false,
    }
}

/// A character of a header name (RFC 9110, 5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

const HEADER: &str = "x-mcp-header";

#[cfg(test)]
mod tests;
