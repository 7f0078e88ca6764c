//! The strings of a JSON text.

use std::borrow::Cow;
use std::ops::Range;

/// One string of a JSON text: a key or a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StringToken<'a> {
    /// What stands between its quotes.
    pub(crate) inner: &'a str,
    /// Where that is.
    pub(crate) range: Range<usize>,
    /// It is written with escapes: what it says is something else.
    pub(crate) is_escaped: bool,
}

impl<'a> StringToken<'a> {
    /// What the string says.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        if !self.is_escaped {
            return Cow::Borrowed(self.inner);
        }
        // The text has passed the strict scan; half a surrogate pair has become U+FFFD.
        let decoded = serde_json::from_str(&format!("\"{}\"", self.inner));
        decoded.map_or(Cow::Borrowed(self.inner), Cow::Owned)
    }
}

/// The strings of a text that is JSON, in their order.
pub(crate) fn strings(json: &str) -> impl Iterator<Item = StringToken<'_>> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + json.get(at..)?.find('"')? + 1;
        let mut end = start;
        let mut is_escaped = false;
        loop {
            match bytes.get(end)? {
                b'"' => break,
                b'\\' => {
                    is_escaped = true;
                    end += 2;
                }
                _ => end += 1,
            }
        }
        at = end + 1;
        Some(StringToken { inner: json.get(start..end)?, range: start..end, is_escaped })
    })
}

/// A string as it is written between quotes.
pub(crate) fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
