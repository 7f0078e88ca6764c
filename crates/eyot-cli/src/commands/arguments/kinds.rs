//! The types that a schema wants, and the values that a text stands for.

use std::collections::BTreeSet;

use eyot::types::JsonObject;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The types that a schema allows; any type if empty. A type that JSON Schema does not know, such as
/// `int`, says nothing.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Kinds(Vec<&'static str>);

impl Kinds {
    /// The types of one property.
    ///
    /// A schema is a server's, and may point at itself in any number of ways: each reference is
    /// followed once, and so many steps are taken in all.
    pub(super) fn of(schema: &JsonObject, name: &str) -> Self {
        let mut kinds = Self::default();
        let mut followed = BTreeSet::new();
        let property = schema.get("properties").and_then(|it| it.get(name));
        let mut open: Vec<&Value> = property.into_iter().collect();
        for _ in 0..STEPS_MAX {
            let Some(part) = open.pop() else { break };
            if let Some(reference) = part.get("$ref").and_then(Value::as_str) {
                if followed.insert(reference) {
                    open.extend(resolve(schema, reference));
                }
                continue;
            }
            kinds.learn(part);
            let branches = ["oneOf", "anyOf"].into_iter().filter_map(|it| part.get(it)?.as_array());
            // The first branch is to be looked at first.
            open.extend(branches.flat_map(|it| it.iter().take(STEPS_MAX).rev()));
        }
        kinds
    }

    fn learn(&mut self, schema: &Value) {
        match schema.get("type") {
            Some(Value::String(kind)) => self.add(kind),
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).for_each(|it| {
                self.add(it);
            }),
            _ => {}
        }
        let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        values.chain(schema.get("const")).for_each(|it| self.add(kind_of(it)));
    }

    fn add(&mut self, kind: &str) {
        if !self.has(kind) {
            self.0.extend(KINDS.iter().find(|it| **it == kind));
        }
    }

    fn has(&self, kind: &str) -> bool {
        self.0.contains(&kind)
    }

    /// The value that a text stands for, or the types that it should have had.
    pub(super) fn value(&self, text: &str) -> Result<Box<RawValue>, String> {
        // Every text fits a string: that type is tried last.
        let json: Option<Box<RawValue>> = serde_json::from_str(text).ok();
        let json = json.filter(|it| self.0.is_empty() || self.fits(it.get()));
        let is_text = self.0.is_empty() || self.has("string");
        match json {
            Some(json) => Ok(json),
            None if is_text => to_raw_value(text).map_err(|error| error.to_string()),
            None => Err(self.0.join(" or ")),
        }
    }

    fn fits(&self, json: &str) -> bool {
        match json.as_bytes().first() {
            Some(b'"') => false,
            Some(b'{') => self.has("object"),
            Some(b'[') => self.has("array"),
            Some(b't' | b'f') => self.has("boolean"),
            Some(b'n') => self.has("null"),
            _ => self.has("number") || (self.has("integer") && is_whole(json)),
        }
    }
}

/// Whether a number is written without a fraction: "any number with a zero fractional part" is an
/// integer (JSON Schema 2020-12, validation, 6.1.1).
fn is_whole(number: &str) -> bool {
    let (number, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let fraction = number.split_once('.').map_or("", |it| it.1);
    !exponent.starts_with('-') && fraction.bytes().all(|it| it == b'0')
}

/// The schema that a reference within the root points at.
fn resolve<'a>(root: &'a JsonObject, reference: &str) -> Option<&'a Value> {
    let mut steps = reference.strip_prefix("#/")?.split('/');
    let unescape = |it: &str| it.replace("~1", "/").replace("~0", "~");
    let first = root.get(&unescape(steps.next()?))?;
    steps.try_fold(first, |at, step| at.get(unescape(step)))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// How many parts of a schema are looked at for one argument.
const STEPS_MAX: usize = 1_000;
/// "String values MUST be one of the six primitive types [...] or `integer`" (JSON Schema 2020-12,
/// validation, 6.1.1).
const KINDS: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];
