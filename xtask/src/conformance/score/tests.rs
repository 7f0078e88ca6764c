//! Only what is required counts, and only what passed.

use super::*;

const LIST: &str = "Required for 2026-07-28 (3 scenarios, frozen):\n\n\
    Server scenarios (test against a server):\n  - ping\n  - tools-list\n\n\
    Client scenarios (test against a client):\n  - tools_call\n";

#[track_caller]
fn check(summary: &str, want: &str, want_failed: &[&str]) {
    let score = Score::new(LIST, summary);
    assert_eq!(score.to_string(), want);
    assert_eq!(score.failed().collect::<Vec<_>>(), want_failed);
    assert_eq!(score.is_perfect(), want_failed.is_empty());
}

#[test]
fn required_scenarios_are_counted() {
    let summary = "=== SUMMARY ===\n✓ ping: 2 passed, 0 failed\n✗ tools-list: 1 passed, 1 failed\n";
    check(summary, "1 of 2 scored scenarios passed", &["tools-list"]);
}

#[test]
fn scenario_that_is_never_scored_does_not_count() {
    let summary =
        "✓ ping: 2 passed, 0 failed\n✓ tools-list: 1 passed, 0 failed\n✗ more: 0 passed\n";
    check(summary, "2 of 2 scored scenarios passed", &[]);
}

#[test]
fn scenario_that_did_not_run_has_failed() {
    check("", "0 of 2 scored scenarios passed", &["ping", "tools-list"]);
}
