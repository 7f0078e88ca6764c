//! Small things that the standard library lacks: secrets, random ids, reports of the impossible.
//!
//! **Invariant:** this crate knows nothing of the protocol, reads no clock and does no I/O; its one
//! source of surprise is the system's random generator.
//!
//! - [`Secret`]: a value that no log and no error can show.
//! - [`random_bytes`], [`random_token`]: ids that cannot be guessed.
//! - [`SealKeys`]: seals texts that a stranger keeps and can neither read nor change.
//! - [`Quota`]: how much may be kept for others, in all and for each principal.
//! - [`Backoff`]: how long to wait before the next attempt.
//! - [`iso8601`]: a point in time in the form of the protocol.
//! - [`never!`]: reports loudly that the impossible happened, and goes on.

mod backoff;
mod never;
mod quota;
mod random;
mod seal;
mod secret;
mod timestamp;

pub use crate::backoff::Backoff;
#[doc(hidden)]
pub use crate::never::report_impossible;
pub use crate::quota::{
    Quota, QuotaFull, QuotaLimits, QuotaPermit, QuotaScope, QuotaUnit, QuotaUsage, WeakQuota,
};
pub use crate::random::{random_bytes, random_token};
pub use crate::seal::SealKeys;
pub use crate::secret::{Secret, ct_eq};
pub use crate::timestamp::iso8601;
