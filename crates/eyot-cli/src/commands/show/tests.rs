//! Output for people.

use super::*;

#[test]
fn what_is_no_text_is_described() {
    assert_eq!(content(&ContentBlock::text("a")), "a");
    assert_eq!(content(&ContentBlock::image(b"abc", "image/png")), "[image: image/png, 3 bytes]");
    assert_eq!(content(&ContentBlock::resource_link("a:b", "b")), "[resource a:b]");
    let text = ContentBlock::resource(ResourceContents::text("a:b", "text"));
    assert_eq!(content(&text), "text");
    let bytes = ResourceContents::blob("a:b", b"abcd");
    assert_eq!(contents(&bytes), "[a:b: unknown type, 4 bytes]");
}

#[test]
fn whole_numbers_have_no_fraction() {
    let shown = ["50.0", "0.5", "7", "-1.0"].map(|it| number(&serde_json::from_str(it).unwrap()));
    assert_eq!(shown, ["50", "0.5", "7", "-1"]);
}

#[test]
fn pretty_json_has_the_values_as_they_are_written() {
    let json = r#" {"a":[1e400,{}, []],"b\"{,":"x: [,\\"} "#;
    let pretty_json =
        "{\n  \"a\": [\n    1e400,\n    {},\n    []\n  ],\n  \"b\\\"{,\": \"x: [,\\\\\"\n}";
    assert_eq!(pretty(json), pretty_json);
    assert_eq!(pretty("7"), "7");
}
