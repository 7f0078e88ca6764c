//! Successes and failures are counted, the first failure is kept as the reason.

use super::*;

#[track_caller]
fn check(entries: &[(&str, &str)], want: &Checks) {
    let entry = |(id, status): &(&str, &str)| {
        format!(r#"{{"id":"{id}","status":"{status}","description":"it holds","details":{{}}}}"#)
    };
    let entries: Vec<String> = entries.iter().map(entry).collect();
    assert_eq!(&Checks::parse(&format!("[{}]", entries.join(","))).unwrap(), want);
}

#[test]
fn notes_do_not_count() {
    let want = Checks { passed_count: 1, is_shown: true, ..Checks::default() };
    check(&[("a", "INFO"), ("b", "SUCCESS")], &want);
}

#[test]
fn first_failure_is_the_reason() {
    let failure = Some("b: it holds".to_owned());
    let counts = Checks { passed_count: 1, is_shown: true, ..Checks::default() };
    let want = Checks { failed_count: 2, failure, ..counts };
    check(&[("a", "SUCCESS"), ("b", "FAILURE"), ("c", "FAILURE")], &want);
}

#[test]
fn warning_is_a_failure() {
    let failure = Some("a: it holds".to_owned());
    check(&[("a", "WARNING")], &Checks { failed_count: 1, failure, ..Checks::default() });
}

#[test]
fn check_that_was_left_out_tells_why_and_does_not_count() {
    let omission = Some("a: it holds".to_owned());
    check(&[("a", "SKIPPED")], &Checks { omission, ..Checks::default() });
}

#[test]
fn error_message_says_more_than_the_description() {
    let json = r#"[{"id":"a","status":"FAILURE","description":"it holds","errorMessage":"no"}]"#;
    assert_eq!(Checks::parse(json).unwrap().failure.as_deref(), Some("a: no"));
}

#[test]
fn unknown_status_is_refused() {
    assert!(Checks::parse(r#"[{"id":"a","status":"MAYBE","description":"it holds"}]"#).is_err());
}

#[test]
fn check_that_every_scenario_has_shows_nothing() {
    let want = Checks { passed_count: 1, ..Checks::default() };
    check(&[("wire-schema-valid", "SUCCESS")], &want);
}
