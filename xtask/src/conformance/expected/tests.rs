//! The list is strict in both directions.

use super::*;
use crate::conformance::catalog::Scenario;
use crate::conformance::checks::Checks;

const LIST: &str = "\
    # Known failures.\n\
    server: []\n\
    client:\n  \
      # One reason for both.\n  \
      - auth/dpop\n  \
      - tools_call@2026-07-28 # in this leg only\n";

fn failed() -> Verdict {
    Verdict::Failed("because".to_owned())
}

fn skipped() -> Verdict {
    Verdict::Skipped("nothing to check".to_owned())
}

/// Judges a scenario of a client.
#[track_caller]
fn check(name: &str, leg: Leg, verdict: Verdict, want: Judgement) {
    let scenario = Scenario { name: name.to_owned(), unscored: None };
    let outcome = Outcome { side: Side::Client, leg, scenario, checks: Checks::default(), verdict };
    assert_eq!(Expected::parse(LIST).unwrap().judge(&outcome), want);
}

#[test]
fn listed_scenario_that_fails_is_known() {
    check("auth/dpop", Leg::Legacy, failed(), Judgement::KnownFailure);
    check("auth/dpop", Leg::Modern, failed(), Judgement::KnownFailure);
}

#[test]
fn listed_scenario_that_does_not_fail_is_stale() {
    check("auth/dpop", Leg::Legacy, Verdict::Passed, Judgement::Stale);
    check("auth/dpop", Leg::Legacy, skipped(), Judgement::Stale);
}

#[test]
fn scenario_listed_for_one_leg_must_pass_in_the_other() {
    check("tools_call", Leg::Modern, failed(), Judgement::KnownFailure);
    check("tools_call", Leg::Legacy, failed(), Judgement::Unexpected);
    check("tools_call", Leg::Legacy, Verdict::Passed, Judgement::Fine);
}

#[test]
fn unlisted_scenario_must_pass() {
    check("initialize", Leg::Legacy, failed(), Judgement::Unexpected);
    check("initialize", Leg::Legacy, Verdict::Passed, Judgement::Fine);
}

#[test]
fn scored_scenario_must_check_something_and_an_unscored_one_need_not() {
    check("initialize", Leg::Legacy, skipped(), Judgement::Unexpected);
    let scenario = Scenario { name: "new".to_owned(), unscored: Some("pending".to_owned()) };
    let (side, leg, checks) = (Side::Client, Leg::Modern, Checks::default());
    let outcome = Outcome { side, leg, scenario, checks, verdict: skipped() };
    assert_eq!(Expected::default().judge(&outcome), Judgement::Fine);
}

#[test]
fn entry_of_one_side_does_not_excuse_the_other() {
    let scenario = Scenario { name: "auth/dpop".to_owned(), unscored: None };
    let (side, leg, checks) = (Side::Server, Leg::Modern, Checks::default());
    let outcome = Outcome { side, leg, scenario, checks, verdict: failed() };
    assert_eq!(Expected::parse(LIST).unwrap().judge(&outcome), Judgement::Unexpected);
}

#[test]
fn entry_that_the_suite_does_not_have_is_refused() {
    let catalogs = |name: &str| {
        let list = format!("Client scenarios (test):\n  - auth/dpop\n  - {name}\n");
        Catalogs::load(|_| Ok(list.clone())).unwrap()
    };
    let expected = Expected::parse(LIST).unwrap();
    assert!(expected.ensure_known(&catalogs("tools_call")).is_ok());
    let error = expected.ensure_known(&catalogs("tools_list")).unwrap_err().to_string();
    assert!(error.ends_with("client tools_call@2026-07-28"), "{error}");
}

#[track_caller]
fn check_refused(list: &str, want: &str) {
    let error = Expected::parse(list).unwrap_err().to_string();
    assert!(error.contains(want), "{error}");
}

#[test]
fn list_that_is_not_understood_is_refused() {
    check_refused("  - orphan\n", "line 1");
    check_refused("server: []\n  - orphan\n", "line 2");
    check_refused("proxy:\n", "line 1");
    check_refused("client:\n  - a scenario\n", "line 2");
    check_refused("client:\n  - tools_call:a-check\n", "line 2");
    check_refused("client:\n  - tools_call@2030-01-01\n", "line 2");
    check_refused("client:\n- tools_call\n", "line 2");
}

#[test]
fn scenario_listed_twice_is_refused() {
    check_refused("client:\n  - a\n  - a\n", "client a is listed twice");
    check_refused("client:\n  - a\n  - a@2026-07-28\n", "client a@2026-07-28 is listed twice");
}
