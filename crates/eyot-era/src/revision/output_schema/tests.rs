//! References still find what they mean.

use super::*;

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

#[track_caller]
fn check(schema: Value, expected: &Value) {
    let wrapped = wrapped(object(schema));
    assert_eq!(wrapped["properties"]["result"], *expected);
    assert_eq!((&wrapped["type"], &wrapped["required"]), (&json!("object"), &json!(["result"])));
}

#[test]
fn only_an_object_stands_for_itself() {
    assert!(!is_wrapped(&object(json!({ "type": "object" }))));
    for schema in [json!({ "type": "array" }), json!({}), json!({ "type": ["object", "null"] })] {
        assert!(is_wrapped(&object(schema)));
    }
}

#[test]
fn a_reference_to_the_root_follows_it() {
    check(
        json!({
            "anyOf": [{ "$ref": "#/$defs/node" }, { "$ref": "#" }, { "$ref": "other.json#/a" }],
            "$defs": { "node": { "items": { "$dynamicRef": "#/$defs/node" } } },
        }),
        &json!({
            "anyOf": [
                { "$ref": "#/properties/result/$defs/node" },
                { "$ref": "#/properties/result" },
                { "$ref": "other.json#/a" },
            ],
            "$defs": { "node": { "items": { "$dynamicRef": "#/properties/result/$defs/node" } } },
        }),
    );
}

#[test]
fn a_name_is_found_where_it_is() {
    let schema = json!({ "items": { "$ref": "#node" }, "$defs": { "a": { "$anchor": "node" } } });
    check(schema.clone(), &schema);
}

#[test]
fn data_is_no_reference() {
    let schema = json!({ "const": { "$ref": "#" }, "examples": [{ "$ref": "#/a" }] });
    check(schema.clone(), &schema);
}

#[test]
fn a_property_may_have_the_name_of_a_keyword() {
    check(
        json!({ "items": { "properties": { "default": { "$ref": "#" }, "$ref": { "$ref": "#" } } } }),
        &json!({ "items": { "properties": {
            "default": { "$ref": "#/properties/result" },
            "$ref": { "$ref": "#/properties/result" },
        } } }),
    );
}

#[test]
fn a_schema_with_an_id_is_a_document_of_its_own() {
    let schema = json!({ "$id": "https://a.example/s", "items": { "$ref": "#" } });
    check(schema.clone(), &schema);
    check(
        json!({ "items": { "$id": "#old", "items": { "$ref": "#" } } }),
        &json!({ "items": { "$id": "#old", "items": { "$ref": "#/properties/result" } } }),
    );
}

#[test]
fn the_dialect_stays_at_the_root() {
    let dialect = "http://json-schema.org/draft-07/schema#";
    let wrapped = wrapped(object(json!({ "$schema": dialect, "type": "array" })));
    assert_eq!(wrapped["$schema"], dialect);
    assert_eq!(wrapped["properties"]["result"], json!({ "type": "array" }));
}

#[test]
fn legacy_properties_are_objects() {
    let mut schema = object(json!({ "properties": { "a": true, "b": false, "c": {} } }));
    legacy_properties(&mut schema);
    assert_eq!(schema["properties"], json!({ "a": {}, "b": { "not": {} }, "c": {} }));
}
