//! `cost`: what a message takes of a quota.

use eyot_document::{Node, Position, Value};

use super::named::Definitions;
use super::reader::Reader;
use crate::glob::{Glob, Globs};
use crate::path::Path;
use crate::price::{Price, RESPONSE_BYTES};
use crate::subject::Phase;

/// Reads the `cost` of a quota with this limit, in a rule about this phase.
pub(super) fn read(
    reader: &mut Reader,
    definitions: &Definitions,
    node: &Node,
    (limit, phase): (u64, Phase),
) -> Option<Price> {
    match &node.value {
        Value::Number(_) => {
            let units = reader.count("`cost`", node)?;
            if units == 0 {
                reader.error(node.at, "`cost` is 0, so nothing is counted: leave the rule out");
            }
            check(reader, node.at, (units, limit));
            Some(Price::Units(units))
        }
        Value::Map(_) => map(reader, definitions, node, limit),
        _ => {
            let words = [("payload_bytes", true), (RESPONSE_BYTES, false)];
            let is_payload = reader.word("`cost`", node, &words)?;
            if !is_payload && phase == Phase::Response {
                let message = "a result has no answer of its own: say `payload_bytes`";
                reader.error(node.at, message);
            }
            Some(if is_payload { Price::PayloadBytes } else { Price::ResponseBytes })
        }
    }
}

/// `{size: PATH}`, or `{tools: {…}, others: …}`.
fn map(reader: &mut Reader, definitions: &Definitions, node: &Node, limit: u64) -> Option<Price> {
    let mut fields = reader.fields("`cost`", node)?;
    let (size, tools, others) =
        (fields.value("size"), fields.value("tools"), fields.value("others"));
    fields.finish(reader, "`cost`");
    match (size, tools) {
        (Some(size), None) if others.is_none() => {
            let text = reader.text("`size`", size)?;
            let path = Path::parse(text).map_err(|it| format!("in a path: {it}"));
            reader.ok(size.at, path).map(Price::Size)
        }
        (None, Some(tools)) => {
            let others = others.map(|it| reader.count("`others`", it));
            let items = items(reader, definitions, tools, limit)?;
            Some(Price::Items { items, others: others.unwrap_or(Some(1))? })
        }
        _ => {
            let message = "`cost` is a number, `payload_bytes`, `response_bytes`, `{size: PATH}` or \
                           `{tools: {NAME: UNITS}, others: UNITS}`";
            reader.error(node.at, message);
            None
        }
    }
}

fn items(
    reader: &mut Reader,
    definitions: &Definitions,
    node: &Node,
    limit: u64,
) -> Option<Vec<(Globs, u64)>> {
    reader.fields("`tools`", node)?;
    let mut items = Vec::new();
    for member in node.members() {
        let globs = match member.key.strip_prefix('$') {
            Some(name) => definitions.set_of(reader, name, member.at),
            None => reader.ok(member.at, Glob::parse(&member.key)).into_iter().collect(),
        };
        let Some(units) = reader.count("a cost", &member.node) else { continue };
        check(reader, member.node.at, (units, limit));
        items.push((globs, units));
    }
    Some(items)
}

fn check(reader: &mut Reader, at: Position, (units, limit): (u64, u64)) {
    if units > limit {
        let message =
            format!("it costs {units} of {limit}, so that it is never allowed: say `deny`");
        reader.error(at, message);
    }
}
