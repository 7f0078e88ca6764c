//! Lists with something odd in them.

use super::*;

#[track_caller]
fn check(list: &serde_json::Value, expected: &[&str]) {
    assert_eq!(odd_items(&list.to_string(), 8), expected);
}

#[test]
fn a_definition_is_named_with_what_is_odd_in_it() {
    let tools = serde_json::json!({ "tools": [
        { "name": "plain", "description": "Adds.\n\tTwo numbers: é" },
        { "name": "odd", "description": "x\u{200B}\u{E0041}\u{200B}" },
        { "name": "\u{430}dd" },
        { "name": "no\u{202E}de" },
    ] });
    check(
        &tools,
        &[
            "tool `odd`: hidden character U+200B, hidden character U+E0041",
            "tool `\u{430}dd`: `\u{430}` (U+0430) among Latin letters",
            "tool `no<U+202E>de`: hidden character U+202E",
        ],
    );
    check(
        &serde_json::json!({ "prompts": [{ "name": "p", "title": "\u{7F}" }] }),
        &["prompt `p`: hidden character U+007F"],
    );
    check(
        &serde_json::json!({ "resources": [{ "uri": "a:\u{1}" }] }),
        &["resource without a name: hidden character U+0001"],
    );
}

#[test]
fn a_character_is_found_behind_an_escape() {
    let escaped = r#"{"tools":[{"name":"a","description":"\u200b"},{"name":"b","title":"\b"}]}"#;
    let found = odd_items(escaped, 8);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn no_more_are_named_than_asked_for() {
    let tool = serde_json::json!({ "name": "a\u{200B}" });
    let list = serde_json::json!({ "tools": [tool, tool, tool] }).to_string();
    assert_eq!(odd_items(&list, 2).len(), 2);
}
