//! Byte order marks.

use super::decode;

#[track_caller]
fn check(bytes: &[u8], text: &str) {
    assert_eq!(decode(bytes.to_vec()).unwrap(), text);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_text() {
    check(b"a\xc3\xbc", "aü");
    check(b"\xef\xbb\xbfa\xc3\xbc", "aü");
    check(b"\xff\xfea\0\xfc\0", "aü");
    check(b"\xfe\xff\0a\0\xfc", "aü");
    check(b"\xef\xbb\xbf", "");
    check(b"", "");
    check("a\u{feff}".as_bytes(), "a\u{feff}");
}

#[test]
fn what_is_no_text_is_refused() {
    for bytes in [&b"\xff"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\xef\xbb\xbf\xff"] {
        assert!(decode(bytes.to_vec()).is_err(), "{bytes:?}");
    }
}
