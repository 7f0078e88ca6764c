//! The store with a real server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use eyot_testkit::{RedisServer, check_store};

use super::RedisStore;
use crate::{Address, RedisOptions};

#[test]
fn every_promise_is_kept_by_one_server() {
    let Some(server) = RedisServer::start() else { return };
    let count = AtomicU32::new(0);
    check_store(&|limits| {
        let prefix = format!("test:{}:", count.fetch_add(1, Ordering::Relaxed));
        let options = RedisOptions { limits, prefix, ..RedisOptions::default() };
        let address = Address::parse(&server.url()).unwrap();
        Arc::new(RedisStore::open(&address, options).unwrap())
    });
}
