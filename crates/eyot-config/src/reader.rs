//! Reads values out of the tree of a file, and collects what is wrong with them.

use std::sync::Arc;
use std::time::Duration;

use eyot_document::{Member, Node, Position, Value, shown_name};
use eyot_stdx::Secret;

use crate::problem::{Problem, Severity};
use crate::server::Unknown;
use crate::text::{Sourced, Text};
use crate::units;
use crate::variables::Variables;

/// What every dialect needs to read servers.
pub(crate) struct Reader<'a> {
    pub(crate) source: Arc<str>,
    pub(crate) variables: Variables<'a>,
    pub(crate) problems: Vec<Problem>,
    /// How many errors there were.
    pub(crate) errors: usize,
    /// The server that is being read.
    pub(crate) server: Option<String>,
}

impl Reader<'_> {
    /// Notes an error. What it is about cannot be used.
    pub(crate) fn error(&mut self, at: Position, message: impl Into<String>) {
        self.errors += 1;
        self.note(Severity::Error, at, message.into());
    }

    /// Notes a warning.
    pub(crate) fn warn(&mut self, at: Position, message: impl Into<String>) {
        self.note(Severity::Warning, at, message.into());
    }

    fn note(&mut self, severity: Severity, at: Position, message: String) {
        if self.problems.len() == PROBLEMS_MAX {
            return;
        }
        let (source, server) = (Arc::clone(&self.source), self.server.clone());
        self.problems.push(Problem { severity, source, at: Some(at), server, message });
    }

    /// The members of a map.
    pub(crate) fn map<'n>(&mut self, what: &str, node: &'n Node) -> Option<Members<'n>> {
        match &node.value {
            Value::Map(members) => Some(Members::new(node.at, members)),
            _ => self.mismatch(what, "a map", node),
        }
    }

    /// The elements of a list.
    pub(crate) fn list<'n>(&mut self, what: &str, node: &'n Node) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(elements) => Some(elements),
            _ => self.mismatch(what, "a list", node),
        }
    }

    /// A text as it is written; a number and a truth value are texts, too.
    pub(crate) fn literal<'n>(&mut self, what: &str, node: &'n Node) -> Option<&'n str> {
        match &node.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => self.mismatch(what, "a text", node),
        }
    }

    /// A text with its variables replaced.
    pub(crate) fn text(&mut self, what: &str, node: &Node) -> Option<Sourced<Text>> {
        let written = self.literal(what, node)?.to_owned();
        let value = self.expand(what, &written, node.at);
        Some(Sourced { value: Text::new(value, written), at: node.at })
    }

    /// A text with its variables replaced, which may be a secret.
    pub(crate) fn secret(&mut self, what: &str, node: &Node) -> Option<Sourced<Secret<String>>> {
        let written = self.literal(what, node)?;
        let value = self.expand(what, written, node.at);
        Some(Sourced { value: Secret::new(value), at: node.at })
    }

    /// Replaces the variables of a text. Where one has no value there is an error, and the rest of
    /// the text is for those who only look.
    pub(crate) fn expand(&mut self, what: &str, written: &str, at: Position) -> String {
        let expanded = self.variables.expand(written);
        for warning in expanded.warnings {
            self.warn(at, format!("{what}: {warning}"));
        }
        for error in expanded.errors {
            self.error(at, format!("{what}: {error}"));
        }
        if expanded.text.contains('\0') {
            self.error(at, format!("{what} has a NUL character in it: remove it"));
        }
        expanded.text
    }

    /// A truth value.
    pub(crate) fn bool(&mut self, what: &str, node: &Node) -> Option<Sourced<bool>> {
        match node.value {
            Value::Bool(value) => Some(Sourced { value, at: node.at }),
            _ => self.mismatch(what, "true or false", node),
        }
    }

    /// A list of names.
    pub(crate) fn names(&mut self, what: &str, node: &Node) -> Option<Sourced<Vec<String>>> {
        let elements = self.list(what, node)?;
        let names = elements.iter().filter_map(|it| self.literal(what, it).map(str::to_owned));
        Some(Sourced { value: names.collect(), at: node.at })
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        what: &str,
        node: &Node,
        words: &[(&str, T)],
    ) -> Option<Sourced<T>> {
        let text = self.literal(what, node)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(Sourced { value: *value, at: node.at });
        }
        let words: Vec<_> = words.iter().map(|it| it.0).collect();
        self.error(node.at, format!("{what} is none of {}", words.join(", ")));
        None
    }

    /// A time with a unit.
    pub(crate) fn duration(&mut self, what: &str, node: &Node) -> Option<Sourced<Duration>> {
        let time = self.literal(what, node).map(units::parse_duration)?;
        self.valid(what, node, time, "a time with ms, s, m, h or d, such as `30s`")
    }

    /// A number of this unit.
    pub(crate) fn number_of(
        &mut self,
        what: &str,
        node: &Node,
        unit: Duration,
    ) -> Option<Sourced<Duration>> {
        let Value::Number(number) = &node.value else {
            return self.mismatch(what, "a number", node);
        };
        let name = if unit == units::SECOND { "seconds" } else { "milliseconds" };
        let form = format!("a number of {name} above zero, and less than a year");
        self.valid(what, node, units::number_of(number, unit), &form)
    }

    /// A number of bytes.
    pub(crate) fn size(&mut self, what: &str, node: &Node) -> Option<Sourced<usize>> {
        let size = self.literal(what, node).map(units::parse_size)?;
        self.valid(what, node, size, "a size from 1KiB to 4GiB, such as `16MiB`")
    }

    fn valid<T>(
        &mut self,
        what: &str,
        node: &Node,
        value: Option<T>,
        form: &str,
    ) -> Option<Sourced<T>> {
        if value.is_none() {
            self.error(node.at, format!("{what} is not {form}"));
        }
        value.map(|value| Sourced { value, at: node.at })
    }

    fn mismatch<T>(&mut self, what: &str, wanted: &str, node: &Node) -> Option<T> {
        self.error(node.at, format!("{what} is {}: it must be {wanted}", node.value.kind()));
        None
    }

    /// Warns of the members that nothing has taken, and keeps them.
    pub(crate) fn unknown(&mut self, members: Members<'_>) -> Vec<Unknown> {
        let mut unknown = Vec::new();
        for Member { key, at, node } in members.rest() {
            self.warn(
                *at,
                format!("`{}` has no meaning to eyot, and is not applied", shown_name(key)),
            );
            unknown.push(Unknown { key: key.clone(), at: *at, node: node.clone() });
        }
        unknown
    }
}

/// The members of a map, which are taken out one after the other.
pub(crate) struct Members<'n> {
    /// Where the map stands.
    pub(crate) at: Position,
    members: &'n [Member],
    is_taken: Vec<bool>,
}

impl<'n> Members<'n> {
    fn new(at: Position, members: &'n [Member]) -> Self {
        Self { at, members, is_taken: vec![false; members.len()] }
    }

    /// Takes the member of one of these keys: the first key that there is.
    pub(crate) fn take(&mut self, keys: &[&str]) -> Option<&'n Member> {
        let place =
            keys.iter().find_map(|key| self.members.iter().position(|it| it.key == *key))?;
        if let Some(is_taken) = self.is_taken.get_mut(place) {
            *is_taken = true;
        }
        self.members.get(place)
    }

    /// Takes the value of a member.
    pub(crate) fn value(&mut self, key: &str) -> Option<&'n Node> {
        self.take(&[key]).map(|it| &it.node)
    }

    /// Takes a member without reading it.
    pub(crate) fn skip(&mut self, keys: &[&str]) {
        for key in keys {
            self.take(&[key]);
        }
    }

    /// What was not taken.
    fn rest(self) -> impl Iterator<Item = &'n Member> {
        let Self { members, is_taken, .. } = self;
        members.iter().zip(is_taken).filter(|(_, is_taken)| !is_taken).map(|(member, _)| member)
    }
}

/// Problems of one file; more are not read by anybody.
const PROBLEMS_MAX: usize = 1_000;
