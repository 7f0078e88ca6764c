//! Modern clients before a legacy upstream.
//!
//! What the messages become is `eyot_era::modern_to_legacy`'s matter; here is what carries them. Upstream
//! sessions come from a [`pool`], each driven by one task ([`driver`]) that hears what belongs to
//! no call. A call ([`call`]) is polled inside its client's reply ([`attempt`]); when the upstream
//! asks, it is left at rest ([`park`]) until its client comes with the answers.

mod affinity;
mod ask;
mod attempt;
mod bridge;
mod call;
mod driver;
mod hub;
mod listen;
mod mirrors;
mod park;
mod pool;
mod record;
mod resume;
mod sealed;
mod session;
mod tasks;

pub use self::affinity::Affinity;
pub use self::ask::Ask;
pub use self::bridge::Bridge;
pub use self::mirrors::{Mirrors, mirrors_some};
