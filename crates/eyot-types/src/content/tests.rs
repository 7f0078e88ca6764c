//! Content comes out as it went in, known or not.

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check(value: &Value) -> ContentBlock {
    let block: ContentBlock = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&block).unwrap(), *value);
    block
}

#[test]
fn known_content_keeps_the_members_that_it_does_not_name() {
    let text = check(&json!({ "type": "text", "text": "a", "annotations": { "priority": 1 } }));
    assert!(matches!(text, ContentBlock::Text(_)));
    let image = check(&json!({ "type": "image", "data": "", "mimeType": "image/png", "x": null }));
    assert!(matches!(image, ContentBlock::Image(_)));
    let link = check(&json!({ "type": "resource_link", "uri": "a:b", "name": "b", "size": 7 }));
    assert!(matches!(link, ContentBlock::ResourceLink(_)));
}

#[test]
fn unknown_content_is_kept_whole() {
    let block = check(&json!({ "type": "com.example/smell", "intensity": 7 }));
    assert!(matches!(block, ContentBlock::Other(_)));
}

#[track_caller]
fn check_refused(value: Value, expected: &str) {
    let error = serde_json::from_value::<ContentBlock>(value).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn known_content_without_its_members_is_refused() {
    check_refused(json!({ "type": "text" }), "missing field `text`");
    check_refused(json!({ "type": "audio", "data": "" }), "missing field `mimeType`");
    check_refused(json!({ "text": "a" }), "missing field `type`");
    check_refused(json!({ "type": 7 }), "missing field `type`");
}
