//! The facts of each revision, and what a legacy client gets.

use super::*;

#[test]
fn a_date_reads_back_as_its_revision() {
    for &revision in Revision::SUPPORTED {
        assert_eq!(Revision::parse(revision.as_str()), Some(revision));
        let text = serde_json::to_string(&revision).unwrap();
        assert_eq!(serde_json::from_str::<Revision>(&text).unwrap(), revision);
    }
    assert_eq!(Revision::parse("2025-11-26"), None);
    assert_eq!(
        "1900-01-01".parse::<Revision>().unwrap_err().to_string(),
        "unknown protocol revision \"1900-01-01\""
    );
}

#[test]
fn the_lists_start_with_the_newest_and_end_with_the_oldest() {
    assert!(Revision::SUPPORTED.is_sorted_by(|a, b| a > b));
    assert!(Revision::LEGACY.is_sorted_by(|a, b| a > b));
    let joined = [Revision::of_era(Era::Modern), Revision::of_era(Era::Legacy)].concat();
    assert_eq!(joined, Revision::SUPPORTED);
}

#[track_caller]
fn check_negotiation(requested: &str, expected: &str) {
    assert_eq!(Revision::negotiate(requested).as_str(), expected);
}

#[test]
fn a_legacy_client_gets_its_own_revision_or_the_latest_legacy_one() {
    for revision in Revision::LEGACY {
        check_negotiation(revision.as_str(), revision.as_str());
    }
    check_negotiation("2026-07-28", "2025-11-25");
    check_negotiation("1900-01-01", "2025-11-25");
    check_negotiation("", "2025-11-25");
}

#[track_caller]
fn check_fact(fact: fn(Revision) -> bool, expected: &[&str]) {
    let holders: Vec<_> = Revision::SUPPORTED.iter().rev().copied().filter(|r| fact(*r)).collect();
    let dates: Vec<_> = holders.iter().map(|revision| revision.as_str()).collect();
    assert_eq!(dates, expected);
}

#[test]
fn each_fact_holds_for_the_revisions_that_the_specification_says() {
    check_fact(Revision::has_batches, &["2025-03-26"]);
    check_fact(Revision::has_priming, &["2025-11-25", "2026-07-28"]);
    check_fact(Revision::has_version_header, &["2025-06-18", "2025-11-25", "2026-07-28"]);
    check_fact(|revision| revision.era() == Era::Modern, &["2026-07-28"]);
}
