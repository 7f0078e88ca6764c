//! A file that is no list of servers: one value, of which the places are known.

use std::sync::Arc;

use eyot_document::{Format, Node, Position, Value};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::decoded::{FILE_BYTES_MAX, decoded};
use crate::dialect::{Dialect, format_of};
use crate::problem::{Problem, Severity};

/// A file with settings of one thing, in JSON, YAML or TOML.
#[derive(Clone, Debug)]
pub struct Document {
    source: Arc<str>,
    /// The server that it is about. `None`: it is about all.
    server: Option<String>,
    root: Node,
}

impl Document {
    /// Reads the text of a file. `path` is shown in problems, and its ending tells the format.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn read(path: &str, text: &[u8]) -> Result<Self, Vec<Problem>> {
        Self::read_as(path, text, None).map(|it| it.0)
    }

    /// As [`read`](Self::read), a text of this dialect; with the format that it has.
    pub(crate) fn read_as(
        path: &str,
        text: &[u8],
        dialect: Option<Dialect>,
    ) -> Result<(Self, Format), Vec<Problem>> {
        let source: Arc<str> = path.into();
        let problem = |at, message: String| Problem {
            severity: Severity::Error,
            source: Arc::clone(&source),
            at,
            server: None,
            message,
        };
        if text.len() > FILE_BYTES_MAX {
            return Err(vec![problem(None, "the file has more than 16 MiB".to_owned())]);
        }
        let text = decoded(text).map_err(|at| {
            vec![problem(at, "the file is not in UTF-8: save it in that encoding".to_owned())]
        })?;
        let format = format_of(path, dialect, text);
        let (root, faults) = eyot_document::parse(text, format)
            .map_err(|fault| vec![problem(Some(fault.at), fault.message)])?;
        if !faults.is_empty() {
            let faults = faults.into_iter().map(|it| problem(Some(it.at), it.message));
            return Err(faults.collect());
        }
        Ok((Self { source, server: None, root }, format))
    }

    /// The same, about one server of the file.
    pub(crate) fn about(self, server: &str) -> Self {
        Self { server: Some(server.to_owned()), ..self }
    }

    /// The same, with other things in it.
    pub(crate) fn with_root(&self, root: Node) -> Self {
        Self { root, ..self.clone() }
    }

    /// The file, as it was named.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// All that it says, with the places.
    #[must_use]
    pub const fn root(&self) -> &Node {
        &self.root
    }

    /// Whether the file has a section of this name: a map beside others.
    #[must_use]
    pub fn has_section(&self, name: &str) -> bool {
        self.root.member(name).is_some_and(|it| matches!(it.value, Value::Map(_)))
    }

    /// The section of this name, if the file has one; else all of it: a file can be about one thing, or
    /// about several.
    #[must_use]
    pub fn section(self, name: &str) -> Self {
        match self.root.member(name).filter(|it| matches!(it.value, Value::Map(_))) {
            Some(section) => Self { root: section.clone(), ..self },
            None => self,
        }
    }

    /// What the file says, as another type.
    ///
    /// # Errors
    ///
    /// The first thing that the type does not take, with its place.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if !matches!(self.root.value, Value::Map(_)) {
            // A struct would be read from a list as well, member by member.
            let message = format!("expected a map, not {}", self.root.value.kind());
            return Err(self.problem("", &message));
        }
        serde_path_to_error::deserialize(json(&self.root)).map_err(|error| {
            let member = error.path().to_string();
            let message = without_value(&error.inner().to_string());
            match member.as_str() {
                "." => self.problem("", &message),
                _ => self.problem(&member, &format!("`{member}`: {message}")),
            }
        })
    }

    /// What is wrong with a member, such as `rates[0].per`, at its place or at that of the nearest thing
    /// around it.
    #[must_use]
    pub fn problem(&self, member: &str, message: &str) -> Problem {
        Problem {
            severity: Severity::Error,
            source: Arc::clone(&self.source),
            at: Some(place(&self.root, member, self.root.at)),
            server: self.server.clone(),
            message: message.to_owned(),
        }
    }
}

/// What serde says, without the value that it repeats, which may be a secret.
fn without_value(message: &str) -> String {
    let repeats = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    match message.split_once("expected ") {
        Some((before, _)) if repeats.iter().any(|it| before.starts_with(it)) => {
            let (_, expected) = message.rsplit_once(", expected ").unwrap_or_default();
            format!("expected {expected}")
        }
        _ => message.to_owned(),
    }
}

/// Where a member stands. Keys may have dots in them, so that each key is tried as it is.
fn place(node: &Node, member: &str, at: Position) -> Position {
    let member = member.trim_start_matches('.');
    if let Some((number, rest)) = member.strip_prefix('[').and_then(|it| it.split_once(']')) {
        let element = number.parse::<usize>().ok().and_then(|it| node.elements().get(it));
        return element.map_or(at, |it| place(it, rest, it.at));
    }
    let is_end = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
    let mut found = node.members().iter().filter_map(|it| {
        let rest = member.strip_prefix(it.key.as_str()).filter(|rest| is_end(rest))?;
        Some(place(&it.node, rest, it.at))
    });
    found.next().unwrap_or(at)
}

/// A number that JSON cannot write is a text, and refused as such.
pub(crate) fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => {
            serde_json::from_str(number).unwrap_or_else(|_| Json::String(number.clone()))
        }
        Value::Text(text) => Json::String(text.clone()),
        Value::List(elements) => elements.iter().map(json).collect(),
        Value::Map(members) => {
            members.iter().map(|it| (it.key.clone(), json(&it.node))).collect::<Json>()
        }
    }
}

#[cfg(test)]
mod tests;
