//! The parts of an object or an array, one by one, without decoding them.

use std::borrow::Cow;

use crate::limits::ScanLimits;
use crate::unescape::decode_inner;
use crate::walker::Walker;

/// The members of an object, in the order of the text: each key, and the raw JSON of its value.
///
/// The text is a part of a message, so it has passed the scan: what could not have passed it ends
/// the iteration. Values are passed over, not read, so that a large one costs little.
#[derive(Debug)]
pub struct Members<'a> {
    walker: Walker<'a>,
    has_next: bool,
}

impl<'a> Members<'a> {
    /// The members of the object that is the whole of `text`; `None` when it is something else.
    pub fn of(text: &'a str) -> Option<Self> {
        if !text.starts_with('{') {
            return None;
        }
        let mut walker = Walker::new(text, 0, &ScanLimits::OWN);
        let has_next = walker.begin_object().unwrap_or(false);
        Some(Self { walker, has_next })
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if !std::mem::take(&mut self.has_next) {
            return None;
        }
        let key = self.walker.key().ok()?;
        let value = pass(&mut self.walker)?;
        self.has_next = self.walker.next_member().unwrap_or(false);
        let key = if key.is_escaped { decode_inner(key.inner) } else { Cow::Borrowed(key.inner) };
        Some((key, value))
    }
}

/// The items of an array, in order, each as raw JSON; as [`Members`].
#[derive(Debug)]
pub struct Items<'a> {
    walker: Walker<'a>,
    has_next: bool,
}

impl<'a> Items<'a> {
    /// The items of the array that is the whole of `text`; `None` when it is something else.
    pub fn of(text: &'a str) -> Option<Self> {
        if !text.starts_with('[') {
            return None;
        }
        let mut walker = Walker::new(text, 0, &ScanLimits::OWN);
        let has_next = walker.open_array().unwrap_or(false);
        Some(Self { walker, has_next })
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
fn pass<'a>(walker: &mut Walker<'a>) -> Option<&'a str> {
    let start = walker.lexer.at();
    walker.value().ok()?;
    Some(walker.lexer.text_from(start))
}

#[cfg(test)]
mod tests;
