//! Finding the era of a server: how long what was found holds.
//!
//! "The era determination is a property of the server, not of an individual request" (2026-07-28,
//! basic/versioning, Backward Compatibility with Initialization-Based Versions). An [`EraCache`]
//! keeps what was found of an upstream for a bounded time, unless its era is pinned.

mod cache;
mod known;
mod mode;

pub use self::cache::{ERA_TTL, EraCache, RECHECK_PAUSE};
pub use self::known::KnownEra;
pub use self::mode::EraMode;
