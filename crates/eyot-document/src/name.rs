//! Names of a text in messages.

/// A name of the file as a message may show it: whole, unless it is very long.
#[must_use]
pub fn shown_name(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// Characters of a name in a message.
const NAME_CHARS_MAX: usize = 64;
