//! Names of sessions, nodes, streams and events.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A legacy session's id: 1 to [`SessionId::BYTES_MAX`] visible ASCII characters.
///
/// "The session ID MUST only contain visible ASCII characters (ranging from 0x21 to
/// 0x7E)" (2025-11-25, basic/transports, Session Management 1).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// The length of the longest id that is looked up; longer ones are unknown by definition.
    pub const BYTES_MAX: usize = 128;

    /// Takes a text as an id; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_visible = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        let fits = (1..=Self::BYTES_MAX).contains(&text.len());
        (fits && is_visible).then(|| Self(text.into()))
    }

    /// The id as it is written in the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Maps are looked up by the text of a header.
impl Borrow<str> for SessionId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows only the first characters: a session id grants access to state and stays out of logs.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}…)", self.0.get(..6).unwrap_or(""))
    }
}

/// The name of one running process; a restarted process has another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// Takes a name; the caller makes it unique.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Counts the owners of a session. A write with an older fence is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fence(pub u64);

impl Fence {
    /// The fence of the next owner.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The number of a stream within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamNo(pub u32);

impl StreamNo {
    /// The stream of messages that belong to no call (the one that GET opens).
    pub const STANDALONE: Self = Self(0);
}

/// A place in one stream: everything up to and including it was seen.
///
/// Ordered by fence first: what a later owner appends comes after everything that an earlier owner
/// showed, even if the earlier owner's last events were lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The owner that appended the event.
    pub fence: Fence,
    /// The event's number among that owner's events of this stream, from 1; 0 is the start.
    pub seq: u64,
}

/// The id of an event as clients see it: `<stream>.<fence>.<seq>` in base 36.
///
/// It names its stream, as 2025-11-25 wants ("SHOULD encode sufficient information to
/// identify the originating stream"), and is unique in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The stream that the event belongs to.
    pub stream: StreamNo,
    /// The event's place in it.
    pub position: Position,
}

impl EventId {
    /// The id as it is written to clients. One is made for each event: no formatter, no memory.
    #[must_use]
    pub fn text(self) -> EventIdText {
        let mut text = EventIdText { bytes: [b'.'; TEXT_BYTES_MAX], start: TEXT_BYTES_MAX };
        text.prepend_base36(self.position.seq);
        text.start -= 1;
        text.prepend_base36(self.position.fence.0);
        text.start -= 1;
        text.prepend_base36(self.stream.0.into());
        text
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

/// The text of an [`EventId`].
#[derive(Clone, Copy, Debug)]
pub struct EventIdText {
    /// Filled from the end; dots where nothing was written.
    bytes: [u8; TEXT_BYTES_MAX],
    start: usize,
}

/// 36^7 exceeds 2^32, and 36^13 exceeds 2^64; between the numbers are two dots.
const TEXT_BYTES_MAX: usize = 7 + 13 + 13 + 2;

impl EventIdText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(self.start..).map(std::str::from_utf8);
        text.and_then(Result::ok).unwrap_or_default()
    }

    fn prepend_base36(&mut self, mut value: u64) {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        loop {
            let digit = usize::try_from(value % 36).ok().and_then(|it| DIGITS.get(it));
            self.start -= 1;
            if let (Some(slot), Some(digit)) = (self.bytes.get_mut(self.start), digit) {
                *slot = *digit;
            }
            value /= 36;
            if value == 0 {
                return;
            }
        }
    }
}

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, InvalidEventId> {
        let mut parts = text.split('.').map(parse_base36);
        let mut next = || parts.next().flatten().ok_or(InvalidEventId);
        let stream = StreamNo(u32::try_from(next()?).map_err(|_| InvalidEventId)?);
        let position = Position { fence: Fence(next()?), seq: next()? };
        if parts.next().is_some() {
            return Err(InvalidEventId);
        }
        Ok(Self { stream, position })
    }
}

/// The text is no event id of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an event id of this server")]
pub struct InvalidEventId;

/// Only the form that [`EventId::text`] has: no sign, no upper case, no leading zero.
fn parse_base36(text: &str) -> Option<u64> {
    let is_ours = text.bytes().all(|it| it.is_ascii_digit() || it.is_ascii_lowercase());
    let is_short = text == "0" || !text.starts_with('0');
    (is_ours && is_short).then(|| u64::from_str_radix(text, 36).ok()).flatten()
}

#[cfg(test)]
mod tests;
