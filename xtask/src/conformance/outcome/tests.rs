//! A scenario passes if something was checked, nothing failed and the suite is content.

use super::*;

fn passed(passed_count: usize) -> Checks {
    Checks { passed_count, is_shown: passed_count > 0, ..Checks::default() }
}

fn failed(reason: &str) -> Verdict {
    Verdict::Failed(reason.to_owned())
}

#[test]
fn scenario_without_a_failed_check_passes() {
    assert_eq!(Verdict::new(Some(&passed(2)), true, ""), Verdict::Passed);
}

#[test]
fn first_failed_check_is_the_reason_and_the_others_are_counted() {
    let mut checks = Checks { failed_count: 1, failure: Some("a: no".to_owned()), ..passed(1) };
    assert_eq!(Verdict::new(Some(&checks), false, ""), failed("a: no"));
    checks.failed_count = 3;
    assert_eq!(Verdict::new(Some(&checks), false, ""), failed("a: no (and 2 more)"));
}

#[test]
fn client_that_ran_out_of_time_fails_though_its_checks_passed() {
    let said = "Test Results:\nPassed: 1/1\n\n⚠️  CLIENT TIMED OUT - Test incomplete\n";
    let want = failed("⚠️  CLIENT TIMED OUT - Test incomplete");
    assert_eq!(Verdict::new(Some(&passed(1)), false, said), want);
}

#[test]
fn scenario_without_checks_failed_for_the_reason_that_the_suite_gives() {
    let said = "Running\nFailed to run scenario ping: Error: timeout\n    at line 3\n";
    let want = failed("Failed to run scenario ping: Error: timeout");
    assert_eq!(Verdict::new(None, true, said), want);
    assert_eq!(Verdict::new(None, true, ""), failed("the suite told nothing"));
}

#[test]
fn scenario_in_which_nothing_was_checked_has_not_passed() {
    let skipped = |reason: &str| Verdict::Skipped(reason.to_owned());
    assert_eq!(Verdict::new(Some(&passed(0)), true, ""), skipped("nothing was checked"));
    let checks = Checks { omission: Some("a: later".to_owned()), ..passed(0) };
    assert_eq!(Verdict::new(Some(&checks), true, ""), skipped("a: later"));
}

#[test]
fn well_formed_messages_alone_are_no_pass() {
    let checks = Checks { passed_count: 1, omission: Some("a: later".to_owned()), ..passed(0) };
    let want = Verdict::Skipped("a: later".to_owned());
    assert_eq!(Verdict::new(Some(&checks), true, ""), want);
}
