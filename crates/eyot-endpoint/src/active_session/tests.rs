//! Subscriptions stay within their bounds, and give back what they do not need.

use std::sync::Arc;

use eyot_session::{Fence, LogLimits, SessionId, SessionState, Store};
use eyot_store_memory::MemoryStore;

use eyot_service::{Limits, SessionHandle, SharedTotal, TotalQuota};

/// A session of a principal that may keep as many bytes as the limits say.
fn session(limits: &Limits) -> (Arc<SessionHandle>, TotalQuota) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(LogLimits::default()));
    let id = SessionId::parse("session-of-a-test").unwrap();
    let quota = TotalQuota::new(SharedTotal::Sessions, limits);
    let handle = SessionHandle::new(id, None, Fence(1), SessionState::default(), store);
    handle.keep_place(quota.acquire(None, 0).unwrap());
    (Arc::new(handle), quota)
}

fn limits() -> Limits {
    let mut limits = Limits::default().of_one_principal();
    limits.sessions.subscriptions_max = 2;
    limits.sessions.uri_bytes_max = 10;
    limits.sessions.state_bytes_max = 15;
    limits
}

#[track_caller]
fn refused(session: &Arc<SessionHandle>, uri: &str, limits: &Limits) -> String {
    let refusal = session.begin_subscribing(uri, &limits.sessions).unwrap_err();
    refusal.data.unwrap()["limit"].as_str().unwrap().to_owned()
}

#[test]
fn each_bound_of_a_subscription_is_named_when_it_is_reached() {
    let limits = limits();
    let (session, quota) = session(&limits);
    assert_eq!(refused(&session, "eleven:long", &limits), "uri");
    let first = session.begin_subscribing("file:///a", &limits.sessions).unwrap();
    assert_eq!(refused(&session, "file:///b", &limits), "sessions", "nine bytes and nine");
    let second = session.begin_subscribing("a:b", &limits.sessions).unwrap();
    assert_eq!(refused(&session, "c:d", &limits), "subscriptions of one session");
    assert_eq!(quota.usage().bytes, 12);
    drop((first, second));
    assert_eq!(quota.usage().bytes, 0);
}

#[test]
fn a_second_subscription_to_one_uri_takes_no_room_and_gives_none_back() {
    let limits = limits();
    let (session, quota) = session(&limits);
    let first = session.begin_subscribing("file:///a", &limits.sessions).unwrap();
    let second = session.begin_subscribing("file:///a", &limits.sessions).unwrap();
    drop(second);
    assert!(session.look(|state| state.items.is_subscribed("file:///a")));
    assert_eq!(quota.usage().bytes, 9);
    drop(first);
    assert!(!session.look(|state| state.items.is_subscribed("file:///a")));
}
