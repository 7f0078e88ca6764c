//! Halves of surrogate pairs in JSON texts: a server has cut a text in the middle of a character.
//! No Rust text can hold one.

use std::borrow::Cow;

/// Converts a JSON text whose texts may have lone surrogates, which come out as they went in.
///
/// # Errors
/// Those of `convert`.
pub fn keeping_lone_surrogates<T, E>(
    text: &str,
    convert: impl FnOnce(&str) -> Result<(String, T), E>,
) -> Result<(String, T), E> {
    let mut has_any = false;
    let hidden = replaced(text, |unit| {
        has_any = true;
        char::from_u32(HIDDEN + u32::from(unit - FIRST)).unwrap_or(char::REPLACEMENT_CHARACTER)
    });
    if !has_any {
        return convert(text);
    }
    // A text that has these characters of its own keeps them, and has its lone surrogates replaced.
    let units = 0..=u32::from(LAST - FIRST);
    let is_hidden = |it: char| units.contains(&u32::from(it).wrapping_sub(HIDDEN));
    if text.chars().any(is_hidden) || has_escaped_hidden(text) {
        return convert(&replace_lone_surrogates(text));
    }
    let (converted, rest) = convert(&hidden)?;
    let mut restored = String::with_capacity(converted.len());
    for it in converted.chars() {
        match is_hidden(it) {
            true => {
                let unit = u32::from(it) - HIDDEN + u32::from(FIRST);
                restored.push_str(&format!("\\u{unit:04x}"));
            }
            false => restored.push(it),
        }
    }
    Ok((restored, rest))
}

/// The JSON text with U+FFFD in the place of every lone surrogate.
#[must_use]
pub fn replace_lone_surrogates(text: &str) -> Cow<'_, str> {
    replaced(text, |_| char::REPLACEMENT_CHARACTER)
}

/// The JSON text with other characters in the place of its lone surrogates.
fn replaced(text: &str, mut instead: impl FnMut(u16) -> char) -> Cow<'_, str> {
    let mut written = String::new();
    let mut taken = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|it| it.find('\\')) {
        let start = at + found;
        let Some(unit) = escaped_unit(text, start) else {
            at = start + 2;
            continue;
        };
        at = start + ESCAPE_LEN;
        match unit {
            FIRST..=HIGH_LAST if escaped_unit(text, at).is_some_and(is_low) => at += ESCAPE_LEN,
            FIRST..=LAST => {
                written.push_str(text.get(taken..start).unwrap_or_default());
                written.push(instead(unit));
                taken = at;
            }
            _ => {}
        }
    }
    if taken == 0 {
        return Cow::Borrowed(text);
    }
    written.push_str(text.get(taken..).unwrap_or_default());
    Cow::Owned(written)
}

/// The unit that `\uXXXX` at this place stands for.
fn escaped_unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE_LEN)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

/// Whether a character of those that hide lone surrogates stands in the text as an escape.
fn has_escaped_hidden(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("\\udbfc") || text.contains("\\udbfd")
}

const fn is_low(unit: u16) -> bool {
    matches!(unit, LOW_FIRST..=LAST)
}

const ESCAPE_LEN: usize = 6;
/// The surrogates: the high ones, then the low ones.
const FIRST: u16 = 0xD800;
const HIGH_LAST: u16 = 0xDBFF;
const LOW_FIRST: u16 = 0xDC00;
const LAST: u16 = 0xDFFF;
/// The first of as many characters for private use, U+10F000 to U+10F7FF. As escapes they begin
/// with `\udbfc` or `\udbfd`.
const HIDDEN: u32 = 0x10_F000;

#[cfg(test)]
mod tests;
