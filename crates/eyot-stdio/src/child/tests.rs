//! Real processes: what they may do to their owner, and that none of them stays.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::{Child, ChildEvent};
use crate::{ChildLimits, Command, ExitReport, SpawnError};

fn command(program: &str, args: &[&str]) -> Command {
    let args = args.iter().map(|it| (*it).to_owned()).collect();
    Command { program: program.to_owned(), args, env: Vec::new(), cwd: None }
}

fn spawn(program: &str, args: &[&str]) -> Child {
    Child::spawn(&command(program, args), patient()).unwrap()
}

fn shell(script: &str) -> Child {
    shell_within(script, patient())
}

fn shell_within(script: &str, limits: ChildLimits) -> Child {
    Child::spawn(&command("/bin/sh", &["-c", script]), limits).unwrap()
}

/// Limits under which no signal comes before the test gives up, even on a loaded machine.
fn patient() -> ChildLimits {
    ChildLimits { exit_grace: WAIT_MAX, kill_grace: WAIT_MAX, ..ChildLimits::default() }
}

fn impatient() -> ChildLimits {
    let grace = Duration::from_millis(20);
    ChildLimits { exit_grace: grace, kill_grace: grace, ..ChildLimits::default() }
}

async fn next(child: &mut Child) -> ChildEvent {
    timeout(WAIT_MAX, child.next()).await.expect("the child has something to say")
}

async fn next_line(child: &mut Child) -> String {
    match next(child).await {
        ChildEvent::Line(line) => String::from_utf8(line.to_vec()).unwrap(),
        other => panic!("expected a line, got {other:?}"),
    }
}

/// The rest of the child: its lines, then the report.
async fn rest(child: &mut Child) -> (Vec<String>, ExitReport) {
    let mut lines = Vec::new();
    loop {
        match next(child).await {
            ChildEvent::Line(line) => lines.push(String::from_utf8(line.to_vec()).unwrap()),
            ChildEvent::BadLine(error) => lines.push(error.to_string()),
            ChildEvent::Exited(report) => return (lines, report),
        }
    }
}

/// Waits until no process has this number any more; a zombie of another process counts as gone.
async fn assert_gone(pid: &str, zombie_is_gone: bool) {
    let is_gone = || match std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")) {
        Ok(stat) => zombie_is_gone && (stat.contains(") Z ") || stat.contains(") X ")),
        Err(_) => true,
    };
    let gone = async {
        while !is_gone() {
            tokio::task::yield_now().await;
        }
    };
    timeout(WAIT_MAX, gone).await.expect("the process is gone");
}

#[track_caller]
fn queue(child: &mut Child, line: &'static str) {
    child.queue([Bytes::from_static(line.as_bytes())]).unwrap();
}

#[tokio::test]
async fn lines_go_through_cat_and_back() {
    let mut child = spawn("cat", &[]);
    queue(&mut child, r#"{"id":1}"#);
    child.queue(["{\"id\":", "2}"].map(Bytes::from)).unwrap();
    queue(&mut child, "{\r\n  \"id\": 3\n}");
    assert_eq!(next_line(&mut child).await, r#"{"id":1}"#);
    assert_eq!(next_line(&mut child).await, r#"{"id":2}"#);
    assert_eq!(next_line(&mut child).await, r#"{   "id": 3 }"#);
    assert_eq!(child.queued_bytes(), 0);
}

#[tokio::test]
async fn large_lines_go_both_ways_at_once() {
    let mut child = spawn("cat", &[]);
    let line = Bytes::from(vec![b'x'; 3_000_000]);
    for _ in 0..3 {
        child.queue([line.clone()]).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(next(&mut child).await, ChildEvent::Line(line.clone()));
    }
}

#[tokio::test]
async fn what_is_queued_is_written_before_stdin_ends() {
    let mut child = spawn("cat", &[]);
    queue(&mut child, "first");
    queue(&mut child, "last");
    child.start_close();
    assert!(child.queue([Bytes::from_static(b"late")]).is_err());
    let (lines, report) = rest(&mut child).await;
    assert_eq!(lines, ["first", "last"]);
    assert_eq!(report, ExitReport { status: Some(0), ..ExitReport::default() });
}

#[tokio::test]
async fn an_exit_reports_code_and_last_words() {
    let mut child = shell("echo half; echo no key >&2; printf bye >&2; exit 3");
    let (lines, report) = rest(&mut child).await;
    assert_eq!(lines, ["half"]);
    assert_eq!(report.to_string(), "exit code 3");
    assert_eq!(report.stderr_tail, ["no key", "bye"]);
    assert_eq!(next(&mut child).await, ChildEvent::Exited(report), "the event repeats");
    assert_eq!(child.pid(), None);
}

#[tokio::test]
async fn a_line_without_end_at_the_end_is_a_line() {
    let (lines, _) = rest(&mut shell("printf 'a\\n{}'")).await;
    assert_eq!(lines, ["a", "{}"]);
}

#[tokio::test]
async fn a_signal_is_reported_as_such() {
    let (_, report) = rest(&mut shell("kill -KILL $$")).await;
    assert_eq!((report.status, report.signal), (None, Some(9)));
}

#[tokio::test]
async fn a_child_that_leaves_when_asked_is_not_signalled() {
    let mut child = shell("trap 'echo TERM >&2' TERM; echo ready; cat >/dev/null; exit 7");
    assert_eq!(next_line(&mut child).await, "ready");
    let report = timeout(WAIT_MAX, child.close()).await.unwrap();
    assert_eq!(report, ExitReport { status: Some(7), ..ExitReport::default() });
}

#[tokio::test]
async fn a_child_that_ignores_the_end_of_stdin_is_terminated() {
    let limits = ChildLimits { exit_grace: Duration::ZERO, ..patient() };
    let mut child = shell_within("echo ready; exec sleep 1000", limits);
    assert_eq!(next_line(&mut child).await, "ready");
    let report = timeout(WAIT_MAX, child.close()).await.unwrap();
    assert_eq!(report.signal, Some(15));
}

#[tokio::test]
async fn a_child_that_ignores_everything_is_killed_with_its_descendants() {
    let script = "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1000; done";
    let mut child = shell_within(script, impatient());
    let pid = child.pid().unwrap().to_string();
    let descendant_pid = next_line(&mut child).await;
    let report = timeout(WAIT_MAX, child.close()).await.unwrap();
    assert_eq!(report.signal, Some(9));
    assert!(!Path::new("/proc").join(pid).exists(), "no zombie is left");
    assert_gone(&descendant_pid, true).await;
}

#[tokio::test]
async fn a_dropped_child_is_killed_with_its_descendants_and_reaped() {
    let mut child = shell("sleep 1000 & echo $!; wait");
    let pid = child.pid().unwrap().to_string();
    let descendant_pid = next_line(&mut child).await;
    drop(child);
    assert_gone(&descendant_pid, true).await;
    assert_gone(&pid, false).await;
}

#[tokio::test]
async fn an_exit_does_not_wait_for_a_descendant_that_holds_the_pipes() {
    let mut child = shell("sleep 1000 & echo $!; exit 5");
    let descendant_pid = next_line(&mut child).await;
    let (lines, report) = rest(&mut child).await;
    assert_eq!((lines.len(), report.status), (0, Some(5)));
    assert_gone(&descendant_pid, true).await;
}

#[tokio::test]
async fn a_flood_from_outside_the_group_does_not_hold_the_exit_up() {
    let mut child = shell_within(
        "setsid yes 0123456789012345678901234567890123456789 & echo $!; exec sleep 1000",
        impatient(),
    );
    let flooder_pid = next_line(&mut child).await;
    let report = timeout(WAIT_MAX, child.close()).await.unwrap();
    assert_eq!(report.signal, Some(15));
    // Its pipe is gone, and that ends the process.
    assert_gone(&flooder_pid, true).await;
}

#[tokio::test]
async fn a_child_that_closes_its_stdout_is_made_to_leave() {
    let mut child = shell_within("exec >&-; exec sleep 1000", impatient());
    let (lines, report) = rest(&mut child).await;
    assert_eq!((lines.len(), report.signal), (0, Some(15)));
}

#[tokio::test]
async fn a_child_that_closes_its_stdin_is_made_to_leave() {
    let mut child = shell_within("exec <&-; echo ready; exec sleep 1000", impatient());
    assert_eq!(next_line(&mut child).await, "ready");
    // More than a pipe holds: another test's fork may keep the read end open for a moment, and
    // a small message would vanish in the pipe without an error.
    child.queue([Bytes::from(vec![b'x'; 200_000])]).unwrap();
    let (_, report) = rest(&mut child).await;
    assert_eq!(report.signal, Some(15));
}

#[tokio::test]
async fn an_over_long_line_is_reported_once_and_the_next_one_arrives() {
    let limits = ChildLimits { line_bytes_max: 100, ..patient() };
    let script = "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo next";
    let mut child = shell_within(script, limits);
    let ChildEvent::BadLine(error) = next(&mut child).await else { panic!("it is too long") };
    assert_eq!(error.to_string(), "frame of 1000000 bytes is longer than 100 bytes");
    assert_eq!(rest(&mut child).await.0, ["next"]);
}

#[tokio::test]
async fn bytes_that_are_no_text_pass_as_they_are() {
    let mut child = shell("printf '\\377\\0\\n'");
    assert_eq!(next(&mut child).await, ChildEvent::Line(Bytes::from_static(b"\xff\0")));
}

#[tokio::test]
async fn the_child_sees_the_safe_base_and_what_is_named() {
    // Cargo gives this process the first two variables; the second one stands for a secret.
    let mut command = command("env", &[]);
    command.env = vec![("CARGO_PKG_NAME".into(), None), ("GIVEN".into(), Some("a=b".into()))];
    assert!(std::env::var_os("CARGO_PKG_VERSION").is_some());
    let mut child = Child::spawn(&command, patient()).unwrap();
    let (lines, _) = rest(&mut child).await;
    let has = |start: &str| lines.iter().any(|line| line.starts_with(start));
    assert!(has("PATH=") && has("CARGO_PKG_NAME=eyot-stdio") && has("GIVEN=a=b"));
    assert!(!has("CARGO_PKG_VERSION="), "not named, not seen");
}

#[tokio::test]
async fn an_argument_arrives_as_one_with_any_characters() {
    let hostile = "a;b|c&d$(id)`id`\n-e 'f\" *";
    let mut child = spawn("printf", &["%s\\n", hostile, "-flag"]);
    assert_eq!(rest(&mut child).await.0.join("\n"), format!("{hostile}\n-flag"));
}

#[tokio::test]
async fn the_child_works_where_it_is_told_to() {
    let mut command = command("pwd", &[]);
    command.cwd = Some("/".into());
    let mut child = Child::spawn(&command, patient()).unwrap();
    assert_eq!(next_line(&mut child).await, "/");
}

#[tokio::test]
async fn a_missing_program_is_named_to_operators_alone() {
    let error = Child::spawn(&command("no-such-program", &[]), ChildLimits::default()).unwrap_err();
    assert_eq!(error.to_string(), "program does not start");
    let text = error.operator_text();
    assert!(text.reveal_to_operator().contains("no-such-program"));
    assert!(matches!(error, SpawnError::Program { .. }));
}

#[tokio::test]
async fn a_child_that_never_reads_fills_the_queue_and_is_still_heard() {
    let limits = ChildLimits { queue_bytes_max: 1_000_000, ..patient() };
    let script = "i=0; while [ $i -lt 200 ]; do echo $i; i=$((i+1)); done; exec sleep 1000";
    let mut child = shell_within(script, limits);
    let message = Bytes::from(vec![b'x'; 99_999]);
    let mut accepted = 0;
    while child.queue([message.clone()]).is_ok() {
        accepted += 1;
    }
    assert_eq!((accepted, child.queued_bytes()), (10, 1_000_000));
    for number in 0..200 {
        assert_eq!(next_line(&mut child).await, number.to_string());
    }
    assert!(child.queued_bytes() > 500_000, "the pipe took its share, the rest waits");
}

#[tokio::test]
async fn a_flood_of_stderr_neither_blocks_nor_piles_up() {
    let flood = "head -c 5000000 /dev/zero | tr '\\0' x >&2; yes 0123456789 | head -c 5000000 >&2";
    let mut child = shell(&format!("{flood}; echo done; exit 4"));
    assert_eq!(next_line(&mut child).await, "done");
    let (_, report) = rest(&mut child).await;
    assert_eq!(report.status, Some(4));
    assert!(report.stderr_tail.iter().map(String::len).sum::<usize>() <= 8 * 1024);
    assert!(report.stderr_tail.iter().any(|line| line == "0123456789"));
}

/// Far more time than any of this takes: a test that gets here has found a hang.
const WAIT_MAX: Duration = Duration::from_secs(20);
