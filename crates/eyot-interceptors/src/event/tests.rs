//! Patterns and what they mean.

use super::*;

#[test]
fn star_means_every_event_that_is_no_notification() {
    assert!(is_meant("*", "tools/call") && is_meant("*", "acme/sweep"));
    assert!(!is_meant("*", "notifications/message"));
    assert!(is_meant("notifications/*", "notifications/message"));
}

#[test]
fn what_makes_the_connection_is_never_seen() {
    for event in UNSEEN {
        assert!(!is_meant("*", event) && !is_meant(event, event), "{event}");
    }
}

#[test]
fn a_pattern_is_within_one_that_means_all_that_it_means() {
    assert!(is_within("tools/call", "tools/*") && is_within("tools/*", "*"));
    assert!(is_within("tools/call", "tools/call"));
    assert!(!is_within("*", "tools/*") && !is_within("tools/*", "tools/call"));
    assert!(!is_within("notifications/message", "*"));
}
