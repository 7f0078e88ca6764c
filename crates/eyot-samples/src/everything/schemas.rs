//! Schemas of arguments that go beyond types: written by hand, and mirrored into headers.

use eyot::types::JsonObject;
use eyot::{CallContext, ServerBuilder, tool};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool(
            tool("json_schema_2020_12_tool", contact)
                .description("Describes its arguments with all of JSON Schema 2020-12.")
                .input_schema(contact_schema()),
        )
        .tool(tool("test_x_mcp_header", region).description("Has an argument in a header."))
}

/// The arguments have been checked against the schema before the handler gets them.
async fn contact(arguments: JsonObject, _: CallContext) -> String {
    format!("Contact: {}", Value::Object(arguments))
}

fn contact_schema() -> JsonObject {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": {
            "properties": { "contactMethod": { "const": "phone" } },
            "required": ["contactMethod"],
        },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    });
    schema.as_object().cloned().unwrap_or_default()
}

#[derive(Deserialize, JsonSchema)]
struct Region {
    /// The region to look in. A router of the call reads it in the header `Mcp-Param-Region`.
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
}

async fn region(Region { region }: Region, _: CallContext) -> String {
    format!("Region: {region}")
}
