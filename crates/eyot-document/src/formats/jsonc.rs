//! JSON with comments, and with commas before closing brackets.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::node::{DEPTH_MAX, Fault, Member, Node, Value, map, too_deep};
use crate::position::Positions;

/// What is JSON in people's files: comments and trailing commas, and nothing else that JSON has not.
/// All readers of these files must agree on it.
pub fn json_options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Reads JSON.
pub(super) fn parse(text: &str, faults: &mut Vec<Fault>) -> Result<Node, Fault> {
    let positions = Positions::new(text);
    let parsed = parse_to_ast(text, &CollectOptions::default(), &json_options());
    let parsed = parsed.map_err(|error| {
        let message = format!("this is no JSON: {}", lower(&error.kind().to_string()));
        Fault { at: positions.at(error.range().start), message }
    })?;
    match parsed.value {
        Some(value) => node(value, &positions, 0, faults),
        None => Err(Fault { at: positions.at(0), message: "the file is empty".to_owned() }),
    }
}

fn node(
    value: ast::Value<'_>,
    positions: &Positions<'_>,
    depth: usize,
    faults: &mut Vec<Fault>,
) -> Result<Node, Fault> {
    let at = positions.at(value.range().start);
    if depth > DEPTH_MAX {
        return Err(too_deep(at));
    }
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
        ast::Value::NumberLit(literal) => Value::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => Value::Text(literal.value.into_owned()),
        ast::Value::Array(array) => {
            let elements = array.elements.into_iter();
            let elements = elements.map(|it| node(it, positions, depth + 1, faults));
            Value::List(elements.collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => {
            let mut members = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let at = positions.at(property.range.start);
                let node = node(property.value, positions, depth + 1, faults)?;
                members.push(Member { key: property.name.into_string(), at, node });
            }
            map(members, faults)
        }
    };
    Ok(Node { at, value })
}

/// The text with a small first letter.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|it| it.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
