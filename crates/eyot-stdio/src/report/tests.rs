//! How a report reads, to peers and to operators.

use eyot_service::IoEnd;

use super::ExitReport;

#[track_caller]
fn check(status: Option<i32>, signal: Option<i32>, lines: &[&str], text: (&str, Option<&str>)) {
    let stderr_tail = lines.iter().map(|line| (*line).to_owned()).collect();
    let report = ExitReport { status, signal, stderr_tail };
    let words = report.operator_text();
    let words = words.as_ref().map(|it| it.reveal_to_operator());
    assert_eq!((report.to_string().as_str(), words), text);
}

#[test]
fn a_report_is_one_line_for_each_reader() {
    check(Some(0), None, &[], ("exit code 0", None));
    check(Some(3), None, &["no key", "bye"], ("exit code 3", Some("no key | bye")));
    check(None, Some(9), &[], ("ended by signal 9", None));
    check(None, None, &["hm"], ("no exit status", Some("hm")));
}

#[test]
fn last_words_of_a_child_have_no_way_into_what_is_shown_of_its_end() {
    let stderr_tail = vec!["postgres://svc:hunter2@db.internal/prod".to_owned()];
    let end = IoEnd::from(ExitReport { status: Some(3), signal: None, stderr_tail });
    assert_eq!(end.to_string(), "exited: exit code 3; its last words are in the log");
    assert!(!format!("{end:?}").contains("hunter2"));
    assert!(end.operator_text().is_some_and(|it| it.reveal_to_operator().contains("hunter2")));
}
