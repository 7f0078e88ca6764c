//! Where something stands in a text.

use std::fmt;

/// A place in a file: what an editor shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1 on.
    pub line: usize,
    /// The character in the line, from 1 on.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Finds the line and the column of any byte of a text, however long its lines are.
#[derive(Debug)]
pub struct Positions<'t> {
    text: &'t str,
    /// The byte at which each line starts.
    line_starts: Vec<usize>,
    /// The characters before each block of bytes.
    chars_before: Vec<usize>,
}

impl<'t> Positions<'t> {
    /// The places of this text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        let mut chars = 0;
        let mut chars_before = vec![0];
        for block in text.as_bytes().chunks(BLOCK_BYTES) {
            chars += count_chars(block);
            chars_before.push(chars);
        }
        Self { text, line_starts, chars_before }
    }

    /// The place of the character that starts at this byte, or of the end of the text.
    #[must_use]
    pub fn at(&self, byte: usize) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= byte).max(1);
        let line_start = self.line_starts.get(line - 1).copied().unwrap_or_default();
        Position { line, column: self.chars(byte).saturating_sub(self.chars(line_start)) + 1 }
    }

    /// How many characters start before this byte.
    fn chars(&self, byte: usize) -> usize {
        let byte = byte.min(self.text.len());
        let block = byte / BLOCK_BYTES;
        let rest = self.text.as_bytes().get(block * BLOCK_BYTES..byte).unwrap_or_default();
        self.chars_before.get(block).copied().unwrap_or_default() + count_chars(rest)
    }
}

/// The characters that start in these bytes of UTF-8.
fn count_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

const BLOCK_BYTES: usize = 256;

#[cfg(test)]
mod tests;
