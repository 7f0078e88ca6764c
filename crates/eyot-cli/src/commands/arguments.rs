//! Arguments as people write them: `name=value`, typed by a schema, and `name:=json`.
//!
//! Values stay the JSON text that was written: a number of any length reaches the server as it is.

mod kinds;

use std::collections::BTreeMap;

use anyhow::Context as _;
use eyot::types::JsonObject;
use eyot_stdx::shown_url;
use serde_json::value::RawValue;

use self::kinds::Kinds;
use crate::failure::Failure;
use crate::input;

/// The arguments of a call, by their names.
pub(super) type Arguments = BTreeMap<String, Box<RawValue>>;

/// One argument.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: Given,
}

/// The value of an argument as the user wrote it.
#[derive(Clone, Debug)]
pub(super) enum Given {
    /// A text; the schema decides which value it becomes.
    Text(String),
    Json(Box<RawValue>),
}

/// Splits the words into pairs.
pub(super) fn pairs(words: Vec<String>) -> Result<Vec<Pair>, Failure> {
    words.into_iter().map(|it| pair(&it)).collect()
}

fn pair(word: &str) -> Result<Pair, Failure> {
    let wrong = || Failure::usage(format!("`{}` is no NAME=VALUE", shown_url(word)));
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
        Given::Text(text) => Ok((name, text)),
        Given::Json(json) => match serde_json::from_str(json.get()) {
            Ok(text) => Ok((name, text)),
            Err(_) => Err(Failure::usage(format!("`{name}` can only be a text"))),
        },
    };
    pairs.into_iter().map(text).collect()
}

/// The object that `--args` names: JSON, or a file with it.
pub(super) fn object(source: Option<&str>) -> Result<Arguments, Failure> {
    let Some(source) = source else { return Ok(Arguments::new()) };
    let text = match source.strip_prefix('@') {
        None => Ok(source.trim_start_matches(BYTE_ORDER_MARK).to_owned()),
        Some("-") => input::read_stdin().context("stdin"),
        Some(path) => input::read(path).with_context(|| path.to_owned()),
    };
    let text = text.map_err(|error| Failure::usage(format!("--args: {error:#}")))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("--args is no JSON object: {error}")))
}

/// The arguments: `base`, with the pairs in place of its members; the schema of the tool gives them
/// their types.
pub(super) fn typed(
    schema: Option<&JsonObject>,
    base: Arguments,
    pairs: Vec<Pair>,
) -> Result<Arguments, Failure> {
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

/// What `$(cat FILE)` puts before the text of such a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests;
