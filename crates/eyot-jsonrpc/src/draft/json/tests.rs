//! Only what the scan accepts.

use serde_json::{Value, json};

use super::Json;

#[test]
fn a_value_is_written_as_serde_json_writes_it() {
    let value = json!({ "a": [1, "\u{2028}"], "b": null });
    let written = Json::of(&value).unwrap();
    assert_eq!(written.as_str(), value.to_string());
    assert_eq!(serde_json::to_string(&written).unwrap(), written.as_str());
}

#[test]
fn a_text_keeps_its_bytes() {
    assert_eq!(Json::parse("{ \"a\" : 1.50 }").unwrap().as_str(), "{ \"a\" : 1.50 }");
}

#[test]
fn what_the_scan_refuses_is_none() {
    for refused in ["", "{", "1 2", "\"\\ud800\"", "1e999"] {
        assert_eq!(Json::parse(refused), None, "{refused}");
    }
}

#[test]
fn what_would_be_too_deep_in_a_message_is_none() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Json::parse(&nested(124)).is_some());
    assert_eq!(Json::parse(&nested(125)), None);
    let value: Value = serde_json::from_str(&nested(124)).unwrap();
    assert!(Json::of(&value).is_some());
    assert_eq!(Json::of(&json!([value])), None);
}
