//! What rules want of values: `eq in prefix glob regex gt lt exists size under not`.

use eyot_document::{Node, Position, Value};

use super::named::Definitions;
use super::reader::{Fields, Reader, one_or_many};
pub(super) use crate::check::Wanted;
use crate::check::{Bounds, Check, OneOf};
use crate::json::{self, Number};

/// A value alone, a list of values, or a map of what is wanted.
pub(super) fn read(reader: &mut Reader, definitions: &Definitions, node: &Node) -> Wanted {
    match &node.value {
        Value::Map(_) => of_map(reader, definitions, node),
        _ => Wanted { exists: None, checks: Vec::from_iter(one_of(reader, definitions, node)) },
    }
}

fn of_map(reader: &mut Reader, definitions: &Definitions, node: &Node) -> Wanted {
    let Some(mut fields) = reader.fields("what is wanted", node) else { return Wanted::default() };
    let exists = fields.value("exists").and_then(|it| reader.bool("`exists`", it));
    let checks = checks(reader, definitions, &mut fields);
    fields.finish(reader, "what is wanted of a value");
    if exists == Some(false) && !checks.is_empty() {
        reader.error(node.at, "it can never hold: what does not exist is nothing else either");
    }
    if node.members().is_empty() {
        reader.error(node.at, "nothing is wanted of the value: say `exists: true`, or what it is");
    }
    contradictions(reader, node.at, &checks);
    Wanted { exists, checks }
}

fn checks(reader: &mut Reader, definitions: &Definitions, fields: &mut Fields<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(node) = fields.value("eq") {
        checks.extend(canonical(reader, node).map(|it| Check::In(OneOf::of(vec![it]))));
    }
    if let Some(node) = fields.value("in") {
        checks.extend(one_of(reader, definitions, node));
    }
    if let Some(node) = fields.value("prefix") {
        let texts = only_texts(reader, "`prefix`", node);
        checks.extend((!texts.is_empty()).then_some(Check::Prefix(texts)));
    }
    if let Some(node) = fields.value("glob") {
        checks.push(Check::Glob(definitions.globs(reader, "`glob`", node)));
    }
    if let Some(node) = fields.value("regex") {
        checks.push(Check::Regex(definitions.patterns(reader, "`regex`", node)));
    }
    if let Some(node) = fields.value("gt") {
        checks.extend(number(reader, "`gt`", node).map(Check::Above));
    }
    if let Some(node) = fields.value("lt") {
        checks.extend(number(reader, "`lt`", node).map(Check::Below));
    }
    if let Some(node) = fields.value("size") {
        checks.extend(size(reader, node).map(Check::Size));
    }
    if let Some(node) = fields.value("under") {
        let folders = only_texts(reader, "`under`", node);
        checks.extend((!folders.is_empty()).then_some(Check::Under(folders)));
    }
    if let Some(node) = fields.value("not") {
        let inner = read(reader, definitions, node);
        if inner.exists.is_some() {
            reader.error(node.at, "`not` has no `exists` in it: say `exists: false` without `not`");
        }
        checks.extend((!inner.checks.is_empty()).then_some(Check::Not(inner.checks)));
    }
    checks
}

/// One of some values, or of the names of a set.
fn one_of(reader: &mut Reader, definitions: &Definitions, node: &Node) -> Option<Check> {
    if let Some(name) = node.text().and_then(|it| it.strip_prefix('$')) {
        return Some(Check::Glob(definitions.set_of(reader, name, node.at)));
    }
    let nodes = one_or_many(node);
    if nodes.is_empty() {
        reader.error(node.at, "it can never hold: the list has no values");
    }
    let values = nodes.iter().filter_map(|it| canonical(reader, it)).collect();
    Some(Check::In(OneOf::of(values)))
}

fn canonical(reader: &mut Reader, node: &Node) -> Option<String> {
    match json::of_node(node) {
        Ok(text) => Some(eyot_jsonrpc::canonical(&text)),
        Err((at, message)) => {
            reader.error(at, message);
            None
        }
    }
}

/// Texts, and no numbers: a number has no beginning.
fn only_texts(reader: &mut Reader, what: &str, node: &Node) -> Vec<String> {
    let mut texts = Vec::new();
    for node in one_or_many(node) {
        match node.text() {
            Some("") => reader.error(node.at, format!("{what} is empty, so it holds of any text")),
            Some(text) => texts.push(text.to_owned()),
            None => {
                let kind = node.value.kind();
                reader.error(
                    node.at,
                    format!(
                        "it can never hold: {what} is {kind}, and only texts have one; quote it"
                    ),
                );
            }
        }
    }
    texts
}

fn number(reader: &mut Reader, what: &str, node: &Node) -> Option<Number> {
    let number = match &node.value {
        Value::Number(text) => Number::parse(text),
        _ => None,
    };
    if number.is_none() {
        let kind = node.value.kind();
        reader.error(node.at, format!("it can never hold: {what} is {kind}, and no number"));
    }
    number
}

fn size(reader: &mut Reader, node: &Node) -> Option<Bounds> {
    let count = |it: Option<u64>| it.map(|it| usize::try_from(it).unwrap_or(usize::MAX));
    if !matches!(node.value, Value::Map(_)) {
        let size = count(reader.count("`size`", node))?;
        return Some(Bounds { min: size, max: size });
    }
    let mut fields = reader.fields("`size`", node)?;
    let above = fields.value("gt").and_then(|it| reader.count("`gt`", it));
    let below = fields.value("lt").and_then(|it| reader.count("`lt`", it));
    fields.finish(reader, "a size");
    let bounds = Bounds {
        min: count(above).map_or(0, |it| it.saturating_add(1)),
        max: count(below).map_or(usize::MAX, |it| it.saturating_sub(1)),
    };
    if bounds.min > bounds.max || below == Some(0) {
        reader.error(node.at, "it can never hold: no size is between these");
    }
    Some(bounds)
}

fn contradictions(reader: &mut Reader, at: Position, checks: &[Check]) {
    let above = checks.iter().find_map(|it| match it {
        Check::Above(number) => Some(*number),
        _ => None,
    });
    let below = checks.iter().find_map(|it| match it {
        Check::Below(number) => Some(*number),
        _ => None,
    });
    let (Some(above), Some(below)) = (above, below) else { return };
    if above.compare(below) != Some(std::cmp::Ordering::Less) {
        reader.error(at, "it can never hold: no number is between these");
    }
}
