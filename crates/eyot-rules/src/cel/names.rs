//! The names that expressions know.

use crate::view::Source;

/// A name that stands for something known of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// A JSON value.
    Json(Source),
    /// A text, a list of texts, or null.
    Known(&'static str),
}

impl Root {
    /// What a name stands for.
    pub(super) fn of(name: &str) -> Option<Self> {
        let json = match name {
            "params" => Source::Params,
            "result" => Source::Result,
            "annotations" => Source::Annotations,
            _ => return KNOWN.iter().find(|it| **it == name).map(|it| Self::Known(it)),
        };
        Some(Self::Json(json))
    }
}

/// The names that stand for JSON values.
pub(super) const JSON: [&str; 3] = ["params", "result", "annotations"];

/// The names that stand for texts, and for one list of texts.
pub(super) const KNOWN: [&str; 13] = [
    "method",
    "phase",
    "direction",
    "item",
    "server",
    "session",
    "principal",
    "scopes",
    "client",
    "client_version",
    "era",
    "transport",
    "remote",
];

/// The name for the sets of the file.
pub(super) const SETS: &str = "sets";

/// The functions.
pub(super) const FUNCTIONS: [&str; 10] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
];

/// The operators, and what macros are made of.
pub(super) const OPERATORS: [&str; 20] = [
    "_?_:_",
    "_&&_",
    "_||_",
    "!_",
    "_-_",
    "_+_",
    "_*_",
    "_/_",
    "_%_",
    "_==_",
    "_!=_",
    "_>=_",
    "_<=_",
    "_>_",
    "_<_",
    "-_",
    "_[_]",
    "@in",
    "@not_strictly_false",
    "has",
];
