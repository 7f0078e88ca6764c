//! Shows people what a server sent.

use std::borrow::Cow;
use std::io::IsTerminal as _;

use eyot::types::{ContentBlock, ResourceContents};
use serde_json::Number;

use crate::logging::print;

/// Prints a text of the server on stdout: unchanged for programs, harmless for a terminal.
pub(super) fn text(text: &str) -> std::io::Result<()> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    match std::io::stdout().is_terminal() {
        true => print(&plain(text)),
        false => print(text),
    }
}

/// Prints a JSON document on stdout.
pub(super) fn json(document: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string(document)?)?;
    Ok(())
}

/// The text without control characters: a server must not move its reader's cursor.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let is_harmless = |it: char| !it.is_control() || it == '\n' || it == '\t';
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match is_harmless(character) {
            true => plain.push(character),
            false => plain.extend(character.escape_default()),
        }
    }
    Cow::Owned(plain)
}

/// A piece of content as text; content that is no text is described.
pub(super) fn content(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(it) => it.text.clone(),
        ContentBlock::Image(it) => described("image", &it.mime_type, it.bytes()),
        ContentBlock::Audio(it) => described("audio", &it.mime_type, it.bytes()),
        ContentBlock::Resource(it) => contents(&it.resource),
        ContentBlock::ResourceLink(it) => format!("[resource {}]", it.uri),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// The contents of a resource as text.
pub(super) fn contents(contents: &ResourceContents) -> String {
    match &contents.text {
        Some(text) => text.clone(),
        None => {
            let mime_type = contents.mime_type.as_deref().unwrap_or("unknown type");
            described(&contents.uri, mime_type, contents.bytes())
        }
    }
}

fn described(what: &str, mime_type: &str, bytes: Option<Vec<u8>>) -> String {
    match bytes {
        Some(bytes) => format!("[{what}: {mime_type}, {} bytes]", bytes.len()),
        None => format!("[{what}: {mime_type}, no Base64]"),
    }
}

/// A number; a fraction of zero is left out.
pub(super) fn number(number: &Number) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// The first line of a text, for a table.
pub(super) fn first_line(text: Option<&str>) -> &str {
    text.unwrap_or_default().lines().next().unwrap_or_default()
}

/// Rows of one table: every column as wide as its widest cell.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|it| it.chars().count()).max()
    };
    let widths: Vec<_> = (0..N).map(|it| width(it).unwrap_or(0)).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
