//! Forms as they are built, sent and read.

use serde_json::json;

use super::*;
use crate::SelectOption;

fn colors() -> Vec<SelectOption> {
    vec![SelectOption::new("#f00", "Red"), SelectOption::new("#0f0", "Green")]
}

#[track_caller]
fn check(schema: impl Into<PrimitiveSchema>, expected: &Value) {
    let schema = schema.into();
    assert_eq!(serde_json::to_value(&schema).unwrap(), *expected);
    assert_eq!(serde_json::from_value::<PrimitiveSchema>(expected.clone()).unwrap(), schema);
}

#[test]
fn each_kind_of_question_is_told_by_its_members() {
    let text = StringSchema::new().with_format(StringFormat::Email).with_max_length(9);
    check(text, &json!({ "type": "string", "format": "email", "maxLength": 9 }));
    check(NumberSchema::number().with_maximum(9), &json!({ "type": "number", "maximum": 9 }));
    check(NumberSchema::number().with_minimum(0.5), &json!({ "type": "number", "minimum": 0.5 }));
    check(NumberSchema::number().with_maximum(f64::INFINITY), &json!({ "type": "number" }));
    check(NumberSchema::integer().with_default(1), &json!({ "type": "integer", "default": 1 }));
    let sure = BooleanSchema::new().with_title("Sure?").with_default(false);
    check(sure, &json!({ "type": "boolean", "title": "Sure?", "default": false }));
    let one = SingleSelectSchema::untitled(["a", "b"]).with_default("a");
    check(one, &json!({ "type": "string", "enum": ["a", "b"], "default": "a" }));
    let options =
        json!([{ "const": "#f00", "title": "Red" }, { "const": "#0f0", "title": "Green" }]);
    check(SingleSelectSchema::titled(colors()), &json!({ "type": "string", "oneOf": options }));
    check(
        SingleSelectSchema::legacy_titled(colors()),
        &json!({ "type": "string", "enum": ["#f00", "#0f0"], "enumNames": ["Red", "Green"] }),
    );
    check(
        MultiSelectSchema::untitled(["a"]).with_min_items(1),
        &json!({ "type": "array", "items": { "type": "string", "enum": ["a"] }, "minItems": 1 }),
    );
    let many = json!({ "type": "array", "items": { "anyOf": options } });
    check(MultiSelectSchema::titled(colors()), &many);
}

#[test]
fn every_shape_of_a_selection_is_read_alike() {
    let colors_of = [("#f00", "Red"), ("#0f0", "Green")];
    assert_eq!(SingleSelectSchema::titled(colors()).options(), colors_of);
    assert_eq!(SingleSelectSchema::legacy_titled(colors()).options(), colors_of);
    assert_eq!(MultiSelectSchema::titled(colors()).options(), colors_of);
    assert_eq!(SingleSelectSchema::untitled(["a"]).options(), [("a", "a")]);
    assert_eq!(MultiSelectSchema::untitled(["a"]).options(), [("a", "a")]);
}

#[test]
fn titles_that_are_missing_are_the_values() {
    let schema = json!({ "type": "string", "enum": ["a", "b"], "enumNames": ["A"] });
    let PrimitiveSchema::SingleSelect(schema) = serde_json::from_value(schema).unwrap() else {
        panic!("no selection")
    };
    assert_eq!(schema.options(), [("a", "A"), ("b", "b")]);
}

#[test]
fn a_question_of_another_kind_is_kept_whole() {
    let schema = json!({ "type": "object", "properties": {} });
    let decoded: PrimitiveSchema = serde_json::from_value(schema.clone()).unwrap();
    assert!(matches!(decoded, PrimitiveSchema::Other(_)));
    assert_eq!(serde_json::to_value(decoded).unwrap(), schema);
}

#[test]
fn a_form_shows_its_questions_in_the_order_in_which_they_were_written() {
    let form = ElicitSchema::new()
        .with_required("name", StringSchema::new())
        .with_optional("age", NumberSchema::integer())
        .with_required("age", NumberSchema::number());
    let text = serde_json::to_string(&form).unwrap();
    assert_eq!(
        text,
        r#"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"number"}},"required":["name","age"]}"#
    );
    let read: ElicitSchema = serde_json::from_str(&text).unwrap();
    let names: Vec<_> = read.properties.iter().map(|(name, _)| name).collect();
    assert_eq!((names, read.properties.len()), (vec!["name", "age"], 2));
    assert!(read.properties.get("age").is_some() && read.properties.get("x").is_none());
    assert!(!read.properties.is_empty());
    assert_eq!(read, form);
}

#[test]
fn questions_can_be_arranged() {
    let text = StringSchema::new;
    let mut form = ElicitSchema::new();
    for name in ["a", "b", "c", "d"] {
        form = form.with_optional(name, text());
    }
    form.properties.arrange(&["d", "x", "b"]);
    let names: Vec<_> = form.properties.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["d", "b", "a", "c"]);
}
