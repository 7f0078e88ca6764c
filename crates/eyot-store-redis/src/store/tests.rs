//! The store with real servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use eyot_session::{EventLog as _, Sessions as _, Store, StoreError};
use eyot_testkit::samples::{
    CALL, FENCE, START, call_stream, done, numbered_events, opened, record, session_id,
};
use eyot_testkit::{RedisCluster, RedisSentinel, RedisServer, block_on, check_store};

use super::RedisStore;
use crate::{Address, Durability, RedisOptions, ServerDurability};

fn open(url: &str, options: RedisOptions) -> RedisStore {
    RedisStore::open(&Address::parse(url).unwrap(), options).unwrap()
}

fn check_every_promise(url: &str, options: &RedisOptions) {
    let count = AtomicU32::new(0);
    check_store(&|limits| {
        let prefix = format!("test:{}:", count.fetch_add(1, Ordering::Relaxed));
        Arc::new(open(url, RedisOptions { limits, prefix, ..options.clone() }))
    });
}

/// A server that is busy with tests of others needs more than the default.
fn patient() -> RedisOptions {
    RedisOptions { timeout: Duration::from_secs(10), ..RedisOptions::default() }
}

#[test]
fn every_promise_is_kept_by_one_server() {
    let Some(server) = RedisServer::start() else { return };
    check_every_promise(&server.url(), &patient());
}

#[test]
fn every_promise_is_kept_where_functions_are_not_allowed() {
    let settings = ["--rename-command", "FUNCTION", ""];
    let Some(server) = RedisServer::start_with(&settings) else { return };
    check_every_promise(&server.url(), &patient());
}

#[test]
fn every_promise_is_kept_by_a_cluster() {
    let Some(cluster) = RedisCluster::start() else { return };
    check_every_promise(&cluster.url(), &patient());
}

#[test]
fn what_the_server_promises_is_read_from_it() {
    let always = ["--appendfsync", "always"];
    let cases: [(&[&str], ServerDurability); 3] = [
        (&[], ServerDurability::EverySecond),
        (&always, ServerDurability::Always),
        (&["--appendonly", "no"], ServerDurability::Snapshots),
    ];
    for (settings, expected) in cases {
        let Some(server) = RedisServer::start_with(settings) else { return };
        assert_eq!(open(&server.url(), patient()).server_durability(), Some(expected));
    }
}

#[test]
fn a_write_that_no_replica_confirms_is_an_error() {
    let Some(server) = RedisServer::start() else { return };
    let durability = Durability::Replicas(1);
    let store = open(&server.url(), RedisOptions { durability, ..RedisOptions::default() });
    let created = block_on(store.create(record(&session_id("alone"))));
    assert!(matches!(created, Err(StoreError::Unavailable { .. })), "{created:?}");
    assert_eq!(done(store.load(session_id("unknown"), 0)), None, "reads need no replica");
}

/// Waits until the store can be used, for as long as its pauses are.
fn wait_for_health(store: &RedisStore) {
    let start = Instant::now();
    while store.health().is_err() {
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", store.health());
        std::thread::yield_now();
    }
}

#[test]
fn a_store_whose_server_comes_back_goes_on_with_what_was_there() {
    let Some(mut server) = RedisServer::start_with(&["--appendfsync", "always"]) else { return };
    let store = open(&server.url(), patient());
    let id = opened(&store, "kept");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(3)));
    server.kill();
    while store.health().is_ok() {
        // The first to ask learns of it.
        drop(block_on(store.load(id.clone(), 0)));
    }
    let asked = Instant::now();
    let refused = block_on(store.append(id.clone(), FENCE, CALL, Vec::new()));
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert!(asked.elapsed() < Duration::from_millis(250), "a refusal waits for nothing");
    server.restart();
    wait_for_health(&store);
    let page = done(store.read(id, CALL, START, 9));
    assert_eq!(page.events, numbered_events(3));
}

#[test]
fn a_replica_that_becomes_the_primary_has_what_was_promised_by_a_quorum() {
    let Some(mut servers) = RedisSentinel::start() else { return };
    let options = RedisOptions { durability: Durability::Replicas(1), ..patient() };
    let store = open(&servers.url(), options);
    let id = opened(&store, "promoted");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(3)));
    servers.primary().kill();
    while store.health().is_ok() {
        drop(block_on(store.load(id.clone(), 0)));
    }
    wait_for_health(&store);
    let page = done(store.read(id.clone(), CALL, START, 9));
    assert_eq!(page.events, numbered_events(3));
    // There is no other replica now: what is written is no promise, and that is said.
    let alone = block_on(store.append(id, FENCE, CALL, Vec::new()));
    assert!(matches!(alone, Err(StoreError::Unavailable { .. })), "{alone:?}");
}

#[test]
fn a_server_that_hangs_is_given_up_and_used_again() {
    let Some(server) = RedisServer::start() else { return };
    let store = open(&server.url(), RedisOptions::default());
    let id = opened(&store, "hanging");
    assert_eq!(server.ask("CLIENT PAUSE 1500 ALL"), "+OK");
    let refused = block_on(store.append(id.clone(), FENCE, CALL, numbered_events(1)));
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    wait_for_health(&store);
    done(store.open(id, FENCE, call_stream(CALL)));
}

#[test]
fn a_server_that_is_away_at_first_is_no_error() {
    let Some(mut server) = RedisServer::start() else { return };
    server.kill();
    let store = open(&server.url(), patient());
    assert!(matches!(store.health(), Err(StoreError::Unavailable { .. })));
    server.restart();
    wait_for_health(&store);
    done(store.create(record(&session_id("late"))));
}

#[test]
fn stores_of_different_prefixes_know_nothing_of_each_other() {
    let Some(server) = RedisServer::start() else { return };
    let named = |prefix: &str| RedisOptions { prefix: prefix.to_owned(), ..patient() };
    let (one, other) = (open(&server.url(), named("a:")), open(&server.url(), named("b:")));
    done(one.create(record(&session_id("mine"))));
    assert_eq!(done(other.load(session_id("mine"), 0)), None);
    assert_eq!(done(other.list(None, 9)), []);
    let (key, same) = (done(one.seal_key()), done(open(&server.url(), named("a:")).seal_key()));
    assert!(key.ct_eq(same.expose()));
    assert!(!key.ct_eq(done(other.seal_key()).expose()));
}

#[test]
fn nothing_is_left_on_the_server_when_all_has_ended() {
    let Some(server) = RedisServer::start() else { return };
    let store = open(&server.url(), patient());
    let id = opened(&store, "gone");
    done(store.append(id.clone(), FENCE, CALL, numbered_events(3)));
    assert!(done(store.remove(id)));
    let other = opened(&store, "swept");
    done(store.append(other, FENCE, CALL, numbered_events(3)));
    assert_eq!(done(store.sweep(u64::MAX >> 12, 9)).len(), 1);
    done(store.shutdown());
    assert_eq!(server.ask("DBSIZE"), ":0");
}
