//! The fast loop against the obvious one.

use proptest::prelude::*;

use super::plain_len;

#[track_caller]
fn check(bytes: &[u8]) {
    let expected = bytes.iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    assert_eq!(plain_len(bytes), expected.count(), "{bytes:?}");
}

#[test]
fn every_byte_at_every_place_is_told_apart() {
    for byte in 0..=u8::MAX {
        for place in 0..75 {
            let mut bytes = [b'a'; 75];
            bytes[place] = byte;
            check(&bytes);
            check(&bytes[..=place]);
        }
    }
}

#[test]
fn a_huge_string_ends_where_the_obvious_loop_ends() {
    for byte in [b'"', b'\\', 0x1F, b'\n', 0, 0x7F, 0xFF] {
        for place in (0..1_700).step_by(7).chain(530..550).chain(790..820) {
            let mut bytes = [b'a'; 1_700];
            bytes[place] = byte;
            check(&bytes);
        }
    }
    check(&[b'a'; 1_700]);
}

#[test]
fn an_empty_string_has_no_run() {
    check(b"");
    check(b"\"");
}

proptest! {
    #[test]
    fn runs_end_where_the_obvious_loop_ends(
        bytes in prop::collection::vec(prop_oneof![20 => 0x20..=0xFFu8, 1 => any::<u8>()], 0..200),
    ) {
        check(&bytes);
    }
}
