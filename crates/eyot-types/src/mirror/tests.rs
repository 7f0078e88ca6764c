//! Which annotations count, and what is sent and refused for them.

use serde_json::{Value, json};

use super::{InvalidMirror, MirroredArguments};
use crate::{JsonObject, codes};

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

fn mirrored(properties: &Value) -> Result<MirroredArguments, InvalidMirror> {
    MirroredArguments::of(&object(json!({ "type": "object", "properties": properties })))
}

fn region() -> MirroredArguments {
    mirrored(&json!({ "region": { "type": "string", "x-mcp-header": "Region" } })).unwrap()
}

#[test]
fn a_value_is_mirrored_under_the_name_of_its_annotation() {
    let nested = json!({ "type": "object", "properties": {
        "size": { "type": "integer", "x-mcp-header": "Size" },
    }});
    let flag = json!({ "type": "boolean", "x-mcp-header": "Dry-Run" });
    let mirrored = mirrored(&json!({ "box": nested, "dry": flag })).unwrap();
    let arguments = object(json!({ "box": { "size": 42 }, "dry": true, "other": 1 }));
    let headers = mirrored.headers(&arguments);
    assert_eq!(
        headers,
        [("mcp-param-size", "42".to_owned()), ("mcp-param-dry-run", "true".to_owned())]
    );
}

#[test]
fn a_value_that_is_null_or_absent_has_no_header() {
    assert!(region().headers(&object(json!({ "region": null }))).is_empty());
    assert!(region().headers(&object(json!({}))).is_empty());
}

#[test]
fn a_value_that_a_header_cannot_hold_is_encoded() {
    let region = region();
    let headers = region.headers(&object(json!({ "region": "Zürich" })));
    assert_eq!(headers, [("mcp-param-region", "=?base64?WsO8cmljaA==?=".to_owned())]);
}

#[track_caller]
fn check_invalid(properties: &Value, expected: InvalidMirror) {
    assert_eq!(mirrored(properties), Err(expected));
}

#[test]
fn an_annotation_that_breaks_a_rule_makes_the_tool_invalid() {
    let with = |kind: &str, name: Value| json!({ "a": { "type": kind, "x-mcp-header": name } });
    check_invalid(&with("string", json!("")), InvalidMirror::Name { name: "\"\"".to_owned() });
    check_invalid(
        &with("string", json!("a b")),
        InvalidMirror::Name { name: "\"a b\"".to_owned() },
    );
    check_invalid(&with("string", json!(1)), InvalidMirror::Name { name: "1".to_owned() });
    check_invalid(&with("number", json!("A")), InvalidMirror::Type { name: "A".to_owned() });
    check_invalid(&with("object", json!("A")), InvalidMirror::Type { name: "A".to_owned() });
    let twice = json!({
        "a": { "type": "string", "x-mcp-header": "Same" },
        "b": { "type": "string", "x-mcp-header": "sAME" },
    });
    check_invalid(&twice, InvalidMirror::Duplicate { name: "sAME".to_owned() });
}

#[test]
fn an_annotation_that_is_not_on_a_chain_of_properties_makes_the_tool_invalid() {
    let annotated = json!({ "type": "string", "x-mcp-header": "A" });
    for property in [
        json!({ "type": "array", "items": annotated }),
        json!({ "anyOf": [annotated] }),
        json!({ "type": "object", "if": { "properties": { "b": annotated } } }),
        json!({ "type": "object", "$defs": { "b": annotated } }),
    ] {
        check_invalid(&json!({ "a": property }), InvalidMirror::Place);
    }
    let at_root = object(json!({ "type": "object", "x-mcp-header": "A" }));
    assert_eq!(MirroredArguments::of(&at_root), Err(InvalidMirror::Place));
}

#[test]
fn a_property_that_happens_to_have_the_name_is_no_annotation() {
    let named = mirrored(&json!({ "x-mcp-header": { "type": "string" } })).unwrap();
    assert!(named.is_empty());
    let listed = mirrored(&json!({ "a": { "enum": [{ "x-mcp-header": "A" }] } })).unwrap();
    assert!(listed.is_empty());
}

#[track_caller]
fn check(arguments: &Value, sent: Option<&str>, is_good: bool) {
    let header = |name: &str| sent.filter(|_| name == "mcp-param-n").map(str::as_bytes);
    let mirrored = mirrored(&json!({ "n": { "type": "integer", "x-mcp-header": "N" } })).unwrap();
    let checked = mirrored.check(&object(arguments.clone()), header);
    assert_eq!(checked.map_err(|it| it.code), is_good.then_some(()).ok_or(codes::HEADER_MISMATCH));
}

#[test]
fn a_header_must_say_what_its_argument_says() {
    check(&json!({ "n": 42 }), Some("42"), true);
    check(&json!({ "n": 42 }), Some("42.0"), true);
    check(&json!({ "n": 42 }), Some("=?base64?NDI=?="), true);
    check(&json!({}), None, true);
    check(&json!({ "n": null }), None, true);
    check(&json!({ "n": 42 }), Some("43"), false);
    check(&json!({ "n": 42 }), Some("=?base64?NDI?="), false);
    check(&json!({ "n": 42 }), Some("4\u{fc}"), false);
    check(&json!({ "n": 42 }), None, false);
    check(&json!({}), Some("42"), false);
}
