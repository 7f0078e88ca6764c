//! Modern clients before a legacy upstream.
//!
//! What the messages become is `eyot_era::modern_to_legacy`'s matter; here is what carries them. Upstream
//! sessions come from a [`pool`], each driven by one task ([`driver`]) that hears what belongs to
//! no call. A call ([`call`]) is polled inside its client's reply ([`reply`]); when the upstream
//! asks, its driver ([`parked`]) does what the call's machine wants done, until its last word.

mod affinity;
mod bridge;
mod call;
mod driver;
mod guard;
mod inner;
mod listen;
mod modern_request;
mod param_headers;
mod parked;
mod pool;
mod record;
mod reply;
mod resume;
mod sealed;
mod session;
mod session_router;
mod shared;
mod tasks;

pub use self::affinity::Affinity;
pub use self::bridge::ModernToLegacy;
pub use self::modern_request::ModernRequest;
pub use self::param_headers::ParamHeaders;
