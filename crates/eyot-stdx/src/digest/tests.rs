//! Digests under a key.

use super::keyed_digest;
use crate::secret::Secret;

#[test]
fn a_digest_depends_on_key_purpose_and_text() {
    let digest = |key: u8, purpose: &str, text: &str| {
        keyed_digest(&Secret::new([key; 32]), purpose.as_bytes(), text.as_bytes())
    };
    let one = digest(1, "a", "b");
    assert_eq!(one, digest(1, "a", "b"));
    for other in
        [digest(2, "a", "b"), digest(1, "c", "b"), digest(1, "a", "c"), digest(1, "ab", "")]
    {
        assert_ne!(one, other);
    }
}
