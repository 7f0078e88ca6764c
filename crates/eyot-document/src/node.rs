//! One tree for the texts of all formats: JSON with comments, YAML, TOML.

use std::collections::HashMap;
use std::fmt;

use crate::name::shown_name;
use crate::position::Position;

/// A value in a file, with its place.
#[derive(Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub at: Position,
    /// What it is.
    pub value: Value,
}

/// What a value in a file is.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`, or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file. Of two members with one key only the first is here.
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: Position,
    /// The value.
    pub node: Node,
}

/// The debug output has no value: it may be a secret.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.value.kind(), self.at)
    }
}

/// The debug output has no value: it may be a secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl Value {
    /// The kind of the value, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl Node {
    /// The value of a member, if this is a map that has it.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|it| it.key == key).map(|it| &it.node)
    }

    /// The members of a map; none of anything else.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// The elements of a list; none of anything else.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        match &self.value {
            Value::List(elements) => elements,
            _ => &[],
        }
    }

    /// The text, if this is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Something wrong with the text itself.
#[derive(Debug)]
pub struct Fault {
    /// Where it begins.
    pub at: Position,
    /// What is wrong, without any value of the text.
    pub message: String,
}

/// A map of these members, the second of two with one key being a fault.
pub(crate) fn map(members: Vec<Member>, faults: &mut Vec<Fault>) -> Value {
    let mut seen = HashMap::with_capacity(members.len());
    let mut kept = Vec::with_capacity(members.len());
    for member in members {
        match seen.get(&member.key) {
            Some(first) => {
                let key = shown_name(&member.key);
                let message = format!("`{key}` is given twice, first at {first}: keep one of them");
                faults.push(Fault { at: member.at, message });
            }
            None => {
                seen.insert(member.key.clone(), member.at);
                kept.push(member);
            }
        }
    }
    Value::Map(kept)
}

/// The fault of a text that is nested too deeply.
pub(crate) fn too_deep(at: Position) -> Fault {
    let message = format!("more than {DEPTH_MAX} lists and maps in each other: no file needs that");
    Fault { at, message }
}

/// Lists and maps in each other.
pub(crate) const DEPTH_MAX: usize = 64;
