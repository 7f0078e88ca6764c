//! Half surrogate pairs in the messages of an upstream.
//!
//! A text that was cut in the middle of an emoji holds one (`\ud83d`), as programs in JavaScript
//! write it. It is no Unicode, and readers differ on it (RFC 8259, 8.2), so it may stand nowhere
//! that a reader routes on. Elsewhere it passes: one cut emoji should not cost a whole result.

mod conversion;

use bytestring::ByteString;

pub use self::conversion::{keeping_lone_surrogates, replace_lone_surrogates};
use crate::lexer::unescape::decode_inner;

/// How surrogates may stand in a text, or do stand in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surrogates {
    /// In pairs only.
    Paired,
    /// Alone, too, in values that no reader routes on.
    Lone,
}

/// The place of the first half pair in a key, or in a value that is routed on. `text` is a message
/// that has passed the scan but for them.
#[cold]
pub(crate) fn misplaced(text: &str) -> Option<usize> {
    let mut levels = vec![Level { is_object: false, is_meta: false, is_opaque: false }];
    let mut next = Next::Value(Role::Plain);
    let mut at = 0;
    while let (Some(byte), Some(level)) = (text.as_bytes().get(at), levels.last().copied()) {
        match *byte {
            b'"' => {
                let inner = string_inside(text, at);
                let has_half = next_lone(inner.as_bytes(), 0).is_some();
                match next {
                    Next::Key if has_half => return Some(at),
                    Next::Value(Role::Routed) if has_half => return Some(at),
                    Next::Key => next = Next::Value(level.role_of(&decode_inner(inner))),
                    Next::Value(_) => {}
                }
                at += inner.len() + 1;
            }
            open @ (b'{' | b'[') => {
                let is_object = open == b'{';
                levels.push(level.inner(is_object, next));
                next = if is_object { Next::Key } else { Next::Value(Role::Plain) };
            }
            b'}' | b']' => drop(levels.pop()),
            b',' if level.is_object => next = Next::Key,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The same text with U+FFFD in the place of each half pair. Every part of it stays where it is:
/// both are written in six bytes.
#[cold]
pub(crate) fn repaired(text: &str) -> ByteString {
    let mut repaired = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(half) = next_lone(text.as_bytes(), at) {
        repaired.push_str(text.get(at..half).unwrap_or_default());
        repaired.push_str("\\uFFFD");
        at = half + ESCAPE_BYTES;
    }
    repaired.push_str(text.get(at..).unwrap_or_default());
    repaired.into()
}

/// An open object or array.
#[derive(Clone, Copy)]
struct Level {
    is_object: bool,
    /// It is the `_meta` of something.
    is_meta: bool,
    /// Nothing in it means anything to the protocol.
    is_opaque: bool,
}

/// What a string is that comes next.
#[derive(Clone, Copy)]
enum Next {
    Key,
    Value(Role),
}

/// What the value of a member is to those who carry it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    /// A name, an id, a place, a kind.
    Routed,
    /// Data of tools and users.
    Opaque,
    /// `arguments`: of a call they are data, of a prompt a list with names.
    Arguments,
    Meta,
}

impl Level {
    fn role_of(self, key: &str) -> Role {
        if self.is_opaque {
            return Role::Plain;
        }
        if self.is_meta {
            let is_ours = key == "progressToken" || key.starts_with("io.modelcontextprotocol/");
            return if is_ours { Role::Routed } else { Role::Opaque };
        }
        match key {
            "_meta" => Role::Meta,
            "arguments" => Role::Arguments,
            _ if ROUTED.contains(&key) => Role::Routed,
            _ if OPAQUE.contains(&key) => Role::Opaque,
            _ => Role::Plain,
        }
    }

    /// The object or array that begins as the value of a member of this level.
    fn inner(self, is_object: bool, next: Next) -> Self {
        let Next::Value(role) = next else { return self };
        let is_data = role == Role::Opaque || role == Role::Arguments && is_object;
        Self {
            is_object,
            is_meta: role == Role::Meta && is_object,
            is_opaque: self.is_opaque || is_data,
        }
    }
}

/// What stands between the quotes of the string that begins at byte `at`.
fn string_inside(text: &str, at: usize) -> &str {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end).filter(|it| **it != b'"') {
        end += if *byte == b'\\' { 2 } else { 1 };
    }
    text.get(at + 1..end).unwrap_or_default()
}

/// The place of the next half pair from byte `at` on, in a text or in a part of one.
fn next_lone(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'\\', text.get(at..)?)?;
        match unit(text, at) {
            None => at += 2,
            Some(0xD800..=0xDBFF) => match unit(text, at + ESCAPE_BYTES) {
                Some(0xDC00..=0xDFFF) => at += 2 * ESCAPE_BYTES,
                _ => return Some(at),
            },
            Some(0xDC00..=0xDFFF) => return Some(at),
            Some(_) => at += ESCAPE_BYTES,
        }
    }
}

/// The code unit that is written `\uXXXX` at byte `at`; `None` when something else is.
fn unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + ESCAPE_BYTES)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// `\uXXXX`.
const ESCAPE_BYTES: usize = 6;

/// Members whose text says where a message goes, what something is called, or which kind it is.
const ROUTED: [&str; 23] = [
    "jsonrpc",
    "id",
    "method",
    "name",
    "uri",
    "uriTemplate",
    "url",
    "websiteUrl",
    "src",
    "cursor",
    "nextCursor",
    "requestState",
    "requestId",
    "taskId",
    "elicitationId",
    "progressToken",
    "protocolVersion",
    "type",
    "resultType",
    "role",
    "status",
    "level",
    "mimeType",
];

/// Members whose content no reader routes on.
const OPAQUE: [&str; 6] =
    ["structuredContent", "data", "input", "inputSchema", "outputSchema", "experimental"];

#[cfg(test)]
mod tests;
