//! Characters that steer what shows them.
//!
//! A text of a server, a client or a file may hold escape sequences, marks that turn the direction
//! of writing, and characters that are not seen at all: what a person sees would not be what there
//! is. Escapes show them instead.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with escapes such as `\u{1b}` for every character that steers. Line ends are escaped
/// too: one line stays one line.
pub fn escaped(text: &str) -> Cow<'_, str> {
    replaced(text, |it| steers(it) && it != '\t', |it, escaped| escaped.extend(it.escape_default()))
}

/// A JSON text that means what `json` means and has escapes such as `\u001b`. Line ends become
/// spaces: in JSON they stand between values.
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    replaced(json, steers, |it, escaped| {
        if it.is_ascii_whitespace() {
            escaped.push(' ');
            return;
        }
        for unit in it.encode_utf16(&mut [0; 2]) {
            // A text can always be written to.
            if write!(escaped, "\\u{unit:04x}").is_err() {
                return;
            }
        }
    })
}

fn replaced(
    text: &str,
    is_replaced: impl Fn(char) -> bool,
    replace: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut new = String::with_capacity(text.len());
    for character in text.chars() {
        match is_replaced(character) {
            true => replace(character, &mut new),
            false => new.push(character),
        }
    }
    Cow::Owned(new)
}

/// Whether a character controls a terminal, ends a line, turns the direction of writing, or takes
/// no room of its own without being a mark on the character before it.
fn steers(character: char) -> bool {
    character.is_control() || UNSEEN.iter().any(|it| it.contains(&character))
}

/// What Unicode calls default ignorable, with the separators of lines and paragraphs and the marks
/// of annotations. The two selectors that choose between a text and an emoji are let through.
const UNSEEN: [std::ops::RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0d}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

#[cfg(test)]
mod tests;
