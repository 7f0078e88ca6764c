//! Output schemas of the modern era in those of the legacy one, whose root is an object.

use eyot_types::JsonObject;
use serde_json::{Value, json};

/// Whether a legacy peer gets this output schema wrapped: as that of an object whose member
/// `result` it describes. The structured content of such a tool is wrapped in the same way.
#[must_use]
pub fn is_wrapped(output_schema: &JsonObject) -> bool {
    output_schema.get("type").and_then(Value::as_str) != Some("object")
}

/// The schema of an object whose member `result` is described by `schema`.
pub(super) fn wrapped(mut schema: JsonObject) -> JsonObject {
    let mut wrapper = JsonObject::new();
    // The dialect holds for the whole document and is looked for at its root.
    if let Some(dialect) = schema.remove("$schema") {
        wrapper.insert("$schema".to_owned(), dialect);
    }
    relocate(&mut schema);
    wrapper.insert("type".to_owned(), json!("object"));
    wrapper.insert("properties".to_owned(), json!({ "result": schema }));
    wrapper.insert("required".to_owned(), json!(["result"]));
    wrapper
}

/// Says top-level properties that are `true` or `false` as objects: legacy revisions have no others
/// (schema, `Tool`).
pub(super) fn legacy_properties(schema: &mut JsonObject) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for property in properties.values_mut() {
        match property {
            Value::Bool(true) => *property = json!({}),
            Value::Bool(false) => *property = json!({ "not": {} }),
            _ => {}
        }
    }
}

/// Lets references to the root of the document go to where that root is now.
///
/// Plain-name fragments such as `#node` are found wherever they are, and a schema with an `$id` of
/// its own is its own document (JSON Schema 2020-12, core, 8.2 and 9.2).
fn relocate(schema: &mut JsonObject) {
    let is_document =
        schema.get("$id").is_some_and(|id| !id.as_str().is_some_and(|id| id.starts_with('#')));
    if is_document {
        return;
    }
    for (keyword, value) in schema {
        match keyword.as_str() {
            "$ref" | "$dynamicRef" => relocate_reference(value),
            // Data, not schemas.
            "const" | "enum" | "default" | "examples" => {}
            // Schemas under names of their author, which may be those of keywords.
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas"
            | "dependencies" => relocate_members(value),
            _ => relocate_value(value),
        }
    }
}

fn relocate_reference(reference: &mut Value) {
    if let Value::String(text) = reference
        && (text == "#" || text.starts_with("#/"))
    {
        text.insert_str(1, "/properties/result");
    }
}

fn relocate_members(members: &mut Value) {
    if let Value::Object(members) = members {
        members.values_mut().for_each(relocate_value);
    }
}

fn relocate_value(value: &mut Value) {
    match value {
        Value::Object(schema) => relocate(schema),
        Value::Array(values) => values.iter_mut().for_each(relocate_value),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
