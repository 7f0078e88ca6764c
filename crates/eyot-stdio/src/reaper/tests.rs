//! The reaper's work on real groups, and what it is told of them.

use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::timeout;

use super::{Ledger, MARK, Reaper, Sign, State, reap};
use crate::ChildLimits;

/// A process that leads a group and has a child of its own in it.
fn group(script: &str) -> Child {
    let script = format!("sleep 1000 & {script}");
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script]).process_group(0).stdout(Stdio::piped());
    command.spawn().unwrap()
}

fn graces(exit: Duration, kill: Duration) -> ChildLimits {
    ChildLimits { exit_grace: exit, kill_grace: kill, ..ChildLimits::default() }
}

async fn reap_lines(lines: &str, limits: ChildLimits) {
    timeout(WAIT_MAX, reap(lines.as_bytes(), limits)).await.expect("the reaper has ended");
}

/// Waits until no process of the group holds its stdout any more.
fn drain(leader: &mut Child) {
    let mut rest = Vec::new();
    leader.stdout.take().unwrap().read_to_end(&mut rest).unwrap();
}

#[tokio::test]
async fn whole_group_gets_sigterm_when_the_lines_end() {
    let mut leader = group("wait");
    let lines = format!("+{}\n", leader.id());
    let dying = tokio::task::spawn_blocking(move || leader.wait_with_group());
    reap_lines(&lines, graces(Duration::from_millis(1), WAIT_MAX)).await;
    assert_eq!(dying.await.unwrap(), Some(15));
}

#[tokio::test]
async fn group_that_ignores_sigterm_gets_sigkill() {
    let mut leader = group("trap '' TERM; echo; sleep 1000; exit");
    let mut ready = [0];
    leader.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    let lines = format!("+{}\n", leader.id());
    reap_lines(&lines, graces(Duration::from_millis(1), Duration::from_millis(1))).await;
    assert_eq!(leader.wait_with_group(), Some(9));
}

#[tokio::test]
async fn child_whose_group_was_never_told_is_found_by_its_mark() {
    let marked = |mark: &str| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "trap '' TERM; echo; sleep 1000; exit"]).env(MARK, mark);
        let mut leader = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
        leader.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        leader
    };
    let process = std::process::id();
    let [mut told, mut started, mut foreign] =
        [1, 2, 3].map(|it| marked(&format!("{process}.{it}")));
    let lines = format!("+{process}.1\n+{process}.2\n-{process}.2\n");
    let short = Duration::from_millis(100);
    reap_lines(&lines, graces(short, short)).await;
    assert_eq!(told.wait_with_group(), Some(9));
    for alive in [&mut started, &mut foreign] {
        assert_eq!(alive.try_wait().unwrap(), None);
        reap_lines(&format!("+{}\n", alive.id()), graces(short, short)).await;
        alive.wait_with_group();
    }
}

#[tokio::test]
async fn group_that_has_ended_is_left_alone() {
    let mut leader = group("wait");
    let id = leader.id();
    let limits = graces(Duration::from_millis(1), Duration::from_millis(1));
    reap_lines(&format!("+{id}\n-{id}\n"), limits).await;
    assert_eq!(leader.try_wait().unwrap(), None);
    reap_lines(&format!("+{id}\n"), limits).await;
    leader.wait_with_group();
}

#[tokio::test]
async fn reaper_without_groups_ends_at_once() {
    reap_lines("", graces(WAIT_MAX, WAIT_MAX)).await;
    reap_lines("nonsense\n+\n+0\n+x\n+-1\n+.\n+1.x\n-1.1\n", graces(WAIT_MAX, WAIT_MAX)).await;
}

#[test]
fn reaper_hears_of_groups_that_begin_and_end() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let pipe = std::fs::File::from(std::os::fd::OwnedFd::from(ours));
    let ledger = ledger("/nonexistent", State { pipe: Some(pipe), ..State::default() });
    ledger.add(Sign::Group(17));
    ledger.add(Sign::Mark(4, 1));
    ledger.remove(Sign::Group(17));
    drop(ledger);
    let mut told = String::new();
    theirs.read_to_string(&mut told).unwrap();
    assert_eq!(told, "+17\n+4.1\n-17\n");
}

#[tokio::test]
async fn new_reaper_is_told_all_groups_when_the_last_one_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let ledger = ledger("/bin/sh", State::default());
    let script = format!("cat > {}", seen.display());
    let ledger = Ledger {
        reaper: Reaper { args: vec!["-c".to_owned(), script], ..ledger.reaper },
        ..ledger
    };
    ledger.state.lock().known.insert(Sign::Group(3));
    ledger.add(Sign::Group(5));
    drop(ledger);
    let complete = async {
        while std::fs::read_to_string(&seen).unwrap_or_default() != "+3\n+5\n" {
            tokio::task::yield_now().await;
        }
    };
    timeout(WAIT_MAX, complete).await.expect("the reaper was told");
}

fn ledger(program: &str, state: State) -> Ledger {
    let reaper = Reaper { program: program.into(), args: Vec::new() };
    Ledger { reaper, state: Mutex::new(state) }
}

trait WaitWithGroup {
    /// Waits for the leader and for the rest of its group; the signal that ended the leader.
    fn wait_with_group(&mut self) -> Option<i32>;
}

impl WaitWithGroup for Child {
    fn wait_with_group(&mut self) -> Option<i32> {
        let status = self.wait().unwrap();
        drain(self);
        status.signal()
    }
}

/// Far more time than any of this takes: a test that gets here has found a hang.
const WAIT_MAX: Duration = Duration::from_secs(20);
