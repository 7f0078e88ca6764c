//! A text as a tree of values with their bytes, in JSON with comments or in TOML.

use std::ops::Range;

use eyot_config::json_options;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, parse_to_ast};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Toml,
}

/// A value, with the bytes where it stands. Those of a table of TOML are its header.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Clone)]
pub(crate) enum Value {
    /// A text.
    Text(String),
    /// A number and whatever else has no parts, as it is written.
    Other(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A member of a map, in the order of the file.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn elements(&self) -> &[Self] {
        match &self.value {
            Value::List(elements) => elements,
            _ => &[],
        }
    }

    pub(crate) fn member(&self, key: &str) -> Option<&Member> {
        self.members().iter().find(|it| it.key == key)
    }

    /// The text of a value without parts.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Other(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of the elements; `None` if one of them has parts.
    pub(crate) fn words(&self) -> Option<Vec<String>> {
        self.elements().iter().map(|it| it.text().map(str::to_owned)).collect()
    }

    /// Whether it says the same, wherever it stands and in whichever order.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Text(one), Value::Text(two)) | (Value::Other(one), Value::Other(two)) => {
                one == two
            }
            (Value::List(one), Value::List(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.is_same(two))
            }
            (Value::Map(one), Value::Map(two)) => {
                // Most often the order is the same, too, and there may be many.
                let pairs = one.iter().zip(two);
                if one.len() == two.len() && pairs.clone().all(|(one, two)| one.key == two.key) {
                    return pairs.into_iter().all(|(one, two)| one.node.is_same(&two.node));
                }
                let has = |it: &Member| {
                    other.member(&it.key).is_some_and(|other| other.node.is_same(&it.node))
                };
                one.len() == two.len() && one.iter().all(has)
            }
            _ => false,
        }
    }
}

/// Reads a text; `None` if it is none of this format. What is wrong with it is told by
/// `eyot-config`, which read it before.
pub(crate) fn parse(text: &str, format: Format) -> Option<Node> {
    match format {
        Format::Json => {
            let parsed = parse_to_ast(text, &CollectOptions::default(), &json_options());
            json_node(text, parsed.ok()?.value?, 0)
        }
        Format::Toml => {
            let table = DeTable::parse(text).ok()?;
            let span = 0..text.len();
            Some(Node { span, value: toml_table(text, table.into_inner(), 0)? })
        }
    }
}

fn json_node(text: &str, value: ast::Value<'_>, depth: usize) -> Option<Node> {
    let range = value.range();
    let span = range.start..range.end;
    if depth > DEPTH_MAX {
        return None;
    }
    let value = match value {
        ast::Value::StringLit(literal) => Value::Text(literal.value.into_owned()),
        ast::Value::Array(array) => {
            let elements = array.elements.into_iter().map(|it| json_node(text, it, depth + 1));
            Value::List(elements.collect::<Option<_>>()?)
        }
        ast::Value::Object(object) => {
            let members = object.properties.into_iter().map(|property| {
                let range = property.name.range();
                let key_span = range.start..range.end;
                let node = json_node(text, property.value, depth + 1)?;
                Some(Member { key: property.name.into_string(), key_span, node })
            });
            Value::Map(members.collect::<Option<_>>()?)
        }
        ast::Value::NullKeyword(_) | ast::Value::BooleanLit(_) | ast::Value::NumberLit(_) => {
            Value::Other(text.get(span.clone())?.to_owned())
        }
    };
    Some(Node { span, value })
}

fn toml_node(text: &str, value: Spanned<DeValue<'_>>, depth: usize) -> Option<Node> {
    let span = value.span();
    if depth > DEPTH_MAX {
        return None;
    }
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Array(elements) => {
            let elements = elements.into_iter().map(|it| toml_node(text, it, depth + 1));
            Value::List(elements.collect::<Option<_>>()?)
        }
        DeValue::Table(table) => toml_table(text, table, depth)?,
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            Value::Other(text.get(span.clone())?.to_owned())
        }
    };
    Some(Node { span, value })
}

fn toml_table(text: &str, table: DeTable<'_>, depth: usize) -> Option<Value> {
    let members = table.into_iter().map(|(key, value)| {
        let key_span = key.span();
        let node = toml_node(text, value, depth + 1)?;
        Some(Member { key: key.into_inner().into_owned(), key_span, node })
    });
    let mut members: Vec<_> = members.collect::<Option<_>>()?;
    // The table is sorted by its keys.
    members.sort_by_key(|it| it.key_span.start);
    Some(Value::Map(members))
}

/// Lists and maps in each other; `eyot-config` refuses more.
const DEPTH_MAX: usize = 80;
