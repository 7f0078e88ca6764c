//! A place in a message.

use std::ops::Range;

/// Half-open range of byte offsets from the message's first byte; 0..0 stands for "not there".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The place of what is not there.
    pub(crate) const ABSENT: Self = Self { start: 0, end: 0 };

    /// The range as it is kept: a scan refuses texts whose offsets would not fit.
    pub(crate) fn new(range: Range<usize>) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: offset(range.start), end: offset(range.end) }
    }

    /// Whether the part is there: no JSON value is empty.
    pub(crate) const fn is_present(self) -> bool {
        self.start < self.end
    }

    /// The range, `None` when the part is not there.
    pub(crate) fn range(self) -> Option<Range<usize>> {
        self.is_present().then_some(self.bounds())
    }

    /// The range of a part that is there; an empty one else.
    pub(crate) const fn bounds(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Bytes covered.
    pub(crate) const fn len_bytes(self) -> usize {
        (self.end - self.start) as usize
    }
}
