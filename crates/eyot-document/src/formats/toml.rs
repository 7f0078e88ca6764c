//! TOML.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::node::{DEPTH_MAX, Fault, Member, Node, Value, map, too_deep};
use crate::position::{Position, Positions};

/// Reads TOML.
pub(super) fn parse(text: &str, faults: &mut Vec<Fault>) -> Result<Node, Fault> {
    let positions = Positions::new(text);
    let table = DeTable::parse(text).map_err(|error| {
        let at = positions.at(error.span().map_or(0, |it| it.start));
        Fault { at, message: format!("this is no TOML: {}", error.message()) }
    })?;
    let value = table_value(table.into_inner(), &positions, 0, faults)?;
    Ok(Node { at: positions.at(0), value })
}

fn node(
    value: Spanned<DeValue<'_>>,
    positions: &Positions<'_>,
    depth: usize,
    faults: &mut Vec<Fault>,
) -> Result<Node, Fault> {
    let at = positions.at(value.span().start);
    if depth > DEPTH_MAX {
        return Err(too_deep(at));
    }
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(is_true) => Value::Bool(is_true),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(elements) => {
            let elements = elements.into_iter();
            let elements = elements.map(|it| node(it, positions, depth + 1, faults));
            Value::List(elements.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => table_value(table, positions, depth, faults)?,
    };
    Ok(Node { at, value })
}

fn table_value(
    table: DeTable<'_>,
    positions: &Positions<'_>,
    depth: usize,
    faults: &mut Vec<Fault>,
) -> Result<Value, Fault> {
    let mut members = Vec::with_capacity(table.len());
    for (key, value) in table {
        let at: Position = positions.at(key.span().start);
        let node = node(value, positions, depth + 1, faults)?;
        members.push(Member { key: key.into_inner().into_owned(), at, node });
    }
    // The table is sorted by its keys.
    members.sort_by_key(|it| it.at);
    Ok(map(members, faults))
}
