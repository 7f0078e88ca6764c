//! Which sealed texts open, and which do not.

use super::SealKeys;
use crate::Secret;

fn key(byte: u8) -> Secret<[u8; 32]> {
    Secret::new([byte; 32])
}

#[test]
fn a_sealed_text_opens_for_what_it_was_sealed_for_only() {
    let keys = SealKeys::random();
    let sealed = keys.seal(b"alice", b"round 2");
    assert_eq!(keys.open(b"alice", &sealed).as_deref(), Some(b"round 2".as_slice()));
    assert_eq!(keys.open(b"bob", &sealed), None);
}

#[test]
fn a_text_that_was_changed_anywhere_does_not_open() {
    let keys = SealKeys::random();
    let sealed = keys.seal(b"", b"text");
    for index in 0..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        // Some bits of the last letter belong to no byte.
        assert!(changed == sealed || keys.open(b"", &changed).is_none(), "letter {index}");
    }
    for garbage in ["", "A", "not base64!", &sealed[..40], &format!("{sealed}A")] {
        assert_eq!(keys.open(b"", garbage), None, "{garbage}");
    }
}

#[test]
fn an_older_key_still_opens_and_no_longer_seals() {
    let sealed = SealKeys::new(&key(1), &[]).seal(b"b", b"t");
    let rotated = SealKeys::new(&key(2), &[key(1)]);
    assert_eq!(rotated.open(b"b", &sealed).as_deref(), Some(b"t".as_slice()));
    let newer = rotated.seal(b"b", b"t");
    assert_eq!(SealKeys::new(&key(1), &[]).open(b"b", &newer), None);
}

#[test]
fn the_same_text_is_never_sealed_alike() {
    let keys = SealKeys::random();
    assert_ne!(keys.seal(b"", b"t"), keys.seal(b"", b"t"));
}

#[test]
fn keys_are_not_shown() {
    assert_eq!(format!("{:?}", SealKeys::random()), "SealKeys");
}
