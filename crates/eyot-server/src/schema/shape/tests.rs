//! A shape accepts nothing that its schema refuses, and most of what it accepts.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::Shape;

fn shape(schema: &Value) -> Option<Shape> {
    Shape::of(schema.as_object().unwrap())
}

#[track_caller]
fn check(schema: &Value, value: &Value, want: bool) {
    let shape = shape(schema).unwrap();
    assert_eq!(shape.accepts(&value.to_string()), want, "{schema} {value}");
    if want {
        assert!(jsonschema::is_valid(schema, value), "{schema} {value}");
    }
}

#[test]
fn arguments_are_accepted_as_their_schema_does() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Arguments",
        "type": "object",
        "required": ["a", "c"],
        "properties": {
            "a": { "type": "integer", "description": "a number", "x-mcp-header": "A" },
            "b": { "type": ["string", "null"] },
            "list": { "type": "array", "items": { "type": "number" } },
            "inner": { "type": "object", "properties": {}, "additionalProperties": false },
            "level": { "enum": ["low", "high", 7] },
            "part": { "type": ["integer", "string"], "minimum": -2, "maximum": 100 },
        },
    });
    for (value, want) in [
        (json!({ "a": 1, "c": {} }), true),
        (json!({ "a": -1, "b": null, "c": 0, "list": [1, 0.5], "inner": {}, "more": 1 }), true),
        (json!({ "a": 1, "c": 1, "level": "high", "part": 100 }), true),
        (json!({ "a": 1, "c": 1, "level": 7, "part": "100 %" }), true),
        (json!({ "a": 1, "c": 1, "level": "medium" }), false),
        (json!({ "a": 1, "c": 1, "part": -3 }), false),
        (json!({ "a": 1, "c": 1, "part": 101 }), false),
        (json!({ "a": 1 }), false),
        (json!({ "a": "1", "c": 1 }), false),
        (json!({ "a": 0.5, "c": 1 }), false),
        (json!({ "a": 1, "c": 1, "b": 1 }), false),
        (json!({ "a": 1, "c": 1, "list": [1, "2"] }), false),
        (json!({ "a": 1, "c": 1, "inner": { "x": 1 } }), false),
        (json!([]), false),
    ] {
        check(&schema, &value, want);
    }
}

#[test]
fn an_integer_that_is_written_as_a_fraction_is_left_to_the_schema() {
    let shape = shape(&json!({ "type": "integer" })).unwrap();
    assert!(
        shape.accepts("18446744073709551616") && !shape.accepts("1.0") && !shape.accepts("1e2")
    );
}

#[test]
fn schemas_with_other_words_make_no_shape() {
    for schema in [
        json!({ "minimum": 0.5 }),
        json!({ "exclusiveMinimum": 1 }),
        json!({ "type": "text" }),
        json!({ "const": 1 }),
        json!({ "$ref": "#/$defs/a" }),
        json!({ "additionalProperties": { "type": "string" } }),
        json!({ "properties": { "a": false } }),
        json!({ "items": { "pattern": "a" } }),
        json!({ "$schema": "http://json-schema.org/draft-07/schema#" }),
    ] {
        assert_eq!(shape(&schema), None, "{schema}");
    }
}

#[test]
fn what_is_no_schema_makes_no_shape() {
    for schema in [
        json!({ "type": [] }),
        json!({ "type": ["string", "string"] }),
        json!({ "required": ["a", "a"] }),
        json!({ "properties": [] }),
        json!({ "enum": "a" }),
        json!({ "minimum": "1" }),
        json!({ "title": 1 }),
        json!({ "deprecated": "yes" }),
        json!({ "examples": "a" }),
    ] {
        assert!(jsonschema::validator_for(&schema).is_err(), "{schema}");
        assert_eq!(shape(&schema), None, "{schema}");
    }
}

#[test]
fn numbers_and_texts_that_are_written_in_another_way_are_left_to_the_schema() {
    let range = shape(&json!({ "minimum": 1, "maximum": 3 })).unwrap();
    assert!(range.accepts("3") && range.accepts("\"4\"") && !range.accepts("2.0"));
    let beyond = "340282366920938463463374607431768211456";
    assert!(!range.accepts(beyond) && !range.accepts("1e0"));
    let values = shape(&json!({ "enum": ["a"] })).unwrap();
    assert!(values.accepts("\"a\"") && !values.accepts("\"\\u0061\""));
}

#[test]
fn no_more_members_are_told_apart_than_there_are_bits() {
    let properties = |count: usize| (0..count).map(|it| (it.to_string(), json!({})));
    let schema = |count| json!({ "properties": Value::from_iter(properties(count)) });
    assert!(shape(&schema(64)).is_some());
    assert_eq!(shape(&schema(65)), None);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        any::<f32>().prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..3)
                .prop_map(|members| Value::from(serde_json::Map::from_iter(members))),
        ]
    })
}

fn any_schema() -> impl Strategy<Value = Value> {
    let names = ["null", "boolean", "integer", "number", "string", "array", "object"];
    let types = prop::collection::vec(select(names.to_vec()), 0..4);
    let types = types.prop_map(|types| match types.as_slice() {
        [] => json!({}),
        [one] => json!({ "type": one }),
        several => json!({ "type": several }),
    });
    let values = prop::collection::vec(any_value(), 0..4);
    let leaf = prop_oneof![
        4 => types,
        1 => values.prop_map(|values| json!({ "enum": values })),
        1 => any::<i8>().prop_map(|it| json!({ "minimum": it })),
        1 => any::<(i8, i8)>().prop_map(|(from, to)| json!({ "minimum": from, "maximum": to })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let properties = prop::collection::btree_map("[a-c]", inner.clone(), 0..3);
        let required = prop::collection::btree_set("[a-c]", 0..3);
        prop_oneof![
            inner.prop_map(|items| json!({ "type": ["array", "object"], "items": items })),
            (properties, required, any::<bool>()).prop_map(
                |(properties, required, is_open)| json!({
                    "properties": properties,
                    "required": required,
                    "additionalProperties": is_open,
                })
            ),
        ]
    })
}

proptest! {
    #[test]
    fn a_schema_accepts_all_that_its_shape_accepts(schema in any_schema(), value in any_value()) {
        if let Some(shape) = shape(&schema) {
            let validator = jsonschema::validator_for(&schema).unwrap();
            let is_accepted = shape.accepts(&value.to_string());
            prop_assert!(!is_accepted || validator.is_valid(&value), "{} {}", schema, value);
            // It leaves nothing to the schema but integers that are written as fractions.
            let has_fraction = value.to_string().contains(['.', 'e']);
            prop_assert!(is_accepted || has_fraction || !validator.is_valid(&value));
        }
    }
}
