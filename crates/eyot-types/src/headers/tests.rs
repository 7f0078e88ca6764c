//! The specification's own examples, and what must be refused.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(value: &str, encoded: &str) {
    assert_eq!(encode_header_value(value), encoded);
    assert_eq!(decode_header_value(encoded).as_deref(), Ok(value));
}

#[test]
fn the_examples_of_the_specification_hold() {
    check("us-west1", "us-west1");
    check("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?=");
    check(" padded ", "=?base64?IHBhZGRlZCA=?=");
    check("line1\nline2", "=?base64?bGluZTEKbGluZTI=?=");
    check("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=");
}

#[test]
fn a_value_is_encoded_only_when_it_must_be() {
    check("", "");
    check("file:///a b\tc?x=~", "file:///a b\tc?x=~");
    check("=?base64?open", "=?base64?open");
    check("=?BASE64?Zm9v?=", "=?BASE64?Zm9v?=");
    check("\ttab", "=?base64?CXRhYg==?=");
    check("\u{7f}", "=?base64?fw==?=");
    check("=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?=");
}

#[test]
fn a_value_that_was_encoded_without_need_is_decoded() {
    assert_eq!(decode_header_value("=?base64?Zm9v?=").as_deref(), Ok("foo"));
    assert_eq!(decode_header_value("=?base64??=").as_deref(), Ok(""));
}

#[track_caller]
fn check_refused(value: &str, expected: HeaderValueError) {
    assert_eq!(decode_header_value(value), Err(expected), "{value:?}");
}

#[test]
fn what_is_not_canonical_base64_is_refused() {
    for payload in ["Zg", "Zg=", "Zh==", "Zg== ", "Z-_=", "====", "Zm9v\tZm9v"] {
        check_refused(&format!("=?base64?{payload}?="), HeaderValueError::Base64);
    }
    check_refused("=?base64?=", HeaderValueError::Base64);
    check_refused("=?base64?/w==?=", HeaderValueError::Utf8);
}

#[test]
fn a_plain_value_with_a_forbidden_character_is_refused() {
    for value in ["世", "a\nb", "a\0", "\u{7f}", "é"] {
        check_refused(value, HeaderValueError::Character);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_survives_the_header_and_fits_into_it(value in ".{0,40}|=\\?base64\\?.{0,9}\\?=") {
        let encoded = encode_header_value(&value);
        prop_assert!(has_header_characters(&encoded) && encoded.trim() == encoded);
        let decoded = decode_header_value(&encoded);
        prop_assert_eq!(decoded.as_deref(), Ok(value.as_str()));
    }
}
