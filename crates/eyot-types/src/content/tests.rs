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

#[test]
fn bytes_come_out_as_they_went_in() {
    let bytes = [0, 159, 146, 150];
    let ContentBlock::Image(image) = ContentBlock::image(&bytes, "image/png") else {
        panic!("no image")
    };
    assert_eq!((image.data.as_str(), image.mime_type.as_str()), ("AJ+Slg==", "image/png"));
    assert_eq!(image.bytes().unwrap(), bytes);
    assert_eq!(ResourceContents::blob("a:b", &bytes).bytes().unwrap(), bytes);
    assert_eq!(ResourceContents::text("a:b", "t").bytes(), None);
    assert_eq!(MediaContent::from_base64("~", "a/b").bytes(), None);
}

#[test]
fn every_known_kind_can_be_annotated() {
    let annotations = Annotations::new().with_priority(0.5);
    for block in [
        ContentBlock::text("t"),
        ContentBlock::image(&[], "a/b"),
        ContentBlock::audio(&[], "a/b"),
        ContentBlock::resource(ResourceContents::text("a:b", "t")),
        ContentBlock::resource_link("a:b", "n"),
    ] {
        assert_eq!(block.annotations(), None);
        let block = block.with_annotations(annotations.clone());
        assert_eq!(block.annotations(), Some(&annotations));
        check(&serde_json::to_value(&block).unwrap());
    }
    let unknown: ContentBlock = serde_json::from_value(json!({ "type": "x" })).unwrap();
    assert_eq!(unknown.clone().with_annotations(annotations), unknown);
}

#[test]
fn a_number_that_json_does_not_have_is_not_said() {
    assert_eq!(Annotations::new().with_priority(f64::NAN).priority, None);
}
