//! Test support: the contract of the stores, faulty stores, scripted peers.
//!
//! **Invariant:** nothing here sleeps or retries; a fault happens when the test orders it.

mod authority;
mod block_on;
mod faulty_store;
mod http_peer;
mod line_peer;
mod redis_server;
pub mod samples;
mod shared;
mod store_contract;

pub use crate::authority::{Authority, Identity};
pub use crate::block_on::block_on;
pub use crate::faulty_store::{Fault, Faults, FaultyStore};
pub use crate::http_peer::{HttpExchange, HttpPeer};
pub use crate::line_peer::{LinePeer, LinePeers};
pub use crate::redis_server::{RedisCluster, RedisSentinel, RedisServer};
pub use crate::shared::{read_json, shared};
pub use crate::store_contract::{MakeStore, check_store};
