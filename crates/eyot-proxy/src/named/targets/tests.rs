//! What is kept of upstreams that clients name, and for how long.

use std::sync::Arc;

use eyot_service::{FaultKind, Peer, Principal};
use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;
use eyot_types::Era;
use http::Uri;
use tokio_util::sync::CancellationToken;

use super::{ForwardConfig, Targets};
use crate::config::ProxyConfig;
use crate::named::AllowList;

/// Room for four upstreams, of which one principal may have two.
fn targets() -> Targets {
    let mut config = ProxyConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
    config.endpoint.limits.upstream.targets_max = 4;
    config.endpoint.limits.principal_parts = 2;
    let allow = AllowList::new(["https://*.example.com/*".parse().unwrap()]);
    let (mut relays, _) = config.into_relays(CancellationToken::new());
    // Clients have names here, although no key is asked for.
    let mut limits = *relays.runtime.limits;
    limits.principal_parts = 2;
    relays.runtime.limits = Arc::new(limits);
    Targets::new(ForwardConfig::new(allow), relays)
}

fn peer(name: &str) -> Peer {
    let principal = Some(Principal::new(Arc::from(name)));
    Peer { principal, ..Peer::ourselves(Era::Legacy) }
}

fn uri(host: &str) -> Uri {
    format!("/to/https/{host}.example.com/mcp").parse().unwrap()
}

fn known(targets: &Targets) -> Vec<String> {
    let mut known: Vec<_> = targets.table.lock().rows.keys().map(ToString::to_string).collect();
    known.sort();
    known.iter().map(|it| it[8..9].to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn idle_upstream_of_the_principal_that_was_used_least_lately_makes_room() {
    let targets = targets();
    for host in ["a", "b", "a", "c"] {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        targets.find_named(&uri(host), &peer("ada")).await.unwrap();
    }
    assert_eq!(known(&targets), ["a", "c"]);
    targets.find_named(&uri("d"), &peer("bob")).await.unwrap();
    assert_eq!(known(&targets), ["a", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn upstream_in_use_stays_and_one_more_is_refused() {
    let targets = targets();
    let _a = targets.find_named(&uri("a"), &peer("ada")).await.unwrap();
    let _b = targets.find_named(&uri("b"), &peer("ada")).await.unwrap();
    let refused = targets.find_named(&uri("c"), &peer("ada")).await.unwrap_err();
    assert!(matches!(refused.kind, FaultKind::Overloaded { .. }), "{refused}");
    // Others have room, and what is known already is found.
    targets.find_named(&uri("c"), &peer("bob")).await.unwrap();
    targets.find_named(&uri("a"), &peer("bob")).await.unwrap();
    assert_eq!(known(&targets), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn where_all_have_their_part_any_idle_upstream_makes_room() {
    let targets = targets();
    for (host, name) in [("a", "ada"), ("b", "ada"), ("c", "bob"), ("d", "bob"), ("e", "eve")] {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        targets.find_named(&uri(host), &peer(name)).await.unwrap();
    }
    assert_eq!(known(&targets), ["b", "c", "d", "e"]);
}

#[tokio::test]
async fn nothing_is_kept_of_what_is_not_allowed() {
    let targets = targets();
    let uri = "/to/https/evil.example/mcp".parse().unwrap();
    let refused = targets.find_named(&uri, &peer("ada")).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::Forbidden);
    assert_eq!(targets.quota.usage().things, 0);
}
