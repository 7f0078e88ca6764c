//! Modern clients before a legacy upstream.
//!
//! What a message becomes is said by `eyot_era::modern_to_legacy`; here is the rest. Upstream
//! sessions come from a [`pool`]. Each has one task ([`driver`]), which reads the session's own
//! stream, and a router ([`session_router`]) for what comes on it. A call ([`call`]) is polled inside
//! its client's reply ([`reply`]). When the upstream asks, the call is parked ([`parked`]): from then
//! on its driver does the actions of the call's machine.

mod affinity;
mod bridge;
mod call;
mod driver;
mod guard;
mod inner;
mod known_capabilities;
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
pub use self::known_capabilities::KnownCapabilities;
pub use self::modern_request::ModernRequest;
pub use self::param_headers::ParamHeaders;
