//! A text in parts reads like the same text in one.

use bytestring::ByteString;
use proptest::prelude::*;

use super::Text;

proptest! {
    #[test]
    fn a_text_in_parts_reads_like_one_in_one_slice(
        parts in prop::collection::vec("[a-zé]{1,6}", 1..6),
        start in 0..40_usize,
        len in 0..40_usize,
    ) {
        let joined: ByteString = parts.concat().into();
        let text = Text::of_parts(parts.into_iter().map(ByteString::from).collect());
        let range = start..start + len;
        prop_assert_eq!(text.len(), joined.len());
        prop_assert_eq!(text.get(range.clone()), joined.get(range.clone()));
        if range.end <= joined.len() {
            let expected = joined.as_bytes().slice(range.clone());
            prop_assert_eq!(text.slice(range), Some(expected));
        } else {
            prop_assert_eq!(text.slice(range), None);
        }
        prop_assert_eq!(text.whole(), &joined);
    }

    #[test]
    fn its_runs_are_all_of_it(parts in prop::collection::vec("[a-z]{1,6}", 1..6), step in 1..9_usize) {
        let joined = parts.concat();
        let text = Text::of_parts(parts.into_iter().map(ByteString::from).collect());
        let mut read = String::new();
        while let Some((part, range)) = text.run(read.len(), read.len() + step) {
            read.push_str(&part[range]);
        }
        prop_assert_eq!(read, joined);
    }
}

#[test]
fn what_lies_in_one_part_is_shared() {
    let part = ByteString::from("abc".repeat(1_000));
    let text = Text::of_parts(vec!["{".into(), part.clone(), "}".into()]);
    assert_eq!(text.get(1..3_001).map(str::as_ptr), Some(part.as_ptr()));
    assert_eq!(text.slice(4..7).map(|it| it.as_ptr()), Some(part[3..].as_ptr()));
}
