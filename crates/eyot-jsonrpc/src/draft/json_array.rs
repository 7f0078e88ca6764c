//! Arrays of which runs go into messages, shared.

use std::fmt;
use std::ops::Range;

use bytestring::ByteString;

use crate::draft::json::scan_value;
use crate::members::Items;
use crate::scan::has_line_separators;
use crate::span::Span;

/// A JSON array of which it is known that the scan accepts it, with the places of its items: each can
/// be read alone, and many in a row can be put into an answer without a copy. See
/// [`Response::with_array`](crate::Response::with_array).
#[derive(PartialEq, Eq)]
pub struct JsonArray {
    text: ByteString,
    items: Box<[Span]>,
}

/// Items of a [`JsonArray`] that follow one another, with what stands between them. Cheap to clone.
#[derive(Clone)]
pub struct JsonRun(ByteString);

impl JsonArray {
    /// The array of this JSON text; `None` when the scan refuses it, or it is something else.
    ///
    /// The text is kept as it is, and takes no more memory than its length.
    #[must_use]
    pub fn parse(text: String) -> Option<Self> {
        scan_value(&text)?;
        let mut items = Items::of(&text)?;
        let mut places = Vec::new();
        while let Some(place) = items.next_place() {
            places.push(Span::new(place));
        }
        Some(Self { text: text.into_boxed_str().into(), items: places.into() })
    }

    /// How many items it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The raw JSON of an item; `None`: there is none of that number.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&str> {
        self.text.get(self.items.get(number)?.bounds())
    }

    /// The raw JSON of all items, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|it| self.text.get(it.bounds()))
    }

    /// Items that follow one another, shared; `None`: it has not all of them, or they are none.
    #[must_use]
    pub fn run(&self, numbers: Range<usize>) -> Option<JsonRun> {
        let items = self.items.get(numbers)?;
        let place = items.first()?.bounds().start..items.last()?.bounds().end;
        Some(JsonRun(self.text.slice_ref(self.text.get(place)?)))
    }
}

impl JsonRun {
    pub(crate) const fn text(&self) -> &ByteString {
        &self.0
    }

    /// Whether it can be written as one line: line ends can only stand between tokens.
    pub(crate) fn is_single_line(&self) -> bool {
        memchr::memchr2(b'\n', b'\r', self.0.as_bytes()).is_none()
    }

    pub(crate) fn has_line_separators(&self) -> bool {
        has_line_separators(self.0.as_bytes())
    }
}

/// Shows nothing of the items: they may be anything.
impl fmt::Debug for JsonArray {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (items, len) = (self.items.len(), self.text.len());
        formatter.debug_struct("JsonArray").field("items", &items).field("len", &len).finish()
    }
}

/// Shows nothing of the items: they may be anything.
impl fmt::Debug for JsonRun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JsonRun").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
