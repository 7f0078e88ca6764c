//! Lines that are longer than the terminal is wide.
//!
//! A terminal goes on at its left edge, where the end of a long line would look like a line of its
//! own. So the line is folded here, and what follows stands behind a bar.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The line with a bar before each part of it that does not fit on the one before.
pub(super) fn folded(line: &str, columns: Option<usize>) -> Cow<'_, str> {
    // A byte takes a column at most, but for a tab.
    let Some(columns) = columns.filter(|it| line.len() > *it || line.contains('\t')) else {
        return Cow::Borrowed(line);
    };
    let columns = columns.max(COLUMNS_MIN);
    let mut folded = String::with_capacity(line.len() + line.len() / columns * BAR.len());
    let mut column = 0;
    for character in line.chars() {
        if column + width(character, column) > columns {
            folded.push('\n');
            folded.push_str(BAR);
            column = BAR.width();
        }
        folded.push(character);
        column += width(character, column);
    }
    Cow::Owned(folded)
}

/// The columns that a character takes, or may take, at a column.
fn width(character: char, column: usize) -> usize {
    match character {
        '\t' => TAB - column % TAB,
        // It makes an emoji of the character before it, which may be twice as wide.
        '\u{fe0f}' => 1,
        _ => character.width().unwrap_or(0),
    }
}

/// Stands before the words of others.
pub(super) const BAR: &str = "│ ";
/// Where nothing fits any more, a terminal may break lines as it likes.
const COLUMNS_MIN: usize = 16;
/// The stops of tabs.
const TAB: usize = 8;

#[cfg(test)]
mod tests;
