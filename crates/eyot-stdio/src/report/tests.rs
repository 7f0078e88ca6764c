//! How a report reads.

use super::ExitReport;

#[track_caller]
fn check(status: Option<i32>, signal: Option<i32>, lines: &[&str], text: &str) {
    let stderr_tail = lines.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!(ExitReport { status, signal, stderr_tail }.to_string(), text);
}

#[test]
fn a_report_is_one_line() {
    check(Some(0), None, &[], "exit code 0");
    check(Some(3), None, &["no key", "bye"], "exit code 3; last stderr lines: no key | bye");
    check(None, Some(9), &[], "ended by signal 9");
    check(None, None, &["hm"], "no exit status; last stderr lines: hm");
}
