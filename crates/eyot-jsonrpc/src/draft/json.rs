//! JSON of our own that goes into messages of others.

use std::fmt;

use bytestring::ByteString;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::draft::proof::Proof;
use crate::envelope::MemberSpans;
use crate::scan::Scan;
use crate::scan::limits::ScanLimits;
use crate::walker::nesting::DEPTH_CEILING;

/// A JSON value of which it is known that the scan accepts it, wherever it is put into a message:
/// see [`Changes`](crate::Changes). Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Json {
    text: ByteString,
    is_single_line: bool,
}

impl Json {
    /// The value in JSON; `None` when it does not serialise, or to text that the scan refuses.
    pub fn of(value: &impl Serialize) -> Option<Self> {
        let mut text = Vec::new();
        let proof = Proof::write_below(OUTSIDE, &mut text, value)?;
        let text = ByteString::try_from(text).ok()?;
        Some(Self { text, is_single_line: proof.is_single_line })
    }

    /// The value of this JSON text; `None` when the scan refuses it.
    pub fn parse(text: &str) -> Option<Self> {
        let scanned = scan_value(text)?;
        Some(Self { text: text.into(), is_single_line: scanned.is_single_line })
    }

    /// A constant of the protocol, which is JSON of one line.
    pub fn constant(text: &'static str) -> Self {
        debug_assert!(Self::parse(text).is_some_and(|it| it.is_single_line), "{text}");
        Self { text: ByteString::from_static(text), is_single_line: true }
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) const fn text(&self) -> &ByteString {
        &self.text
    }

    pub(crate) const fn is_single_line(&self) -> bool {
        self.is_single_line
    }
}

/// What the scan finds in a value; `None` when it refuses it, wherever it might stand.
pub(crate) fn scan_value(text: &str) -> Option<MemberSpans> {
    u32::try_from(text.len()).ok()?;
    let limits = ScanLimits { depth_max: DEPTH_CEILING - OUTSIDE, ..ScanLimits::OWN };
    Scan::of_text(text, 0, &limits).part(Scan::result).ok()
}

/// Objects around a value: the message, `params` or `result`, and `_meta`.
const OUTSIDE: usize = 3;

/// Shows nothing of the value: it may be anything.
impl fmt::Debug for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Json").field("len", &self.text.len()).finish_non_exhaustive()
    }
}

/// Written as it is.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.text).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
