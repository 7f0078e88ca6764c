//! What a file of servers says of interceptors: for all servers, and for single ones.

use std::sync::Arc;

use eyot_document::{Member, Node, Position, Value, shown_name};

use crate::dialect::Dialect;
use crate::document::Document;
use crate::problem::{Problem, Severity};

/// What a file of servers says of interceptors. Each part has the members of the section `interceptors`,
/// those that stand beside it among them, all at their places.
///
/// Nothing that the file refers to is read, and no variable is replaced.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Sections {
    /// For all servers. `None`: nothing.
    pub all: Option<Document>,
    /// For single servers, in the order of the file: those that are not disabled.
    pub enabled: Vec<(String, Document)>,
    /// For servers that are disabled.
    pub disabled: Vec<(String, Document)>,
}

impl Sections {
    /// Finds the sections in the text of a file. Only files of our own form have others than
    /// `interceptors` at their top.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, and what is said in two places.
    pub fn read(path: &str, text: &[u8], dialect: Option<Dialect>) -> Result<Self, Vec<Problem>> {
        let (document, format) = Document::read_as(path, text, dialect)?;
        let dialect = dialect.or_else(|| Dialect::of_path(path));
        let dialect = dialect.or_else(|| Dialect::of_shape(document.root(), path, format));
        let is_own = dialect == Some(Dialect::Eyot);
        let mut problems = Vec::new();
        let all = match is_own {
            true => gathered(&document, document.root()),
            false if document.has_section(INTERCEPTORS) => {
                Ok(Some(document.clone().section(INTERCEPTORS)))
            }
            false => Ok(None),
        };
        let mut sections = Self { all: kept(&mut problems, all), ..Self::default() };
        let root = document.root();
        let servers = ["servers", "mcpServers"].iter().find_map(|it| root.member(it));
        let servers = servers.filter(|_| is_own).map(Node::members).unwrap_or_default();
        for Member { key, node, .. } in servers {
            let about = document.clone().about(key);
            let gathered = gathered(&about, node);
            let found = kept(&mut problems, gathered).map(|it| (key.clone(), it));
            match is_disabled(node) {
                true => sections.disabled.extend(found),
                false => sections.enabled.extend(found),
            }
        }
        if problems.is_empty() { Ok(sections) } else { Err(problems) }
    }

    /// What stands for the server of this name, disabled or not.
    #[must_use]
    pub fn of_server(&self, name: &str) -> Option<&Document> {
        let mut all = self.enabled.iter().chain(&self.disabled);
        all.find(|it| it.0 == name).map(|it| &it.1)
    }
}

impl Document {
    /// What a file of interceptors says: all of it, or, if it is a file of servers with the section
    /// `interceptors`, what stands there and beside.
    ///
    /// # Errors
    ///
    /// What is said in two places.
    pub fn of_interceptors(self) -> Result<Self, Vec<Problem>> {
        match self.has_section(INTERCEPTORS) {
            true => Ok(gathered(&self, self.root())?.unwrap_or(self)),
            false => Ok(self),
        }
    }
}

/// The members of `owner` that are about interceptors.
pub(crate) fn sections_of(owner: &Node) -> impl Iterator<Item = &Member> {
    owner.members().iter().filter(|it| KEYS.contains(&it.key.as_str()))
}

fn kept<T>(problems: &mut Vec<Problem>, found: Result<Option<T>, Vec<Problem>>) -> Option<T> {
    found.unwrap_or_else(|found| {
        problems.extend(found);
        None
    })
}

/// The section `interceptors` of `owner`, with what stands beside it.
fn gathered(document: &Document, owner: &Node) -> Result<Option<Document>, Vec<Problem>> {
    let Some(first) = sections_of(owner).next() else { return Ok(None) };
    let section = owner.member(INTERCEPTORS);
    let mut members = match section.map(|it| &it.value) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Map(members)) => members.clone(),
        Some(other) => {
            let message = format!("`{INTERCEPTORS}` is {}: it must be a map", other.kind());
            let at = section.map_or(owner.at, |it| it.at);
            return Err(vec![problem(document, at, message)]);
        }
    };
    let mut problems = Vec::new();
    for member in sections_of(owner).filter(|it| it.key != INTERCEPTORS) {
        match members.iter().find(|it| it.key == member.key) {
            Some(other) => {
                let (key, source, at) = (shown_name(&member.key), document.source(), other.at);
                let message = format!(
                    "`{key}` stands in `{INTERCEPTORS}`, at {source}:{at}, as well: keep one of them"
                );
                problems.push(problem(document, member.at, message));
            }
            None => members.push(member.clone()),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let root = Node { at: section.map_or(first.at, |it| it.at), value: Value::Map(members) };
    Ok(Some(document.with_root(root)))
}

fn problem(document: &Document, at: Position, message: String) -> Problem {
    let Problem { source, server, .. } = document.problem("", "");
    Problem {
        severity: Severity::Error,
        source: Arc::clone(&source),
        at: Some(at),
        server,
        message,
    }
}

fn is_disabled(server: &Node) -> bool {
    let says = |key, value| server.member(key).is_some_and(|it| it.value == Value::Bool(value));
    says("enabled", false) || says("disabled", true)
}

const INTERCEPTORS: &str = "interceptors";

/// The keys of the sections, at the top of a file and in an entry of a server.
pub(crate) const KEYS: &[&str] = &[INTERCEPTORS, "rules", "guard"];

#[cfg(test)]
mod tests;
