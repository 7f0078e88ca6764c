//! Joins one downstream with one upstream, of the same era or of the other.
//!
//! A [`Relay`] is a service like any handler: its answers come from an upstream. For every
//! legacy session it holds a *dual session* at the upstream and opens it again when it was
//! lost; modern clients share one connection. A legacy client before a modern server goes over
//! the bridge. It knows no sockets: what carries the
//! messages is `eyot-client`'s matter.

mod crossing;
mod dual;
mod losses;
mod questions;
mod relay;
mod server_id;
mod task_rooms;
mod to_legacy;
mod to_modern;
mod unseen_headers;
mod watch;

pub use crate::crossing::{Crossing, has_tasks};
pub use crate::relay::{Relay, RelayOptions};
pub use crate::to_legacy::Affinity;
