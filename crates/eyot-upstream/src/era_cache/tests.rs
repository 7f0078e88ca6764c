//! What is believed of an upstream, in virtual time.

use std::time::Duration;

use eyot_service::Fault;
use eyot_types::Era;
use eyot_types::codes::{self, Outcome};
use tokio::time::advance;

use super::{EraMode, SharedEraCache};
use eyot_era::detect::ERA_TTL;

#[tokio::test(start_paused = true)]
async fn a_verdict_is_believed_for_a_bounded_time() {
    for era in [Era::Legacy, Era::Modern] {
        let cache = SharedEraCache::new(EraMode::Auto);
        assert!(!cache.lacks(era.other()), "nothing was found yet");
        cache.find_only(era);
        advance(ERA_TTL - Duration::from_millis(1)).await;
        assert!(cache.lacks(era.other()));
        assert!(!cache.lacks(era));
        advance(Duration::from_millis(1)).await;
        assert!(!cache.lacks(era.other()), "it is looked into again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_ends_when_the_upstream_says_the_contrary() {
    let cache = SharedEraCache::new(EraMode::Auto);
    cache.find_only(Era::Legacy);
    cache.invalidate(Era::Legacy);
    assert!(!cache.lacks(Era::Modern));
}

#[tokio::test(start_paused = true)]
async fn a_pin_is_never_looked_into() {
    let cache = SharedEraCache::new(EraMode::Legacy);
    cache.invalidate(Era::Legacy);
    advance(ERA_TTL * 1_000).await;
    assert!(cache.lacks(Era::Modern) && !cache.lacks(Era::Legacy));
}

#[test]
fn an_error_names_the_flag_only_where_it_was_given() {
    let lost = || Fault::upstream(codes::upstream_lost("HTTP 405", Outcome::NotSent, false));
    let named = SharedEraCache::new(EraMode::Modern).name_pin(lost()).error;
    assert!(named.message.ends_with("by --era modern)"), "{}", named.message);
    let reason = named.data.unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("HTTP 405 (") && reason.ends_with("--era modern)"), "{reason}");
    assert_eq!(SharedEraCache::new(EraMode::Auto).name_pin(lost()).error, lost().error);
}
