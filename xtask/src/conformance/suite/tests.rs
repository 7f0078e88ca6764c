//! The results of a scenario are found by its name, and no others.

use super::*;

#[test]
fn folder_belongs_to_the_scenario_whose_name_and_time_it_bears() {
    let time = "2026-11-25T09-34-50-424Z";
    assert!(is_result_of("ping", &format!("ping-{time}")));
    assert!(!is_result_of("ping", &format!("ping-pong-{time}")));
    assert!(!is_result_of("ping", "ping"));
    assert!(!is_result_of("ping", "pong"));
    assert!(!is_result_of("ping", "ping-2026-11-25T09-34-50-424é"));
}

#[test]
fn section_ends_where_the_next_scenario_begins() {
    let said = "Running 2 scenarios\n\n=== Running scenario: a ===\nfirst\n\n\
        === Running scenario: b ===\nsecond\n\n\n=== SUMMARY ===\n✓ a\n";
    assert_eq!(section(said, "a").trim(), "first");
    assert_eq!(section(said, "b").trim(), "second");
    assert_eq!(section(said, "c"), "");
}
