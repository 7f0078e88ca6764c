//! Upstreams: connections to servers of either era, over HTTP, child processes, streams and in
//! process.
//!
//! A [`LegacyConnection`] is one upstream session; a [`ModernConnection`] needs none. Both give
//! every request a new id of their own and put the caller's id back into its answer: ids of
//! clients are never trusted. This crate knows no downstream and no store.

mod call_clock;
mod cancelled;
mod children;
pub mod clock;
mod driver;
mod era_cache;
mod event_stream;
mod http_legacy;
mod http_link;
mod http_modern;
mod http_response;
pub mod initialize;
mod knock;
mod known_lists;
mod known_tools;
mod legacy;
mod legacy_link;
mod lines;
mod modern;
mod modern_side;
mod param_headers;
mod probe;
mod reading;
mod running_calls;
mod subscription;
mod target;
mod task_quota;
mod unreadable;
mod upstream;
mod upstream_ids;

pub use eyot_auth::{AccessToken, StaticToken, TokenError, TokenFuture, TokenProvider};
pub use eyot_era::detect::EraMode;

pub use crate::call_clock::{CallClock, CallTimer};
pub use crate::children::{Children, HoldChildren};
pub use crate::driver::spawn;
pub use crate::era_cache::SharedEraCache;
pub use crate::http_legacy::ResumedSession;
pub use crate::http_link::{HttpLink, Transport};
pub use crate::knock::knock;
pub use crate::known_lists::{Audience, KnownLists, KnownPage, List};
pub use crate::known_tools::KnownTools;
pub use crate::legacy::{Cancellation, LegacyConnection, LegacySource, Opened};
pub use crate::lines::{LineConnection, LineDriver};
pub use crate::modern::{ModernConnection, Sender};
pub use crate::modern_side::ModernSide;
pub use crate::param_headers::param_headers;
pub use crate::probe::{EraFound, probe_modern};
pub use crate::target::{IntoTarget, OpenStream, Runtime, Target, TargetError, TargetName};
pub use crate::task_quota::TaskQuota;
pub use crate::upstream::Upstream;
