//! From the last byte back, over members without parts.

use super::part::{Part, is_space, is_structural};

/// Adds to `part` what the last members of the top level say, up to the first with parts.
pub(super) fn look(text: &[u8], part: Part) -> Part {
    match (Look { text }).members() {
        Some(last) => part.and(last),
        None => part,
    }
}

/// What is left of the text before the cursor.
struct Look<'a> {
    text: &'a [u8],
}

impl<'a> Look<'a> {
    /// The last members of the object that ends the text. `None` when it has no other ones: an
    /// object that is seen whole is not the one at the top level, whose beginning was seen.
    fn members(&mut self) -> Option<Part> {
        self.takes(b'}').then_some(())?;
        let mut part = Part::default();
        while let Some((key, value)) = self.member() {
            if self.takes(b'{') {
                return None;
            }
            if !self.takes(b',') {
                break;
            }
            part.note(key, Some(value));
        }
        Some(part)
    }

    fn member(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let value = self.value()?;
        self.takes(b':').then_some(())?;
        let key = self.string()?;
        let key = key.get(1..key.len().checked_sub(1)?)?;
        Some((key, value))
    }

    /// Passes `byte` if it comes next, and the white space around it.
    fn takes(&mut self, byte: u8) -> bool {
        self.spaces();
        let Some(rest) = self.text.strip_suffix(&[byte]) else { return false };
        self.text = rest;
        self.spaces();
        true
    }

    fn spaces(&mut self) {
        while let [rest @ .., last] = self.text
            && is_space(*last)
        {
            self.text = rest;
        }
    }

    /// Passes a string, a number or a word.
    fn value(&mut self) -> Option<&'a [u8]> {
        if self.text.last() == Some(&b'"') {
            return self.string();
        }
        let len = self.text.iter().rev().take_while(|it| !is_structural(**it)).count();
        let word = self.take(len)?;
        (!word.is_empty()).then_some(word)
    }

    /// Passes a string with its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let inner = self.text.strip_suffix(b"\"").filter(|it| !is_escaped(it))?;
        let mut end = inner.len();
        loop {
            let quote = memchr::memrchr(b'"', inner.get(..end)?)?;
            if !is_escaped(inner.get(..quote)?) {
                return self.take(self.text.len() - quote);
            }
            end = quote;
        }
    }

    /// Passes the last `len` bytes.
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (rest, taken) = self.text.split_at_checked(self.text.len().checked_sub(len)?)?;
        self.text = rest;
        Some(taken)
    }
}

/// Whether what follows `text` in a string is escaped.
fn is_escaped(text: &[u8]) -> bool {
    text.iter().rev().take_while(|it| **it == b'\\').count() % 2 == 1
}
