//! Servers of other people's files, written in our own form.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::ser::{Serialize, Serializer};

use eyot_document::{Node, Position, shown_name};

use crate::config::Config;
use crate::dialect::Dialect;
use crate::document::json;
use crate::lookup::Lookup;
use crate::problem::{Problem, Severity};
use crate::references::{Part, References, parts, written};
use crate::server::ServerConfig;
use crate::shown::{Secretive, Shown, ShownValue, Words, put};
use crate::text::{Sourced, Text};

/// Servers in our own form, as they can be used: what the files refer to stays a reference.
///
/// Secrets that the files have themselves become variables, or stay what they are. It serializes as
/// a document of our own form.
#[derive(Debug)]
pub struct Imported {
    shown: Shown,
    missing: Vec<Missing>,
}

/// What is done with a secret that stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// A variable takes its place.
    #[default]
    AsVariables,
    /// It is written.
    Written,
}

/// A variable that takes the place of a secret, and has no value yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The name of the variable.
    pub variable: String,
    /// The file that has the value.
    pub source: Arc<str>,
    /// Where it stands there.
    pub at: Position,
}

impl Imported {
    /// The servers of files that were read with [`Config::read_references`], also those that are
    /// disabled.
    ///
    /// # Errors
    ///
    /// Names that several of the servers have, and what makes a server unreadable.
    pub fn new(configs: &[Config], secrets: Secrets) -> Result<Self, Vec<Problem>> {
        let errors = configs.iter().flat_map(|it| &it.problems).filter(|it| it.is_error());
        let errors: Vec<_> = errors.cloned().chain(duplicates(configs)).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let servers: Vec<_> = configs.iter().flat_map(|it| &it.servers).collect();
        let mut words = Placeholders { secrets, ..Placeholders::default() };
        // The first time it only learns which variables the files refer to.
        drop(put(servers.iter().copied(), &mut words));
        let referred_to = words.referred_to;
        let mut words = Placeholders { secrets, referred_to, ..Placeholders::default() };
        let shown = put(servers, &mut words);
        Ok(Self { shown, missing: words.missing })
    }

    /// The file in YAML, line by line.
    pub fn to_yaml(&self) -> Vec<String> {
        self.shown.to_yaml(true)
    }

    /// The variables to set, in the order of the file.
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }
}

impl Config {
    /// Reads the text of a file as [`Config::read`] does, but for being written down again: where
    /// it refers to a variable, its texts have a reference to that in the place of a value, which
    /// needs none then. Nothing that the file refers to is read.
    ///
    /// A bundle and `server.json` have settings that the user fills in before: these are read from
    /// `lookup`.
    pub fn read_references(
        path: &str,
        text: &[u8],
        dialect: Option<Dialect>,
        lookup: &dyn Lookup,
    ) -> Self {
        let mut references = References { lookup, needs_values: false };
        let config = Self::read(path, text, dialect, &references);
        if !matches!(config.dialect, Dialect::Bundle | Dialect::Registry) {
            return config;
        }
        references.needs_values = true;
        Self::read(path, text, dialect, &references)
    }
}

impl Serialize for Imported {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shown.serialize(serializer)
    }
}

/// Names that are given twice, wherever they are.
fn duplicates(configs: &[Config]) -> Vec<Problem> {
    let mut first = BTreeMap::new();
    let mut problems = Vec::new();
    for server in configs.iter().flat_map(|it| &it.servers) {
        let (name, source) = (&server.name, Arc::clone(&server.source));
        if let Some(other) = first.insert(name, server) {
            let other: &ServerConfig = other;
            let message = format!(
                "`{}` is a server of {}:{} too: rename one of them, or import one of the files",
                shown_name(name),
                other.source,
                other.at
            );
            let (severity, at, server) = (Severity::Error, Some(server.at), Some(name.clone()));
            problems.push(Problem { severity, source, at, server, message });
        }
    }
    problems
}

/// Puts references and variables in the places of values.
#[derive(Debug, Default)]
struct Placeholders {
    secrets: Secrets,
    /// The variables that the files refer to.
    referred_to: BTreeSet<String>,
    /// The variables that take the place of secrets, with these.
    taken: HashMap<String, String>,
    missing: Vec<Missing>,
    /// What was not yet told in a comment.
    untold: Vec<String>,
}

impl Placeholders {
    /// The text in our own form, in which only references may be secret.
    fn written(&mut self, text: &str) -> String {
        for part in parts(text) {
            if let Part::Reference(body) = part {
                let name = body.strip_prefix("env:").unwrap_or(body);
                let name = name.split_once(":-").map_or(name, |it| it.0);
                self.referred_to.insert(name.to_owned());
            }
        }
        written(text)
    }

    /// A variable in the place of a secret.
    fn variable(&mut self, server: &ServerConfig, wish: &str, value: &str, at: Position) -> String {
        let is_free = |name: &String| {
            let other = self.taken.get(name);
            other.is_none_or(|it| it == value) && !self.referred_to.contains(name)
        };
        let (short, long) =
            (variable_name(wish), variable_name(&format!("{}_{wish}", server.name)));
        let numbered = (2..).map(|no: usize| format!("{long}_{no}"));
        let names = [short, long.clone()].into_iter().chain(numbered);
        let name = names.into_iter().find(is_free).unwrap_or(long);
        self.taken.insert(name.clone(), value.to_owned());
        let source = Arc::clone(&server.source);
        self.untold.push(format!("set {name} to what is at {source}:{at}"));
        self.missing.push(Missing { variable: name.clone(), source, at });
        format!("${{env:{name}}}")
    }
}

impl Words for Placeholders {
    fn text(&mut self, server: &ServerConfig, what: &str, text: &Sourced<Text>) -> String {
        let Sourced { value, at } = text;
        if value.hides() && self.secrets == Secrets::AsVariables {
            let wish = format!("{}_{what}", server.name);
            return self.variable(server, &wish, value.expose(), *at);
        }
        self.written(value.expose())
    }

    fn secret(&mut self, server: &ServerConfig, secret: &Secretive<'_>) -> String {
        let Secretive { kind, name, at, value } = secret;
        let value = value.expose();
        if self.secrets == Secrets::Written || !has_secret(value) {
            return self.written(value);
        }
        let wish = match *kind {
            "env" => (*name).to_owned(),
            _ => format!("{}_{name}", server.name),
        };
        self.variable(server, &wish, value, *at)
    }

    fn passed_on(&mut self, _: &str) -> ShownValue {
        ShownValue::Nothing
    }

    fn said(&mut self, node: &Node) -> ShownValue {
        ShownValue::Said(json(node))
    }

    fn comment(&mut self, _: &ServerConfig, _: Position) -> Option<String> {
        let told = std::mem::take(&mut self.untold);
        (!told.is_empty()).then(|| told.join(", "))
    }
}

/// Whether a secret text has more in it than references and the word before a token.
fn has_secret(text: &str) -> bool {
    let literals = parts(text).into_iter().filter_map(|it| match it {
        Part::Literal(text) => Some(text),
        Part::Reference(_) => None,
    });
    let literals: String = literals.collect();
    !["", "bearer", "basic", "token"].contains(&literals.trim().to_ascii_lowercase().as_str())
}

/// A name that a variable may have in every shell.
fn variable_name(wish: &str) -> String {
    let name = wish.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' });
    let name: String = name.map(|it| it.to_ascii_uppercase()).collect();
    if name.starts_with(|it: char| it.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests;
