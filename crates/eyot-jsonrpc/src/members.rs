//! The parts of an object or an array, one by one, without decoding them.

pub(crate) mod reader;

use std::borrow::Cow;
use std::ops::Range;

use crate::envelope::LongSpans;
use crate::span::Span;
use crate::walker::Walker;
use crate::walker::nesting::Kinds;

/// The members of an object, in the order of the text: each key, and the raw JSON of its value.
///
/// The text is a part of a message, so it has passed the scan: what could not have passed it ends
/// the iteration. Values are passed over, not read, so that a large one costs little.
#[derive(Debug)]
pub struct Members<'a> {
    walker: Walker<'a, Kinds>,
    has_next: bool,
    /// Where long values are, as far as that is known.
    long: LongSpans,
}

/// One member, and where it is in the object.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: &'a str,
    /// From the key's first quote to the end of the value.
    pub(crate) range: Range<usize>,
    /// First byte of the value.
    pub(crate) value_start: usize,
}

impl<'a> Members<'a> {
    /// The members of the object that is the whole of `text`; `None` when it is something else.
    pub fn of(text: &'a str) -> Option<Self> {
        if !text.starts_with('{') {
            return None;
        }
        let mut walker = Walker::again(text);
        let has_next = walker.begin_object().unwrap_or(false);
        Some(Self { walker, has_next, long: LongSpans::default() })
    }

    /// The members, of which these long values are known.
    pub(crate) fn knowing(mut self, long: impl Iterator<Item = Span>) -> Self {
        long.for_each(|it| self.long.note(it));
        self
    }

    /// The next member, with its place.
    pub(crate) fn next_member(&mut self) -> Option<Member<'a>> {
        if !std::mem::take(&mut self.has_next) {
            return None;
        }
        let key = self.walker.key().ok()?;
        let value_start = self.walker.lexer.at();
        let known = self.long.iter().map(Span::bounds).find(|it| it.start == value_start);
        let value = match known {
            Some(known) => {
                self.walker.lexer.pass_to(known.end);
                self.walker.lexer.text_from(value_start)
            }
            None => pass(&mut self.walker)?,
        };
        let range = key.offset..self.walker.lexer.at();
        self.has_next = self.walker.next_member().unwrap_or(false);
        Some(Member { name: key.text(), value, range, value_start })
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_member().map(|it| (it.name, it.value))
    }
}

/// The items of an array, in order, each as raw JSON; as [`Members`].
#[derive(Debug)]
pub struct Items<'a> {
    walker: Walker<'a, Kinds>,
    has_next: bool,
}

impl<'a> Items<'a> {
    /// The items of the array that is the whole of `text`; `None` when it is something else.
    pub fn of(text: &'a str) -> Option<Self> {
        if !text.starts_with('[') {
            return None;
        }
        let mut walker = Walker::again(text);
        let has_next = walker.open_array().unwrap_or(false);
        Some(Self { walker, has_next })
    }

    /// Where the next item is.
    pub(crate) fn next_place(&mut self) -> Option<Range<usize>> {
        if !std::mem::take(&mut self.has_next) {
            return None;
        }
        let start = self.walker.lexer.at();
        self.walker.value().ok()?;
        let place = start..self.walker.lexer.at();
        self.has_next = self.walker.next_item().unwrap_or(false);
        Some(place)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        if !std::mem::take(&mut self.has_next) {
            return None;
        }
        let item = pass(&mut self.walker)?;
        self.has_next = self.walker.next_item().unwrap_or(false);
        Some(item)
    }
}

/// Passes one value, and returns its text.
fn pass<'a>(walker: &mut Walker<'a, Kinds>) -> Option<&'a str> {
    let start = walker.lexer.at();
    walker.value().ok()?;
    Some(walker.lexer.text_from(start))
}

#[cfg(test)]
mod tests;
