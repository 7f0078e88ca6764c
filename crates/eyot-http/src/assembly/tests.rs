//! A body is put together in one buffer, and none is made in advance.

use bytes::Bytes;

use super::Assembly;

#[test]
fn body_in_one_piece_is_not_copied() {
    let piece = Bytes::from(vec![b'x'; 1_000]);
    let mut body = Assembly::new(1_000);
    body.add(piece.clone());
    assert_eq!(body.finish().as_ptr(), piece.as_ptr());
}

#[test]
fn pieces_are_put_together_in_their_order() {
    for declared_bytes in [0, 9, u64::MAX] {
        let mut body = Assembly::new(declared_bytes);
        for piece in ["one", "", "two", "six"] {
            body.add(Bytes::from_static(piece.as_bytes()));
        }
        assert_eq!(body.len_bytes(), 9);
        assert_eq!(body.finish(), "onetwosix");
    }
}

#[test]
fn room_is_made_for_what_came_and_not_for_what_is_declared() {
    let piece = Bytes::from(vec![b'x'; 1_000]);
    let mut body = Assembly::new(16 << 20);
    body.add(piece.clone());
    assert_eq!(body.whole.capacity(), 0);
    body.add(piece);
    assert!(body.whole.capacity() <= 8_000, "{}", body.whole.capacity());
}

#[test]
fn declared_body_that_comes_in_few_pieces_moves_once() {
    let piece = Bytes::from(vec![b'x'; 1_000]);
    let mut body = Assembly::new(4_000);
    body.add(piece.clone());
    body.add(piece.clone());
    let place = body.whole.as_ptr();
    body.add(piece.clone());
    body.add(piece);
    assert_eq!(body.finish().as_ptr(), place);
}
