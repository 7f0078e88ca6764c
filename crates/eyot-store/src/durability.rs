//! What an acknowledged write survives.

use std::str::FromStr;

/// What an acknowledged write survives. Not each engine has each: see [`StoreUrl::open`](crate::StoreUrl::open).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The end of this process. SQLite: the operating system has it. Redis: its primary has applied it.
    Sync,
    /// The end of the machine, or of the primary. SQLite: it is on the disk. Redis: a replica has it as well.
    Quorum,
}

/// The word names no durability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `sync` or `quorum`")]
pub struct InvalidDurability;

impl FromStr for Durability {
    type Err = InvalidDurability;

    fn from_str(text: &str) -> Result<Self, InvalidDurability> {
        match text {
            "sync" => Ok(Self::Sync),
            "quorum" => Ok(Self::Quorum),
            _ => Err(InvalidDurability),
        }
    }
}
