//! A value of a message, read part by part and not decoded.

use std::borrow::Cow;

use crate::walker::Walker;
use crate::walker::nesting::Kinds;

/// A cursor in the raw JSON of a part of a message.
///
/// The text has passed the scan, so every step is `None` only if it is not what the caller takes it
/// for: an object that is no object, or what stands behind the end.
#[derive(Debug)]
pub struct Reader<'a>(Walker<'a, Kinds>);

impl<'a> Reader<'a> {
    /// A cursor at the start of one value.
    pub fn new(text: &'a str) -> Self {
        Self(Walker::again(text))
    }

    /// The first byte of what comes next, which tells its kind; 0 at the end.
    #[must_use]
    pub fn peek(&self) -> u8 {
        self.0.lexer.peek()
    }

    /// Passes a value, and returns its raw JSON.
    pub fn value(&mut self) -> Option<&'a str> {
        let start = self.0.lexer.at();
        self.0.value().ok()?;
        Some(self.0.lexer.text_from(start))
    }

    /// Enters an object, and tells whether it has a member.
    pub fn object(&mut self) -> Option<bool> {
        (self.peek() == b'{').then(|| self.0.begin_object().ok())?
    }

    /// Passes the key of a member, up to its value.
    pub fn key(&mut self) -> Option<Cow<'a, str>> {
        self.0.key().ok().map(|it| it.text())
    }

    /// Goes on after the value of a member, and tells whether another one follows.
    pub fn next_member(&mut self) -> Option<bool> {
        self.0.next_member().ok()
    }

    /// Enters an array, and tells whether it has an item.
    pub fn array(&mut self) -> Option<bool> {
        (self.peek() == b'[').then(|| self.0.open_array().ok())?
    }

    /// Goes on after an item, and tells whether another one follows.
    pub fn next_item(&mut self) -> Option<bool> {
        self.0.next_item().ok()
    }
}

#[cfg(test)]
mod tests;
