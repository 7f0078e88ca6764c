//! One session as a state machine, its stored form, and the traits of its stores.
//!
//! **Invariant:** this crate does no I/O, reads no clock and spawns nothing. Bytes and
//! time come in as arguments; the drivers in `eyot-server` and the engines in
//! `eyot-store-*` do the rest.

mod cursor;
mod error;
mod future;
mod id;
mod items;
mod leases;
mod parked;
mod record;
mod session;
mod store;
mod upstream;

pub use crate::cursor::{UpstreamCursor, UpstreamCursors};
pub use crate::error::StoreError;
pub use crate::future::StoreFuture;
pub use crate::id::{
    EventId, EventIdText, Fence, InvalidEventId, NodeId, Position, SessionId, StreamNo,
};
pub use crate::items::{ItemChange, OpenQuestion, SessionItems};
pub use crate::leases::{Leases, NodeLease};
pub use crate::parked::{ParkedCall, ParkedCalls};
pub use crate::record::{RECORD_VERSION, SessionRecord, SessionState};
pub use crate::session::{Limits, Phase, SessionError, SessionMachine};
pub use crate::store::{
    Claimant, Claimed, Event, EventLog, LogLimits, NewEvent, Page, Sessions, Store, StreamEnd,
    StreamKind, StreamRecord, StreamWrite, WrittenStream,
};
pub use crate::upstream::{UpstreamName, UpstreamRef, Upstreams};
