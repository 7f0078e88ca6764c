//! Joins one downstream with one upstream.
//!
//! A [`Relay`] is a service like any handler: its answers come from an upstream. Messages of the
//! upstream's own era go straight through: for every legacy session it holds one upstream session,
//! and opens it again when it was lost; modern clients share one connection. Clients of the other
//! era go over `eyot-bridge`. With [`Patience`] calls wait for an upstream that cannot be reached. It knows no sockets.

mod following;
mod headerless_client;
mod headerless_server;
mod late_session;
mod listening;
mod passthrough_session;
mod patience;
mod principal_states;
mod questions;
mod relay;
mod revisions;
mod server_id;
mod stream_cursor;
mod task_ids;
mod watch;

pub use crate::patience::Patience;
pub use crate::relay::{Relay, RelayOptions};
