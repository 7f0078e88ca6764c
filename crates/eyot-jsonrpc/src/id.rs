//! Request ids and progress tokens, exactly as written.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::Write as _;

use bytes::Bytes;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::lexer::Lexer;
use crate::lexer::unescape::decode;

mod upstream_id;

pub use self::upstream_id::UpstreamId;

/// A request id or a progress token: the raw JSON text of an integer or a string.
///
/// It stays as written because an id must be echoed unchanged, also 18446744073709551616, which
/// most number types alter. Two ids are equal when they are written alike: `"a"` and `"\u0061"`
/// are two ids, and a peer that uses both for one call is not followed. The order is that of the
/// texts, for maps.
///
/// A short id, as nearly all are, holds its text itself. A long one that comes from a message shares
/// the message's bytes and keeps them alive; see [`Id::detached`].
#[derive(Clone)]
pub struct Id(Written);

/// The text of an id.
#[derive(Clone)]
enum Written {
    Short { len: u8, bytes: [u8; SHORT_BYTES] },
    Long(Bytes),
}

/// A UUID between its quotes is short.
const SHORT_BYTES: usize = 38;
const _: () = assert!(size_of::<Option<Id>>() <= 40, "every message has room for one");

impl Id {
    /// The id that is written `text`; `None` for other JSON, white space around it, `-0`, and
    /// numbers with a fraction or an exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lexer = Lexer::new(text, 0);
        let passed = if is_integer(text) { lexer.number() } else { lexer.string().map(drop) };
        passed.and_then(|()| lexer.finish()).ok()?;
        Some(Self::copied(text))
    }

    /// The id of an integer.
    pub fn from_number(number: u64) -> Self {
        let mut bytes = [0; SHORT_BYTES];
        let mut room = bytes.as_mut_slice();
        // The digits of every number have room.
        let len = write!(room, "{number}").map_or(0, |()| SHORT_BYTES - room.len());
        Self(Written::Short { len: u8::try_from(len).unwrap_or_default(), bytes })
    }

    /// The id of a string.
    pub fn from_text(text: &str) -> Self {
        Self::copied(&serde_json::Value::from(text).to_string())
    }

    /// The id in a text that the scan has passed, if it is short.
    pub(crate) fn short(text: &str) -> Option<Self> {
        let mut bytes = [0; SHORT_BYTES];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        let len = u8::try_from(text.len()).ok()?;
        Some(Self(Written::Short { len, bytes }))
    }

    /// The id in bytes that the scan has passed.
    pub(crate) const fn from_scanned(bytes: Bytes) -> Self {
        Self(Written::Long(bytes))
    }

    fn copied(text: &str) -> Self {
        let long = || Self::from_scanned(Bytes::copy_from_slice(text.as_bytes()));
        Self::short(text).unwrap_or_else(long)
    }

    /// The JSON text.
    pub fn as_raw(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The number of an integer from 0 to `u64::MAX`.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_raw().parse().ok()
    }

    /// The text of a string, escapes decoded.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        decode(self.as_raw())
    }

    /// A copy of its own, for one that outlives the message it came from: a megabyte of arguments
    /// should not stay for the sake of an id.
    #[must_use]
    pub fn detached(&self) -> Self {
        match &self.0 {
            Written::Short { .. } => self.clone(),
            Written::Long(bytes) => Self(Written::Long(Bytes::copy_from_slice(bytes))),
        }
    }

    /// The bytes of the JSON text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Written::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Written::Long(bytes) => bytes,
        }
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Id {}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_raw())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Id({self})")
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.as_raw()).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// Exact, and for that reason only from JSON itself: not inside of untagged enums and flattened
/// structs, where serde has turned numbers into doubles already.
impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).ok_or_else(|| D::Error::custom("id is not a string or an integer"))
    }
}

/// Whether a scanned value can be an id.
pub(crate) fn is_id(raw: &str) -> bool {
    raw.starts_with('"') || is_integer(raw)
}

/// Whether a number is written as an integer, and as the only spelling of it.
fn is_integer(raw: &str) -> bool {
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    raw != "-0" && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
