//! The last lines of a text of any length, printable.

use std::collections::VecDeque;

/// Keeps the last lines of the pushed text, within a bound of bytes.
#[derive(Debug)]
pub(crate) struct Tail {
    lines: VecDeque<String>,
    lines_bytes: usize,
    /// The line that has not ended, cut at the bound.
    line: Vec<u8>,
    bytes_max: usize,
}

impl Tail {
    /// An empty tail that will hold at most `bytes_max` bytes of lines.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { lines: VecDeque::new(), lines_bytes: 0, line: Vec::new(), bytes_max }
    }

    /// Takes the next bytes, cut anywhere, and shows each line that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8], mut show: impl FnMut(&str)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let complete = part.strip_suffix(b"\n");
            let room_bytes = self.bytes_max.saturating_sub(self.line.len());
            self.line.extend(complete.unwrap_or(part).iter().take(room_bytes));
            if complete.is_some() {
                self.end_line(&mut show);
            }
        }
    }

    /// Takes all lines, the last one even if it has no end.
    pub(crate) fn take(&mut self, mut show: impl FnMut(&str)) -> Vec<String> {
        self.end_line(&mut show);
        self.lines_bytes = 0;
        std::mem::take(&mut self.lines).into()
    }

    fn end_line(&mut self, show: &mut impl FnMut(&str)) {
        let text = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        let line = printable(text, self.bytes_max);
        self.line.clear();
        if line.is_empty() {
            return;
        }
        show(&line);
        self.lines_bytes = self.lines_bytes.saturating_add(line.len());
        self.lines.push_back(line);
        while self.lines_bytes > self.bytes_max || self.lines.len() > LINES_MAX {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.lines_bytes = self.lines_bytes.saturating_sub(oldest.len());
        }
    }
}

/// The text with forgeries and bytes that are no UTF-8 escaped, cut at `bytes_max`.
fn printable(bytes: &[u8], bytes_max: usize) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match is_forgery(character) {
                true => text.extend(character.escape_unicode()),
                false => text.push(character),
            }
        }
        text.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    text.truncate(text.floor_char_boundary(bytes_max));
    text
}

/// Whether a character could make one line of a log look like another: controls (colours, cursor
/// movements), line separators, and marks that turn the direction of writing.
fn is_forgery(character: char) -> bool {
    let is_control = character.is_control() && character != '\t';
    let is_format = matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    is_control || is_format
}

/// How many lines are kept at most, however short they are: no operator reads more.
const LINES_MAX: usize = 64;

#[cfg(test)]
mod tests;
