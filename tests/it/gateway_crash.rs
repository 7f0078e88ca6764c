//! `kill -9` of a gateway at any moment: sessions live on at each of its servers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::crash::{KILLS, Tally, client_of, resumable_upstream};
use crate::support::offering::{Gateway, at_urls, write_servers};
use crate::support::{Dice, Mortal, Session, sessions_of_crashes, within};

/// The name of the one tool that each server has, as clients see it.
const TOOLS: [&str; 3] = ["one_stream", "three_stream", "two_stream"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_of_a_gateway_loses_nothing_at_any_of_its_servers() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.db");
    let mut upstreams = Vec::new();
    for name in ["one", "two", "three"] {
        upstreams.push((name, resumable_upstream().await));
    }
    let urls: Vec<_> = upstreams.iter().map(|(name, (it, _))| (*name, it.url())).collect();
    write_servers(&folder.path().join(".mcp.json"), &at_urls(&urls));
    let args = Gateway::words(folder.path(), &[]);
    let gateway = Mortal::born(&store, &args).await;
    let (sessions, tally) = (sessions_of_crashes(50), Arc::new(Tally::default()));
    let mut clients = JoinSet::new();
    for number in 0..sessions {
        let session = Session::open(gateway.address, "2025-11-25").await;
        clients.spawn(client_of(&TOOLS, session, number, gateway.lives(), Arc::clone(&tally)));
    }
    let gateway = gateway.kill(KILLS, &mut Dice(0x6A7E_3A1F), Duration::from_millis(400)).await;
    while let Some(ended) = within("the last answers", clients.join_next()).await {
        ended.expect("no client fails");
    }
    assert!(tally.answered.load(Ordering::Relaxed) >= sessions, "{tally:?}");
    assert!(tally.survived.load(Ordering::Relaxed) >= sessions, "{tally:?}");
    for (name, (_, ledger)) in &upstreams {
        assert!(ledger.resumed() > 0, "no call at {name} was resumed: {ledger:?}");
        assert_eq!(ledger.executed_twice(), Vec::<String>::new(), "{name}");
    }
    gateway.end().await;
}
