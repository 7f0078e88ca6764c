//! Servers in our own form, as people and programs may see them.

mod servers;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use eyot_document::{Node, Position};

use crate::config::Config;
use crate::document::json;
use crate::server::ServerConfig;
pub(crate) use crate::shown::servers::{Secretive, Words, put};
use crate::text::{REDACTED, Sourced, Text, shown_words};

/// Servers in our own form: texts as the files have them, variables not replaced, and `[redacted]`
/// for what is or may be a secret.
///
/// It serializes as a document of our own form.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    members: Vec<ShownMember>,
}

#[derive(Clone, Debug)]
struct ShownMember {
    key: String,
    /// The file and the place where it is said, or something else about it.
    comment: Option<String>,
    value: ShownValue,
}

#[derive(Clone, Debug)]
pub(crate) enum ShownValue {
    Nothing,
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<String>),
    Map(Shown),
    /// What a file says of something that has a form of its own.
    Said(serde_json::Value),
}

impl Shown {
    /// The servers of these files.
    pub fn new<'c>(configs: impl IntoIterator<Item = &'c Config>) -> Self {
        put(configs.into_iter().flat_map(|it| &it.servers), &mut Masked)
    }

    /// The document in YAML, line by line. `has_origins`: each line says where it comes from.
    pub fn to_yaml(&self, has_origins: bool) -> Vec<String> {
        let mut lines = Vec::new();
        self.write(&mut lines, 0, has_origins);
        lines
    }

    /// Where each thing is said: JSON pointers into the document, and places in files.
    pub fn origins(&self) -> Vec<(String, String)> {
        let mut origins = Vec::new();
        self.point("", &mut origins);
        origins
    }

    fn point(&self, above: &str, origins: &mut Vec<(String, String)>) {
        for ShownMember { key, comment, value } in &self.members {
            let pointer = format!("{above}/{}", key.replace('~', "~0").replace('/', "~1"));
            origins.extend(comment.clone().map(|it| (pointer.clone(), it)));
            if let ShownValue::Map(below) = value {
                below.point(&pointer, origins);
            }
        }
    }

    fn write(&self, lines: &mut Vec<String>, indent: usize, has_comments: bool) {
        for ShownMember { key, comment, value } in &self.members {
            let value_text = match value {
                ShownValue::Nothing => String::new(),
                ShownValue::Bool(is_true) => format!(" {is_true}"),
                ShownValue::Number(number) => format!(" {number}"),
                ShownValue::Text(text) => format!(" {}", quoted(text)),
                ShownValue::List(texts) => {
                    let texts: Vec<_> = texts.iter().map(|it| quoted(it)).collect();
                    format!(" [{}]", texts.join(", "))
                }
                ShownValue::Said(said) => format!(" {}", escaped(&said.to_string())),
                ShownValue::Map(below) if below.members.is_empty() => " {}".to_owned(),
                ShownValue::Map(_) => String::new(),
            };
            let comment = comment.as_ref().filter(|_| has_comments);
            // The name of a file may have a line end in it.
            let comment = comment.map(|it| format!("  # {}", it.replace(char::is_control, "?")));
            let comment = comment.unwrap_or_default();
            let (indent_text, key) = (" ".repeat(indent), key_text(key));
            lines.push(format!("{indent_text}{key}:{value_text}{comment}"));
            if let ShownValue::Map(below) = value {
                below.write(lines, indent + 2, has_comments);
            }
        }
    }
}

/// The words of the file, without secrets.
struct Masked;

impl Words for Masked {
    fn text(&mut self, _: &ServerConfig, _: &str, text: &Sourced<Text>) -> String {
        text.value.shown().to_owned()
    }

    fn secret(&mut self, _: &ServerConfig, _: &Secretive<'_>) -> String {
        REDACTED.to_owned()
    }

    fn passed_on(&mut self, name: &str) -> ShownValue {
        ShownValue::Text(format!("${{env:{name}}}"))
    }

    fn said(&mut self, node: &Node) -> ShownValue {
        let mut said = json(node);
        mask(&mut said);
        ShownValue::Said(said)
    }

    fn comment(&mut self, server: &ServerConfig, at: Position) -> Option<String> {
        Some(format!("{}:{at}", server.source))
    }
}

/// A text in the quotes of JSON, which YAML has too. What YAML does not take as it is, is escaped.
fn quoted(text: &str) -> String {
    escaped(&serde_json::Value::from(text).to_string())
}

/// Leaves out what looks like a secret.
fn mask(said: &mut serde_json::Value) {
    match said {
        serde_json::Value::String(text) => {
            *text = shown_words(std::slice::from_ref(text)).concat();
        }
        serde_json::Value::Array(elements) => {
            let words: Option<Vec<String>> =
                elements.iter().map(|it| it.as_str().map(str::to_owned)).collect();
            match words {
                Some(words) => *said = shown_words(&words).into(),
                None => elements.iter_mut().for_each(mask),
            }
        }
        serde_json::Value::Object(members) => members.values_mut().for_each(mask),
        _ => {}
    }
}

/// JSON with what YAML does not take as it is escaped.
fn escaped(json: &str) -> String {
    let is_printable = |it: &char| !matches!(it, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}');
    let mut quoted = String::with_capacity(json.len());
    for it in json.chars() {
        match is_printable(&it) {
            true => quoted.push(it),
            false => quoted.push_str(&format!("\\u{:04x}", u32::from(it))),
        }
    }
    quoted
}

/// A key, in quotes unless it cannot be taken for anything else.
fn key_text(key: &str) -> String {
    let is_plain = key.starts_with(|it: char| it.is_ascii_alphabetic())
        && key.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_'))
        && !matches!(key.to_ascii_lowercase().as_str(), "true" | "false" | "null");
    if is_plain { key.to_owned() } else { quoted(key) }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for ShownMember { key, value, .. } in &self.members {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for ShownValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Bool(is_true) => serializer.serialize_bool(*is_true),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(texts) => {
                let mut list = serializer.serialize_seq(Some(texts.len()))?;
                for text in texts {
                    list.serialize_element(text)?;
                }
                list.end()
            }
            Self::Map(below) => below.serialize(serializer),
            Self::Said(said) => said.serialize(serializer),
        }
    }
}
