//! What is fresh, for whom, and until when.

use std::time::Duration;

use eyot_jsonrpc::{Id, Message, Notification};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Cache, CacheKey};
use crate::params::Params;

fn key(method: &str, params: &Value) -> CacheKey {
    CacheKey::of(method, &Params::of(params).unwrap()).unwrap()
}

fn answer(result: &Value) -> Message {
    Message::response(Id::from_number(1), result)
}

fn changed(method: &str, params: &Value) -> Notification {
    Notification::new(method, params)
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_result_is_fresh_until_its_time_has_passed() {
    let cache = Cache::new(8);
    let (key, now) = (key("tools/list", &json!({})), Instant::now());
    cache.keep(key.clone(), 0, &answer(&json!({ "ttlMs": 1000, "cacheScope": "public" })), now);
    assert!(cache.find(&key, 0, now + Duration::from_millis(999)).is_some());
    assert!(cache.find(&key, 0, now + Duration::from_millis(1000)).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_result_without_a_positive_time_is_not_kept() {
    let cache = Cache::new(8);
    let (key, now) = (key("tools/list", &json!({})), Instant::now());
    for result in [json!({}), json!({ "ttlMs": 0 }), json!({ "ttlMs": -5 })] {
        cache.keep(key.clone(), 0, &answer(&result), now);
        assert!(cache.find(&key, 0, now).is_none());
    }
    let interim = json!({ "ttlMs": 1000, "resultType": "input_required" });
    cache.keep(key.clone(), 0, &answer(&interim), now);
    assert!(cache.find(&key, 0, now).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_private_result_is_for_the_authorization_that_it_was_given_to() {
    let cache = Cache::new(8);
    let (key, now) = (key("tools/list", &json!({})), Instant::now());
    cache.keep(key.clone(), 1, &answer(&json!({ "ttlMs": 1000 })), now);
    assert!(cache.find(&key, 1, now).is_some());
    assert!(cache.find(&key, 2, now).is_none());
    cache.keep(key.clone(), 1, &answer(&json!({ "ttlMs": 1000, "cacheScope": "public" })), now);
    assert!(cache.find(&key, 2, now).is_some());
}

#[tokio::test(start_paused = true)]
async fn other_parameters_are_another_request() {
    let (cache, now) = (Cache::new(8), Instant::now());
    let first = key("tools/list", &json!({}));
    cache.keep(first, 0, &answer(&json!({ "ttlMs": 1000 })), now);
    assert!(cache.find(&key("tools/list", &json!({ "cursor": "2" })), 0, now).is_none());
    assert!(cache.find(&key("prompts/list", &json!({})), 0, now).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_notification_makes_its_list_stale_and_no_other() {
    let (cache, now) = (Cache::new(8), Instant::now());
    let keys = ["tools/list", "resources/list", "resources/templates/list"];
    let keys = keys.map(|method| key(method, &json!({})));
    for key in &keys {
        cache.keep(key.clone(), 0, &answer(&json!({ "ttlMs": 60_000 })), now);
    }
    cache.invalidate(&changed("notifications/resources/list_changed", &json!({})));
    let found = keys.map(|key| cache.find(&key, 0, now).is_some());
    assert_eq!(found, [true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn an_update_makes_the_resource_and_what_holds_it_stale() {
    let (cache, now) = (Cache::new(8), Instant::now());
    let keys = ["file:///a", "file:///a/b", "file:///c"];
    let keys = keys.map(|uri| key("resources/read", &json!({ "uri": uri })));
    for key in &keys {
        cache.keep(key.clone(), 0, &answer(&json!({ "ttlMs": 60_000 })), now);
    }
    cache.invalidate(&changed("notifications/resources/updated", &json!({ "uri": "file:///a/b" })));
    let found = keys.map(|key| cache.find(&key, 0, now).is_some());
    assert_eq!(found, [false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_full_cache_lets_go_of_what_ends_first() {
    let (cache, now) = (Cache::new(2), Instant::now());
    let key = |cursor: &str| key("tools/list", &json!({ "cursor": cursor }));
    for (cursor, ttl) in [("a", 1000), ("b", 2000), ("c", 3000)] {
        cache.keep(key(cursor), 0, &answer(&json!({ "ttlMs": ttl })), now);
    }
    let found = ["a", "b", "c"].map(|cursor| cache.find(&key(cursor), 0, now).is_some());
    assert_eq!(found, [false, true, true]);
    cache.keep(key("d"), 0, &answer(&json!({ "ttlMs": 1000 })), now + MINUTE);
    assert!(cache.find(&key("d"), 0, now + MINUTE).is_some());
}

#[test]
fn results_of_calls_are_never_cached() {
    let params = Params::of(&json!({ "name": "add" })).unwrap();
    assert_eq!(CacheKey::of("tools/call", &params), None);
    assert_eq!(CacheKey::of("prompts/get", &params), None);
}

#[tokio::test(start_paused = true)]
async fn time_of_a_result_has_both_ends() {
    let day = Duration::from_secs(86_400);
    for (ttl_ms, fresh_for) in [
        (json!(1), Duration::from_millis(1)),
        (json!(86_399_999), day - Duration::from_millis(1)),
        (json!(86_400_001), day),
        (json!(u64::MAX), day),
    ] {
        let cache = Cache::new(8);
        let (key, now) = (key("tools/list", &json!({})), Instant::now());
        cache.keep(key.clone(), 0, &answer(&json!({ "ttlMs": ttl_ms })), now);
        let just_before = now + fresh_for - Duration::from_nanos(1);
        assert!(cache.find(&key, 0, just_before).is_some(), "{ttl_ms}");
        assert!(cache.find(&key, 0, now + fresh_for).is_none(), "{ttl_ms}");
    }
    for ttl_ms in [json!(0), json!(-1), json!(i64::MIN), json!(0.5), json!(1e300)] {
        let cache = Cache::new(8);
        let (key, now) = (key("tools/list", &json!({})), Instant::now());
        cache.keep(key.clone(), 0, &answer(&json!({ "ttlMs": ttl_ms })), now);
        assert!(cache.find(&key, 0, now).is_none(), "{ttl_ms}");
    }
}
