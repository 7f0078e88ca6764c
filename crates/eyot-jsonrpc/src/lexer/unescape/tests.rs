//! Decoded strings, as `serde_json` decodes them.

use std::borrow::Cow;

use proptest::prelude::*;

use super::decode;

#[track_caller]
fn check(raw: &str) {
    let expected: String = serde_json::from_str(raw).unwrap();
    assert_eq!(decode(raw).as_deref(), Some(expected.as_str()), "{raw}");
}

#[test]
fn every_escape_is_decoded() {
    check(r#""\"\\\/\b\f\n\r\t\u0000\uFFFF\u00e9\ud83d\ude00x""#);
    check(r#""""#);
}

#[test]
fn half_a_pair_is_the_replacement_character() {
    for (raw, expected) in [
        (r#""\ud83d""#, "\u{FFFD}"),
        (r#""\ud83dx""#, "\u{FFFD}x"),
        (r#""\ud83d\n""#, "\u{FFFD}\n"),
        (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
        (r#""\ude00\u0041""#, "\u{FFFD}A"),
    ] {
        assert_eq!(decode(raw).as_deref(), Some(expected), "{raw}");
    }
}

#[test]
fn a_string_without_escapes_is_borrowed() {
    assert!(matches!(decode("\"plain ſ\""), Some(Cow::Borrowed("plain ſ"))));
}

#[test]
fn other_values_are_no_text() {
    assert_eq!(decode("12"), None);
    assert_eq!(decode("{\"a\":\"b\"}"), None);
}

proptest! {
    #[test]
    fn text_written_in_escapes_only_is_decoded(text in any::<String>()) {
        let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        check(&format!("\"{units}\""));
        check(&serde_json::to_string(&text).unwrap());
    }
}
