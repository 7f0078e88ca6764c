//! Sessions and events in memory: for tests, and for programs that need not keep them.
//!
//! **Invariant:** this crate does no I/O, reads no clock and spawns nothing; every future that it
//! returns is ready. Its data ends with the process.

mod compact;
mod entry;
mod id_hasher;
mod lease_table;
mod parked;
mod shard;
mod store;
mod stream;
mod streams;

pub use crate::store::MemoryStore;
