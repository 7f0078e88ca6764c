//! Masks against the definition.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::proptest;

use super::apply;

proptest! {
    #[test]
    fn a_payload_masked_in_two_parts_is_what_the_definition_says(
        key: [u8; 4],
        payload in vec(any::<u8>(), 0..100),
        cut in 0_usize..100,
    ) {
        let (mut masked, cut) = (payload.clone(), cut.min(payload.len()));
        let (first, second) = masked.split_at_mut(cut);
        apply(key, 0, first);
        apply(key, cut, second);
        let defined: Vec<u8> = payload.iter().zip(key.iter().cycle()).map(|(it, key)| it ^ key).collect();
        assert_eq!(masked, defined);
    }
}
