//! Texts that people give the program in files and on stdin.

use std::io::{self, Read as _};
use std::path::Path;

/// Reads a text file.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<String> {
    decode(std::fs::read(path)?)
}

/// Reads stdin to its end.
pub(crate) fn read_stdin() -> io::Result<String> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    decode(bytes)
}

/// The text without its byte order mark. Editors write one before UTF-8; the shell of Windows writes
/// UTF-16 with one.
fn decode(bytes: Vec<u8>) -> io::Result<String> {
    let utf_16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|it| unit(*it));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| rest.is_empty()).ok_or_else(|| invalid("UTF-16"))
    };
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            String::from_utf8(rest.to_vec()).map_err(|_| invalid("UTF-8"))
        }
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes).map_err(|_| invalid("UTF-8")),
    }
}

fn invalid(encoding: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it is no valid {encoding}"))
}

#[cfg(test)]
mod tests;
