//! The dated revisions of the protocol and what sets them apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Era;

/// One dated protocol version, ordered by date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Revision {
    /// The first revision; HTTP+SSE with two endpoints.
    V2024_11_05,
    /// Streamable HTTP, and the only revision with batches.
    V2025_03_26,
    /// Elicitation, structured content and the version header.
    V2025_06_18,
    /// Priming events, tasks and URL elicitation: the last one with sessions.
    V2025_11_25,
    /// No sessions: metadata in every request, multi round-trip requests.
    V2026_07_28,
}

/// A text that is not the date of a revision known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol revision {text:?}")]
pub struct UnknownRevision {
    /// The text as it was given.
    pub text: String,
}

impl Revision {
    /// The last legacy revision, which is offered to a legacy client that asks for an unknown one.
    pub const LATEST_LEGACY: Self = Self::V2025_11_25;

    /// The first and so far only modern revision.
    pub const MODERN: Self = Self::V2026_07_28;

    /// The legacy revisions, the preferred one first.
    pub const LEGACY: &'static [Self] =
        &[Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26, Self::V2024_11_05];

    /// All revisions, the preferred one first.
    pub const SUPPORTED: &'static [Self] = &[
        Self::V2026_07_28,
        Self::V2025_11_25,
        Self::V2025_06_18,
        Self::V2025_03_26,
        Self::V2024_11_05,
    ];

    /// The revision of that date. `None`: no revision known here has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::SUPPORTED.iter().copied().find(|revision| revision.as_str() == text)
    }

    /// The date, as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The era of the peers that speak this revision.
    #[must_use]
    pub const fn era(self) -> Era {
        match self {
            Self::V2024_11_05 | Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => {
                Era::Legacy
            }
            Self::V2026_07_28 => Era::Modern,
        }
    }

    /// The revisions of an era, the preferred one first.
    #[must_use]
    pub const fn of_era(era: Era) -> &'static [Self] {
        match era {
            Era::Legacy => Self::LEGACY,
            Era::Modern => &[Self::MODERN],
        }
    }

    /// The revision that answers a legacy client's `initialize`.
    ///
    /// "If the server supports the requested protocol version, it MUST respond with the same
    /// version. Otherwise, the server MUST respond with another protocol version it supports. This
    /// SHOULD be the latest version" (2025-11-25, basic/lifecycle). A modern revision cannot be
    /// reached through `initialize`, so it counts as unsupported.
    #[must_use]
    pub fn negotiate(requested: &str) -> Self {
        Self::parse(requested)
            .filter(|revision| revision.era() == Era::Legacy)
            .unwrap_or(Self::LATEST_LEGACY)
    }

    /// Whether a peer may send several messages in one JSON array: in 2025-03-26 only.
    #[must_use]
    pub const fn has_batches(self) -> bool {
        matches!(self, Self::V2025_03_26)
    }

    /// Whether a client understands the priming event, which has an id and empty data: legacy
    /// clients from 2025-11-25 on. Older clients fail on empty data, and modern streams cannot be
    /// resumed, so the id is of no use there; ask [`era`](Self::era), too.
    #[must_use]
    pub fn has_priming(self) -> bool {
        self >= Self::V2025_11_25
    }

    /// Whether HTTP requests carry the `MCP-Protocol-Version` header: from 2025-06-18 on.
    #[must_use]
    pub fn has_version_header(self) -> bool {
        self >= Self::V2025_06_18
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Revision {
    type Err = UnknownRevision;

    fn from_str(text: &str) -> Result<Self, UnknownRevision> {
        Self::parse(text).ok_or_else(|| UnknownRevision { text: text.to_owned() })
    }
}

impl Serialize for Revision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Revision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
