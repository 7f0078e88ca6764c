//! What a JSON string says.

use std::borrow::Cow;
use std::str::Chars;

/// The characters of a string between its quotes, escapes decoded.
///
/// The text has passed the scan. What could not have passed it ends the iteration.
#[derive(Clone, Debug)]
pub(crate) struct Unescaped<'a>(Chars<'a>);

impl<'a> Unescaped<'a> {
    /// The characters of `inner`, a scanned string without its quotes.
    pub(crate) fn new(inner: &'a str) -> Self {
        Self(inner.chars())
    }

    fn escape(&mut self) -> Option<char> {
        match self.0.next()? {
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => self.unicode(),
            itself => Some(itself),
        }
    }

    fn unicode(&mut self) -> Option<char> {
        let unit = self.code_unit()?;
        // Every code unit is a character of its own, but for the halves of pairs.
        let pair = match unit {
            0xD800..=0xDBFF => self.second_half().map(|it| 0x1_0000 + ((unit & 0x3FF) << 10 | it)),
            _ => Some(unit),
        };
        Some(pair.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Passes the second half of a pair if it comes next.
    fn second_half(&mut self) -> Option<u32> {
        let mut rest = Self(self.0.as_str().strip_prefix("\\u")?.chars());
        let unit = rest.code_unit().filter(|unit| matches!(unit, 0xDC00..=0xDFFF))?;
        *self = rest;
        Some(unit & 0x3FF)
    }

    fn code_unit(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |unit, _| Some(unit << 4 | self.0.next()?.to_digit(16)?))
    }
}

impl Iterator for Unescaped<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.0.next()? {
            '\\' => self.escape(),
            itself => Some(itself),
        }
    }
}

/// The text of a scanned string with its quotes; `None` when `raw` is another value.
pub(crate) fn decode(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    Some(decode_inner(inner))
}

/// The text of a scanned string without its quotes; borrowed unless it holds escapes.
pub(crate) fn decode_inner(inner: &str) -> Cow<'_, str> {
    // Bytes, because a search for a character takes longer to begin than most strings to look through.
    let has_escapes = inner.as_bytes().contains(&b'\\');
    if has_escapes { Unescaped::new(inner).collect() } else { Cow::Borrowed(inner) }
}

#[cfg(test)]
mod tests;
