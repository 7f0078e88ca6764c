//! The text of a message: UTF-8 that was checked once.

use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use bytestring::ByteString;

/// One shared slice, or several that follow one another: a message that was rewritten shares the
/// long parts of the one that it was made of.
#[derive(Debug)]
pub(crate) enum Text {
    Whole(ByteString),
    Parts(Box<Parts>),
}

/// Slices that follow one another; none is empty.
#[derive(Debug)]
pub(crate) struct Parts {
    parts: Box<[ByteString]>,
    len: usize,
    /// All of them in one, once something was asked for that lies in more than one.
    whole: OnceLock<ByteString>,
}

impl From<ByteString> for Text {
    fn from(whole: ByteString) -> Self {
        Self::Whole(whole)
    }
}

impl Text {
    /// The text that these slices make up.
    pub(crate) fn of_parts(parts: Vec<ByteString>) -> Self {
        match <[ByteString; 1]>::try_from(parts) {
            Ok([whole]) => Self::Whole(whole),
            Err(parts) => {
                let len = parts.iter().map(|it| it.len()).sum();
                let parts = parts.into_boxed_slice();
                Self::Parts(Box::new(Parts { parts, len, whole: OnceLock::new() }))
            }
        }
    }

    /// Bytes in all.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(whole) => whole.len(),
            Self::Parts(parts) => parts.len,
        }
    }

    /// The slices in their order.
    pub(crate) fn parts(&self) -> &[ByteString] {
        match self {
            Self::Whole(whole) => std::slice::from_ref(whole),
            Self::Parts(parts) => &parts.parts,
        }
    }

    /// All of the text as one slice. Slices are joined once, by a copy.
    pub(crate) fn whole(&self) -> &ByteString {
        match self {
            Self::Whole(whole) => whole,
            Self::Parts(parts) => parts.whole.get_or_init(|| {
                let mut whole = String::with_capacity(parts.len);
                parts.parts.iter().for_each(|part| whole.push_str(part));
                whole.into()
            }),
        }
    }

    /// The text at a place. It is copied only if it lies in more than one slice.
    #[inline]
    pub(crate) fn get(&self, range: Range<usize>) -> Option<&str> {
        match self {
            Self::Whole(whole) => whole.get(range),
            Self::Parts(_) => {
                let (part, range) = self.locate(range);
                part.get(range)
            }
        }
    }

    /// Like [`Text::get`], but shared.
    pub(crate) fn slice(&self, range: Range<usize>) -> Option<Bytes> {
        let (part, range) = self.locate(range);
        let is_inside = range.start <= range.end && range.end <= part.len();
        is_inside.then(|| part.as_bytes().slice(range))
    }

    /// A slice that has all of a place, and where the place is in it.
    fn locate(&self, range: Range<usize>) -> (&ByteString, Range<usize>) {
        let mut start = 0;
        for part in self.parts() {
            if start <= range.start && range.end <= start + part.len() {
                return (part, range.start - start..range.end - start);
            }
            start += part.len();
        }
        (self.whole(), range)
    }

    /// What follows from byte `at` on, at most up to byte `until`, in one slice.
    pub(crate) fn run(&self, at: usize, until: usize) -> Option<(&ByteString, Range<usize>)> {
        let mut start = 0;
        for part in self.parts() {
            let end = start + part.len();
            if at < end {
                return Some((part, at - start..until.min(end) - start));
            }
            start = end;
        }
        None
    }
}

#[cfg(test)]
mod tests;
