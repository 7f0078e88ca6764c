//! What a file gives a name to: sets of names, and patterns.

use std::collections::{HashMap, HashSet};

use eyot_document::{Node, Position, shown_name};

use super::reader::Reader;
use crate::cel::Named;
use crate::glob::{Glob, Globs};
use crate::pattern::Pattern;
use crate::suggestion::did_you_mean;

/// The sets and the patterns of a file. `$name` stands for one of them.
#[derive(Default)]
pub(super) struct Definitions {
    sets: HashMap<String, Globs>,
    patterns: HashMap<String, Pattern>,
    /// The sets, as expressions see them.
    pub(super) named: Named,
    /// Those that are wrong, so that it is not said of them that they are missing.
    wrong: HashSet<String>,
}

impl Definitions {
    pub(super) fn read(reader: &mut Reader, sets: Option<&Node>, patterns: Option<&Node>) -> Self {
        let mut definitions = Self::default();
        if let Some(node) = sets.filter(|it| reader.fields("`sets`", it).is_some()) {
            for member in node.members() {
                definitions.set(reader, &member.key, member.at, &member.node);
            }
        }
        if let Some(node) = patterns.filter(|it| reader.fields("`patterns`", it).is_some()) {
            for member in node.members() {
                definitions.pattern(reader, &member.key, member.at, &member.node);
            }
        }
        definitions
    }

    fn set(&mut self, reader: &mut Reader, name: &str, at: Position, node: &Node) {
        check_name(reader, name, at);
        let texts = reader.texts(&format!("set `{}`", shown_name(name)), node);
        let mut globs = Vec::new();
        let mut is_wrong = texts.is_empty();
        for (text, at) in texts {
            let glob = match text.strip_prefix('$') {
                Some(_) => Err("a set has no other set in it: write its names out".to_owned()),
                None => Glob::parse(text),
            };
            match reader.ok(at, glob) {
                Some(glob) => globs.push(glob),
                None => is_wrong = true,
            }
        }
        if is_wrong {
            self.wrong.insert(name.to_owned());
        }
        self.named.insert(name.to_owned(), globs.iter().map(|it| it.as_str().to_owned()).collect());
        self.sets.insert(name.to_owned(), globs.into_iter().collect());
    }

    fn pattern(&mut self, reader: &mut Reader, name: &str, at: Position, node: &Node) {
        check_name(reader, name, at);
        if self.sets.contains_key(name) {
            let name = shown_name(name);
            reader.error(at, format!("`{name}` is a set already: `${name}` would mean two things"));
        }
        let text = reader.text(&format!("pattern `{}`", shown_name(name)), node);
        let compiled = text.and_then(|it| reader.ok(node.at, Pattern::compile(it)));
        match compiled {
            Some(pattern) => drop(self.patterns.insert(name.to_owned(), pattern)),
            None => drop(self.wrong.insert(name.to_owned())),
        }
    }

    /// Patterns of names, and sets of them.
    pub(super) fn globs(&self, reader: &mut Reader, what: &str, node: &Node) -> Globs {
        let mut globs = Vec::new();
        for (text, at) in reader.texts(what, node) {
            match text.strip_prefix('$') {
                Some(name) => globs.extend(self.set_of(reader, name, at).iter().cloned()),
                None => globs.extend(reader.ok(at, Glob::parse(text))),
            }
        }
        globs.into_iter().collect()
    }

    /// The patterns of a set.
    pub(super) fn set_of(&self, reader: &mut Reader, name: &str, at: Position) -> Globs {
        if let Some(set) = self.sets.get(name) {
            return set.clone();
        }
        if self.patterns.contains_key(name) {
            let name = shown_name(name);
            reader.error(at, format!("`${name}` is a pattern: a set of names is wanted here"));
        } else {
            self.missing(reader, "set", name, at);
        }
        Globs::default()
    }

    /// Patterns in texts, written here or by their names.
    pub(super) fn patterns(&self, reader: &mut Reader, what: &str, node: &Node) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for (text, at) in reader.texts(what, node) {
            match text.strip_prefix('$').filter(|it| !it.is_empty()) {
                Some(name) => match self.patterns.get(name) {
                    Some(pattern) => patterns.push(pattern.clone()),
                    None if self.sets.contains_key(name) => {
                        let name = shown_name(name);
                        reader.error(at, format!("`${name}` is a set: a pattern is wanted here"));
                    }
                    None => self.missing(reader, "pattern", name, at),
                },
                None => patterns.extend(reader.ok(at, Pattern::compile(text))),
            }
        }
        patterns
    }

    fn missing(&self, reader: &mut Reader, kind: &str, name: &str, at: Position) {
        if self.wrong.contains(name) {
            return;
        }
        let names: Vec<&str> = match kind {
            "set" => self.sets.keys().map(String::as_str).collect(),
            _ => self.patterns.keys().map(String::as_str).collect(),
        };
        let hint = did_you_mean(name, names);
        reader.error(at, format!("there is no {kind} `{}`{hint}", shown_name(name)));
    }
}

fn check_name(reader: &mut Reader, name: &str, at: Position) {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '_';
    if name.is_empty()
        || !name.chars().all(is_plain)
        || name.starts_with(|it: char| it.is_ascii_digit())
    {
        let name = shown_name(name);
        reader.error(at, format!("`{name}` is no name: take letters, digits and `_`"));
    }
}
