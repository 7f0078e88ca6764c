//! A message on its way out.

use std::array;

use bytes::Bytes;

use crate::id::Id;
use crate::span::Span;

/// The parts of a message in the order of writing, at most five; none is empty.
#[derive(Clone, Debug)]
pub struct Pieces(array::IntoIter<Bytes, PIECES_MAX>);

impl Pieces {
    /// `bytes` with every patch, at most two and in the order of their places, instead of what it
    /// replaces.
    pub(crate) fn new<'a>(bytes: &Bytes, patches: impl Iterator<Item = (Span, &'a Id)>) -> Self {
        let mut pieces = [const { Bytes::new() }; PIECES_MAX];
        let mut places = pieces.iter_mut();
        let mut put = |piece: Bytes| places.next().map(|place| *place = piece);
        let mut rest = bytes.clone();
        let mut passed = 0;
        for (span, id) in patches {
            let Some(range) = span.range() else { continue };
            put(rest.split_to(range.start - passed));
            put(id.as_bytes().clone());
            drop(rest.split_to(range.len()));
            passed = range.end;
        }
        put(rest);
        Self(pieces.into_iter())
    }
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        // The places that no piece has taken are all at the end.
        self.0.next().filter(|piece| !piece.is_empty())
    }
}

/// A message with two patches: before, between and after them, and they.
const PIECES_MAX: usize = 5;
