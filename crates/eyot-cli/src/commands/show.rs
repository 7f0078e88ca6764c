//! Shows people what a server sent.

use eyot::Message;
use eyot::types::{ContentBlock, ResourceContents};
use serde_json::Number;

use crate::writer;

/// Prints the result of an answer as it came, as one line of JSON.
pub(super) fn answer(answer: &Message) -> anyhow::Result<()> {
    Ok(writer::print_json_text(answer.result().unwrap_or_default())?)
}

/// A JSON text with a line for each value. The values stay as they are written.
pub(super) fn pretty(json: &str) -> String {
    let mut pretty = String::with_capacity(json.len() * 2);
    let mut text = InText::default();
    let (mut depth, mut is_behind_open) = (0_usize, false);
    for character in json.chars() {
        let is_text = text.holds(character);
        if !is_text && character.is_ascii_whitespace() {
            continue;
        }
        let is_open = !is_text && matches!(character, '{' | '[');
        let is_close = !is_text && matches!(character, '}' | ']');
        depth = depth.saturating_sub(is_close.into());
        // An empty object or array stays on its line.
        if is_close != is_behind_open {
            new_line(&mut pretty, depth);
        }
        depth += usize::from(is_open);
        is_behind_open = is_open;
        pretty.push(character);
        match character {
            ':' if !is_text => pretty.push(' '),
            ',' if !is_text => new_line(&mut pretty, depth),
            _ => {}
        }
    }
    pretty
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Follows a JSON text, and knows which of its characters stand in strings.
#[derive(Default)]
struct InText {
    is_open: bool,
    is_escaped: bool,
}

impl InText {
    /// Whether the next character is in a string, or one of its quotation marks.
    fn holds(&mut self, character: char) -> bool {
        if !self.is_open {
            self.is_open = character == '"';
            return self.is_open;
        }
        match character {
            _ if self.is_escaped => self.is_escaped = false,
            '\\' => self.is_escaped = true,
            '"' => self.is_open = false,
            _ => {}
        }
        true
    }
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

#[cfg(test)]
mod tests;
