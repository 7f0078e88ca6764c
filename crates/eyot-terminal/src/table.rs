//! Tables for people, no wider than their terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::escape::escaped;
use crate::writer;

/// Prints the rows of one table, each behind so many spaces.
///
/// # Errors
///
/// Standard output takes no more.
pub fn print_table<const N: usize>(indent: usize, rows: &[[String; N]]) -> std::io::Result<()> {
    let room = writer::stdout_columns().map(|it| it.saturating_sub(indent));
    let indent = " ".repeat(indent);
    lines(rows, room).iter().try_for_each(|line| writer::print(&format!("{indent}{line}")))
}

/// The lines of a table. `room`: the columns of the terminal, where cells are cut; a program gets
/// them whole.
fn lines<const N: usize>(rows: &[[String; N]], room: Option<usize>) -> Vec<String> {
    let rows: Vec<[Cow<'_, str>; N]> =
        rows.iter().map(|row| row.each_ref().map(|it| cell(it))).collect();
    let widths = widths(&rows, room);
    let line = |row: &[Cow<'_, str>; N]| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let cell = if room.is_some() { cut(cell, *width) } else { Cow::Borrowed(&**cell) };
            line.push_str(&cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + GAP));
        }
        line.truncate(line.trim_end().len());
        line
    };
    rows.iter().map(line).collect()
}

/// A text as it stands in a cell, on one line.
fn cell(text: &str) -> Cow<'_, str> {
    match escaped(text) {
        cell if cell.contains('\t') => cell.replace('\t', " ").into(),
        cell => cell,
    }
}

/// The width of each column: that of its widest cell, or less where that is too wide.
fn widths<const N: usize>(rows: &[[Cow<'_, str>; N]], room: Option<usize>) -> Vec<usize> {
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|it| it.width()).max().unwrap_or(0)
    };
    let mut widths: Vec<_> = (0..N).map(|it| widest(it).min(WIDTH_MAX)).collect();
    let Some(room) = room.map(|it| it.saturating_sub(GAP * N.saturating_sub(1))) else {
        return widths;
    };
    let Some((first, others)) = widths.split_first_mut() else { return widths };
    // The first column has the names, without which the others are of no use.
    let wanted: usize = others.iter().sum();
    *first = (*first).min((room / 2).max(room.saturating_sub(wanted)));
    let mut left = room.saturating_sub(*first);
    let mut narrow_first: Vec<_> = others.iter_mut().collect();
    narrow_first.sort();
    let count = narrow_first.len();
    for (place, width) in narrow_first.into_iter().enumerate() {
        *width = (*width).min(left / (count - place));
        left -= *width;
    }
    widths
}

/// The cell in so many columns.
fn cut(cell: &str, columns: usize) -> Cow<'_, str> {
    // Marks take no column of their own, and one character may have any number of them.
    let chars_max = columns * MARKS_MAX;
    if cell.width() <= columns && cell.chars().nth(chars_max).is_none() {
        return Cow::Borrowed(cell);
    }
    let Some(room) = columns.checked_sub(1) else { return Cow::Borrowed("") };
    let mut cut = String::new();
    let mut width = 0;
    for character in cell.chars().take(chars_max) {
        width += character.width().unwrap_or(0);
        if width > room {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    Cow::Owned(cut)
}

/// Spaces between two columns.
const GAP: usize = 2;
/// Columns that the rows beside a wide cell are filled up to.
const WIDTH_MAX: usize = 200;
/// Characters for each column of a cell.
const MARKS_MAX: usize = 4;

#[cfg(test)]
mod tests;
