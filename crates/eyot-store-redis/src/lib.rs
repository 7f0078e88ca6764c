//! Sessions and events in Redis or Valkey (7.0 and later), for any number of processes.
//!
//! **Invariant:** an answer that reports a write is given after the server has said that it is done. What
//! belongs to one session, or to one parked call, changes by one script over keys of one slot, all or
//! nothing.
//!
//! - [`RedisStore`]: the store.
//! - [`Address`]: where the server is: one, sentinels, or a cluster.
//! - [`ServerDurability`]: what is left of writes when the server itself ends.
//!
//! One thread owns one connection. Callers talk to it through a bounded queue; no runtime of theirs is
//! needed. What is done beside the data stands in `library.lua`, the names of keys in `keys.rs`.
//!
//! # Cancel safety
//!
//! A method hands its work over when it is called. Dropping the returned future gives up the answer, not
//! the work; of a sweep and of a list it gives up what has not begun.

mod address;
mod driver;
mod failure;
mod index;
mod intake;
mod keys;
mod leases;
mod library;
mod link;
mod operation;
mod options;
mod server;
mod sessions;
mod shared;
mod store;
mod streams;
mod values;

pub use crate::address::Address;
pub use crate::options::{Durability, RedisOptions};
pub use crate::server::ServerDurability;
pub use crate::store::RedisStore;
