//! Reads values out of the tree of a file, and collects what is wrong with them.

use std::sync::Arc;
use std::time::Duration;

use eyot_document::{Member, Node, Position, Value, shown_name};

use crate::problem::Problem;
use crate::rule::{Mode, OnError};
use crate::suggestion::did_you_mean;

/// What is wrong so far.
pub(super) struct Reader {
    pub(super) file: Arc<str>,
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.into(), problems: Vec::new() }
    }

    /// Notes a problem.
    pub(super) fn error(&mut self, at: Position, message: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            let file = Arc::clone(&self.file);
            self.problems.push(Problem { file, at, message: message.into() });
        }
    }

    /// Notes the problem of a result.
    pub(super) fn ok<T>(&mut self, at: Position, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.error(at, message)).ok()
    }

    fn mismatch<T>(&mut self, what: &str, wanted: &str, node: &Node) -> Option<T> {
        self.error(node.at, format!("{what} is {}: it must be {wanted}", node.value.kind()));
        None
    }

    /// The members of a map.
    pub(super) fn fields<'n>(&mut self, what: &str, node: &'n Node) -> Option<Fields<'n>> {
        match &node.value {
            Value::Map(members) => Some(Fields { members, asked: Vec::new() }),
            _ => self.mismatch(what, "a map", node),
        }
    }

    /// The elements of a list.
    pub(super) fn list<'n>(&mut self, what: &str, node: &'n Node) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(elements) => Some(elements),
            _ => self.mismatch(what, "a list", node),
        }
    }

    /// A text; a number and a truth value are texts, too.
    pub(super) fn text<'n>(&mut self, what: &str, node: &'n Node) -> Option<&'n str> {
        match &node.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => self.mismatch(what, "a text", node),
        }
    }

    /// One text, or a list of at least one.
    pub(super) fn texts<'n>(&mut self, what: &str, node: &'n Node) -> Vec<(&'n str, Position)> {
        let nodes = one_or_many(node);
        if nodes.is_empty() {
            self.error(node.at, format!("{what} is an empty list: say something, or leave it out"));
        }
        let texts = nodes.iter().map(|it| self.text(what, it).map(|text| (text, it.at)));
        texts.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    /// A truth value.
    pub(super) fn bool(&mut self, what: &str, node: &Node) -> Option<bool> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => self.mismatch(what, "true or false", node),
        }
    }

    /// A whole number from 0 on.
    pub(super) fn count(&mut self, what: &str, node: &Node) -> Option<u64> {
        let number = match &node.value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            return self.mismatch(what, "a whole number", node);
        }
        number
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &mut self,
        what: &str,
        node: &Node,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(what, node)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let words: Vec<_> = words.iter().map(|it| it.0).collect();
        let hint = did_you_mean(text, words.iter().copied());
        self.error(node.at, format!("{what} is one of {}{hint}", words.join(", ")));
        None
    }

    /// Whether rules are in force.
    pub(super) fn mode(&mut self, node: &Node) -> Option<Mode> {
        self.word("`mode`", node, &[("enforce", Mode::Enforce), ("audit", Mode::Audit)])
    }

    /// What becomes of messages that a rule cannot be applied to.
    pub(super) fn on_error(&mut self, node: &Node) -> Option<OnError> {
        self.word("`on_error`", node, &[("deny", OnError::Deny), ("skip", OnError::Skip)])
    }

    /// A time with a unit.
    pub(super) fn duration(&mut self, what: &str, node: &Node) -> Option<Duration> {
        let time = self.text(what, node).and_then(parse_duration);
        if time.is_none() {
            self.error(node.at, format!("{what} is a time from `1ms` to `24h`, such as `30s`"));
        }
        time
    }
}

/// The members of a map, which are asked for one after the other.
pub(super) struct Fields<'n> {
    members: &'n [Member],
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The member of this key.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'n Member> {
        self.asked.push(key);
        self.members.iter().find(|it| it.key == key)
    }

    /// The value of a member.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'n Node> {
        self.take(key).map(|it| &it.node)
    }

    /// Notes the members that were not asked for.
    pub(super) fn finish(self, reader: &mut Reader, of: &str) {
        for member in self.members {
            if !self.asked.contains(&member.key.as_str()) {
                let hint = did_you_mean(&member.key, self.asked.iter().copied());
                let key = shown_name(&member.key);
                reader.error(member.at, format!("`{key}` is no member of {of}{hint}"));
            }
        }
    }
}

/// The elements of a list, or the value itself.
pub(super) fn one_or_many(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(elements) => elements,
        _ => std::slice::from_ref(node),
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let end = text.find(|it: char| !it.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let millis = number.parse::<u64>().ok()?.checked_mul(millis)?;
    (1..=DAY_MILLIS).contains(&millis).then(|| Duration::from_millis(millis))
}

const DAY_MILLIS: u64 = 24 * 3_600_000;

/// Problems of one file that are told.
const PROBLEMS_MAX: usize = 1_000;
