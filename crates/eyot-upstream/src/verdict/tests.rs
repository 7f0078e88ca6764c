//! Verdicts, in virtual time.

use std::time::Duration;

use eyot_service::Fault;
use eyot_types::Era;
use eyot_types::codes::{self, Outcome};
use tokio::time::advance;

use super::{EraVerdict, VERDICT_TTL};
use crate::EraMode;

#[tokio::test(start_paused = true)]
async fn a_verdict_is_believed_for_a_bounded_time() {
    for era in [Era::Legacy, Era::Modern] {
        let verdict = EraVerdict::new(EraMode::Auto);
        assert!(!verdict.lacks(era.other()), "nothing was found yet");
        verdict.find(era);
        advance(VERDICT_TTL - Duration::from_millis(1)).await;
        assert!(verdict.lacks(era.other()));
        assert!(!verdict.lacks(era));
        advance(Duration::from_millis(1)).await;
        assert!(!verdict.lacks(era.other()), "it is looked into again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_verdict_ends_when_the_upstream_says_the_contrary() {
    let verdict = EraVerdict::new(EraMode::Auto);
    verdict.find(Era::Legacy);
    verdict.doubt(Era::Legacy);
    assert!(!verdict.lacks(Era::Modern));
}

#[tokio::test(start_paused = true)]
async fn a_pin_is_never_looked_into() {
    let verdict = EraVerdict::new(EraMode::Legacy);
    verdict.doubt(Era::Legacy);
    advance(VERDICT_TTL * 1_000).await;
    assert!(verdict.lacks(Era::Modern) && !verdict.lacks(Era::Legacy));
}

#[test]
fn an_error_names_the_flag_only_where_it_was_given() {
    let lost = || Fault::upstream(codes::upstream_lost("HTTP 405", Outcome::NotSent, false));
    let named = EraVerdict::new(EraMode::Modern).name_pin(lost()).error;
    assert!(named.message.ends_with("by --era modern)"), "{}", named.message);
    let reason = named.data.unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("HTTP 405 (") && reason.ends_with("--era modern)"), "{reason}");
    assert_eq!(EraVerdict::new(EraMode::Auto).name_pin(lost()).error, lost().error);
}
