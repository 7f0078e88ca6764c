//! Arguments as people write them: `name=value`, typed by a schema, and `name:=json`.

use std::io::Read as _;

use anyhow::Context as _;
use eyot::types::JsonObject;
use serde_json::{Number, Value};

use crate::failure::Failure;

/// One argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: Given,
}

/// The value of an argument as the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    /// A text; the schema decides which value it becomes.
    Text(String),
    Json(Value),
}

/// Splits the words into pairs.
pub(super) fn pairs(words: Vec<String>) -> Result<Vec<Pair>, Failure> {
    words.into_iter().map(|it| pair(&it)).collect()
}

fn pair(word: &str) -> Result<Pair, Failure> {
    let wrong = || Failure::usage(format!("`{word}` is no NAME=VALUE"));
    let (name, value) = word.split_once('=').ok_or_else(wrong)?;
    let (name, value) = match name.strip_suffix(':') {
        None => (name, Given::Text(value.to_owned())),
        Some(name) => {
            let json = serde_json::from_str(value);
            let wrong = |error| Failure::usage(format!("`{name}` is no JSON: {error}"));
            (name, Given::Json(json.map_err(wrong)?))
        }
    };
    if name.is_empty() {
        return Err(wrong());
    }
    Ok(Pair { name: name.to_owned(), value })
}

/// Texts by their names, for prompts: their arguments are only texts.
pub(super) fn texts(pairs: Vec<Pair>) -> Result<Vec<(String, String)>, Failure> {
    let text = |Pair { name, value }| match value {
        Given::Text(text) | Given::Json(Value::String(text)) => Ok((name, text)),
        Given::Json(_) => Err(Failure::usage(format!("`{name}` can only be a text"))),
    };
    pairs.into_iter().map(text).collect()
}

/// The object that `--args` names: JSON, or a file with it.
pub(super) fn object(source: Option<&str>) -> Result<JsonObject, Failure> {
    let Some(source) = source else { return Ok(JsonObject::new()) };
    let text = match source.strip_prefix('@') {
        None => Ok(source.to_owned()),
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text).context("stdin")
        }
        Some(path) => std::fs::read_to_string(path).with_context(|| path.to_owned()),
    };
    let text = text.map_err(|error| Failure::usage(format!("--args: {error:#}")))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("--args is no JSON object: {error}")))
}

/// The arguments: `base`, with the pairs in place of its members; the schema of the tool gives them
/// their types.
pub(super) fn typed(
    schema: Option<&JsonObject>,
    base: JsonObject,
    pairs: Vec<Pair>,
) -> Result<JsonObject, Failure> {
    let mut arguments = base;
    for Pair { name, value } in pairs {
        let value = match value {
            Given::Json(value) => value,
            Given::Text(text) => {
                let kinds = schema.map(|it| Kinds::of(it, &name)).unwrap_or_default();
                kinds.value(&text).map_err(|wanted| {
                    Failure::usage(format!("`{name}` must be {wanted}, not `{text}`"))
                })?
            }
        };
        arguments.insert(name, value);
    }
    Ok(arguments)
}

/// The types that a schema allows; any type if empty.
#[derive(Debug, Default, PartialEq)]
struct Kinds(Vec<String>);

impl Kinds {
    /// The types of one property.
    fn of(schema: &JsonObject, name: &str) -> Self {
        let mut kinds = Self::default();
        if let Some(property) = schema.get("properties").and_then(|it| it.get(name)) {
            kinds.learn(schema, property, REFERENCES_MAX);
        }
        kinds
    }

    fn learn(&mut self, root: &JsonObject, schema: &Value, references_left: usize) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            if references_left > 0
                && let Some(target) = resolve(root, reference)
            {
                self.learn(root, target, references_left - 1);
            }
            return;
        }
        let branches = ["anyOf", "oneOf"].into_iter().filter_map(|it| schema.get(it)?.as_array());
        for branch in branches.flatten() {
            self.learn(root, branch, references_left);
        }
        match schema.get("type") {
            Some(Value::String(kind)) => self.0.push(kind.clone()),
            Some(Value::Array(kinds)) => {
                self.0.extend(kinds.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
        let values = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        self.0.extend(values.chain(schema.get("const")).map(|it| kind_of(it).to_owned()));
    }

    fn has(&self, kind: &str) -> bool {
        self.0.iter().any(|it| it == kind)
    }

    /// The value that a text stands for, or the types that it should have had.
    fn value(&self, text: &str) -> Result<Value, String> {
        if self.0.is_empty() {
            return Ok(serde_json::from_str(text).unwrap_or_else(|_| text.into()));
        }
        // Every text fits a string: that type is tried last.
        let value = serde_json::from_str(text).ok().filter(|it| self.fits(it));
        match value {
            Some(value) => Ok(value),
            None if self.has("string") => Ok(text.into()),
            None => Err(self.0.join(" or ")),
        }
    }

    fn fits(&self, value: &Value) -> bool {
        let is_whole = |it: &Number| it.is_i64() || it.is_u64();
        match value {
            Value::String(_) => false,
            Value::Number(number) => {
                self.has("number") || (self.has("integer") && is_whole(number))
            }
            other => self.has(kind_of(other)),
        }
    }
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

/// How many references are followed: a schema may point at itself.
const REFERENCES_MAX: usize = 8;

#[cfg(test)]
mod tests;
