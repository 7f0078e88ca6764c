//! What fits as it is.

use eyot_jsonrpc::Reader;

use super::{fit, fits, is_one_text};
use crate::Method;
use crate::reading::shapes::of_complete;

#[track_caller]
fn check(method: Method<'_>, text: &str, expected: bool) {
    assert_eq!(fits(of_complete(method), text), expected, "{text}");
}

#[test]
fn ordinary_results_fit() {
    let texts = [
        r#"{"content":[{"type":"text","text":"a\u00e9"},{"type":"image","data":"","mimeType":"x"}]}"#,
        r#"{"content":[],"structuredContent":{"big":1e400},"isError":false,"x":[1]}"#,
        r#"{"content":[{"type":"audio2","whatever":1}],"_meta":{"a":null}}"#,
    ];
    for text in texts {
        check(Method::ToolsCall, text, true);
    }
    check(Method::ToolsList, r#"{"tools":[{"name":"n","inputSchema":{}}],"ttlMs":5}"#, true);
    check(Method::ResourcesRead, r#"{"contents":[{"uri":"a:b","text":"t"}]}"#, true);
}

#[test]
fn what_would_be_mended_does_not_fit() {
    let texts = [
        r#"{"content":[{"type":"text"}]}"#,
        r#"{"content":[{"type":"text","text":7}]}"#,
        r#"{"content":{"type":"text","text":"t"}}"#,
        r#"{"content":[],"isError":"true"}"#,
        r#"{"content":[],"_meta":[]}"#,
        r#"{"content":[],"isError":null}"#,
        "[]",
    ];
    for text in texts {
        check(Method::ToolsCall, text, false);
    }
    check(Method::ToolsList, r#"{"tools":[],"ttlMs":-1}"#, false);
    check(Method::ToolsList, r#"{"tools":[],"ttlMs":1.0}"#, false);
    check(Method::ResourcesRead, r#"{"contents":[{"uri":"a:b"}]}"#, false);
}

#[test]
fn what_is_known_at_sight_fits_a_look_at_each_part_as_well() {
    let one = |text: &str| format!(r#"[{{"type":"text","text":"{text}"}}]"#);
    for text in ["", "a", "}]", "[{", "\u{e9}\u{2028}", &"x".repeat(5_000)] {
        let list = one(text);
        assert!(is_one_text(&list), "{list}");
        let result = format!(r#"{{"content":{list}}}"#);
        let mut reader = Reader::new(&result);
        assert!(fit(of_complete(Method::ToolsCall), &mut reader).is_some(), "{list}");
    }
    for other in [r#"a","annotations":[],"x":"#, r#"a\n"#, r#"a"},{"type":"text","text":""#] {
        assert!(!is_one_text(&one(other)), "{other}");
    }
}
