//! The ends are those of the text, however it comes.

use proptest::prelude::*;

use super::*;

fn ends_of(text: &[u8]) -> (&[u8], &[u8]) {
    (text.get(..END_BYTES_MAX).unwrap_or(text), last(text))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_of_any_length_leave_the_two_ends(
        lens in prop::collection::vec(0_usize..9_000, 0..6),
        skipped in 0_usize..8,
    ) {
        let bytes: Vec<u8> = (0..=250).cycle().take(lens.iter().sum()).collect();
        let (mut pushed, mut appended, mut expected) =
            (Remains::default(), Remains::default(), Vec::new());
        let mut rest = bytes.as_slice();
        for len in lens {
            let (piece, others) = rest.split_at(len);
            rest = others;
            pushed.push(piece);
            let mut part = Remains::default();
            piece.chunks(1_000).for_each(|it| part.push(it));
            appended.append(&part, skipped.min(piece.len()));
            expected.extend_from_slice(&piece[skipped.min(piece.len())..]);
        }
        let (pushed, appended) = (pushed.finish(0, 0), appended.finish(0, 0));
        let (head, tail) = ends_of(&bytes);
        prop_assert!((&pushed.head[..], &pushed.tail[..]) == (head, tail));
        let (head, tail) = ends_of(&expected);
        prop_assert!(appended.head.len() + skipped >= head.len() && head.starts_with(&appended.head));
        prop_assert!(appended.tail == tail);
    }
}
