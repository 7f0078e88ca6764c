//! Sessions and events in SQLite: one writer thread, natural group commit.
//!
//! **Invariant:** an answer that reports a write is given after the transaction has committed,
//! never before; a row that differs from what was written is never delivered.
//!
//! Threads: one owns the connection that writes, a few others own one connection each that reads.
//! Callers talk to them through bounded queues; no runtime is needed.
//!
//! # Cancel safety
//!
//! A method hands its work over when it is called. Dropping the returned future gives up the
//! answer, not the work.

mod checksum;
mod connection;
mod failure;
mod files;
mod free_pages;
mod health;
mod intake;
mod items;
mod known;
mod leases;
mod number;
mod options;
mod owned;
mod parked;
mod readers;
mod rights;
mod schema;
mod sessions;
mod statements;
mod store;
mod streams;
mod tables;
mod write;
mod writer;

pub use crate::options::{Durability, SqliteOptions};
pub use crate::store::SqliteStore;
