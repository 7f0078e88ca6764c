//! Small things that the standard library lacks: secrets, random ids, reports of the impossible.
//!
//! **Invariant:** this crate knows nothing of the protocol, reads no clock and does no I/O; its one
//! source of surprise is the system's random generator.
//!
//! - [`Secret`]: a value that no log and no error can show.
//! - [`random_bytes`], [`random_token`]: ids that cannot be guessed.
//! - [`shown_url`]: what of a URL they can show.
//! - [`keyed_digest`]: a digest that tells nothing without its key.
//! - [`SealKeys`]: seals texts that a stranger keeps and can neither read nor change.
//! - [`Quota`]: how much may be kept for others, in all and for each principal.
//! - [`PacedKeys`], [`RunningKeys`]: how often something may happen, and how many may run, by key.
//! - [`UseOrder`]: which of many things was used least lately.
//! - [`Backoff`]: how long to wait before the next attempt.
//! - [`parse_duration`]: a time as people write it.
//! - [`iso8601`]: a point in time in the form of the protocol.
//! - [`never!`]: reports loudly that the impossible happened, and goes on.

mod backoff;
mod digest;
mod duration;
mod keys;
mod never;
mod quota;
mod random;
mod seal;
mod secret;
mod shown_url;
mod timestamp;
mod use_order;

pub use crate::backoff::Backoff;
pub use crate::digest::keyed_digest;
pub use crate::duration::parse_duration;
pub use crate::keys::{Pace, PacedKeys, RunningKeys};
#[doc(hidden)]
pub use crate::never::report_impossible;
pub use crate::quota::{
    Quota, QuotaFull, QuotaLimits, QuotaPermit, QuotaScope, QuotaUnit, QuotaUsage, WeakQuota,
};
pub use crate::random::{random_bytes, random_token};
pub use crate::seal::SealKeys;
pub use crate::secret::{Secret, ct_eq};
pub use crate::shown_url::shown_url;
pub use crate::timestamp::iso8601;
pub use crate::use_order::{ThingNo, UseOrder};
