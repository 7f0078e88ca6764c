//! What ends children when this process is killed and can end them no more.
//!
//! A child need not care about the end of its input, and a killed process runs nothing. So a second
//! process, the reaper, knows the groups of all children. It hears of them over a pipe: the pipe
//! ends when this process ends, however that happens. A signal that the system sends at the death of
//! a parent (`PR_SET_PDEATHSIG`) would not do: it comes when the *thread* ends that started the
//! child, and it reaches no grandchild.
//!
//! The number of a group is known only after its leader has started. Until the reaper has heard of
//! it, it knows the child by a mark in the child's environment, which it was told before.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, getpgid, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;

use crate::ChildLimits;

/// How to start the reaper of this process: a program that runs [`reap`] on its standard input.
#[derive(Clone, Debug)]
pub struct Reaper {
    /// The program; most often this one.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

impl Reaper {
    /// Lets a reaper end the children of this process if it is killed. The reaper starts with the
    /// first child. Only the first call in a process counts.
    pub fn install(self) {
        if INSTALLED.set(Ledger { reaper: self, state: Mutex::default() }).is_err() {
            tracing::debug!("children have a reaper already");
        }
    }

    /// Starts it in a group of its own, with nothing of this process but the pipe: neither its
    /// terminal's signals, nor its environment, nor its folder.
    fn start(&self) -> io::Result<File> {
        let mut started = Command::new(&self.program)
            .args(&self.args)
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = started.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?.into_owned_fd()?;
        // A reaper that does not read is as good as none: no child waits for it.
        rustix::io::ioctl_fionbio(&pipe, true)?;
        Ok(File::from(pipe))
    }
}

/// All children, as this process and its reaper know them.
struct Ledger {
    reaper: Reaper,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: BTreeSet<Sign>,
    /// Leads to the reaper. `None`: none was started, or it is gone.
    pipe: Option<File>,
}

/// What a child is known by; its text is what the reaper is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    /// The number of its process group.
    Group(u32),
    /// The value of [`MARK`] in its environment: of this process, and of this child.
    Mark(u32, u64),
}

impl fmt::Display for Sign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => write!(formatter, "{group}"),
            Self::Mark(process, child) => write!(formatter, "{process}.{child}"),
        }
    }
}

impl Ledger {
    fn add(&self, sign: Sign) {
        let mut state = self.state.lock();
        state.known.insert(sign);
        if state.tell(&format!("+{sign}\n")).is_ok() {
            return;
        }
        let started = self.reaper.start().and_then(|pipe| {
            state.pipe = Some(pipe);
            let all: String = state.known.iter().map(|it| format!("+{it}\n")).collect();
            state.tell(&all)
        });
        if let Err(error) = started {
            tracing::warn!(%error, "no reaper: if this process is killed, children may outlive it");
        }
    }

    fn remove(&self, sign: Sign) {
        let mut state = self.state.lock();
        state.known.remove(&sign);
        // A new reaper, if this one is gone, starts with the next child.
        if state.tell(&format!("-{sign}\n")).is_err() {
            tracing::debug!(%sign, "reaper was not told that a child has ended");
        }
    }
}

impl State {
    fn tell(&mut self, lines: &str) -> io::Result<()> {
        let pipe = self.pipe.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let told = pipe.write_all(lines.as_bytes());
        if told.is_err() {
            // After half a line, the reaper would misunderstand the next one.
            self.pipe = None;
        }
        told
    }
}

/// A sign that the reaper knows; dropping it tells the reaper to forget it.
#[derive(Debug)]
struct Watched(Sign);

impl Watched {
    /// `None`: this process has no reaper.
    fn new(sign: Sign) -> Option<Self> {
        INSTALLED.get()?.add(sign);
        Some(Self(sign))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(ledger) = INSTALLED.get() {
            ledger.remove(self.0);
        }
    }
}

/// A child that is about to start, which the reaper would know by its mark.
#[derive(Debug)]
pub(crate) struct StartingChild(Option<Watched>);

impl StartingChild {
    pub(crate) fn new() -> Self {
        let child = CHILDREN.fetch_add(1, Ordering::Relaxed);
        Self(Watched::new(Sign::Mark(std::process::id(), child)))
    }

    /// The variable that the child's environment must have. `None`: no reaper looks for it.
    pub(crate) fn variable(&self) -> Option<(&'static str, String)> {
        self.0.as_ref().map(|it| (MARK, it.0.to_string()))
    }

    /// It leads this group. The reaper is told of the group, and only then to forget the mark.
    pub(crate) fn started(self, group: Option<u32>) -> WatchedGroup {
        WatchedGroup(group.and_then(|group| Watched::new(Sign::Group(group))))
    }
}

/// The group of a child, which the reaper ends if this is not dropped before.
#[derive(Debug)]
pub(crate) struct WatchedGroup(
    #[expect(dead_code, reason = "dropped at its time")] Option<Watched>,
);

/// The work of the reaper: reads of the groups that begin and end, and when `lines` end, ends those
/// that are left: first they may leave by themselves, as their input has ended too, then SIGTERM,
/// then SIGKILL, after the graces of `limits`.
///
/// # Cancel safety
/// Dropping the future leaves the groups alone.
pub async fn reap(lines: impl AsyncRead + Unpin, limits: ChildLimits) {
    let mut left = Left::read(lines).await;
    left.wait_for_end(limits.exit_grace).await;
    left.signal(Signal::TERM);
    left.wait_for_end(limits.kill_grace).await;
    left.signal(Signal::KILL);
}

/// The children that a process has left behind.
#[derive(Default)]
struct Left {
    groups: BTreeSet<u32>,
    /// Of children whose group is not known.
    marks: BTreeSet<String>,
}

impl Left {
    async fn read(lines: impl AsyncRead + Unpin) -> Self {
        let mut left = Self::default();
        let mut lines = BufReader::new(lines).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let Some((change, sign)) = line.split_at_checked(1) else { continue };
            let group = sign.parse::<u32>();
            match (change, group) {
                ("+", Ok(group)) => drop(left.groups.insert(group)),
                ("-", Ok(group)) => drop(left.groups.remove(&group)),
                ("+", Err(_)) if is_mark(sign) => drop(left.marks.insert(sign.to_owned())),
                ("-", Err(_)) => drop(left.marks.remove(sign)),
                _ => {}
            }
        }
        left
    }

    /// Waits until all groups are gone, but not longer than `grace`. A child with a mark may not
    /// have shown itself yet: it is looked for all that time.
    async fn wait_for_end(&mut self, grace: Duration) {
        let all_gone = async {
            loop {
                self.groups.extend(groups_of_marked(&self.marks));
                let is_left = |pid| test_kill_process_group(pid).is_ok();
                self.groups.retain(|group| pid(*group).is_some_and(is_left));
                if self.groups.is_empty() && self.marks.is_empty() {
                    return;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        // Those that are left when the time is over get the next signal.
        drop(tokio::time::timeout(grace, all_gone).await);
    }

    fn signal(&mut self, signal: Signal) {
        for group in self.groups.iter().filter_map(|group| pid(*group)) {
            if let Err(error) = kill_process_group(group, signal) {
                tracing::trace!(?group, %error, "group has ended in the meantime");
            }
        }
    }
}

fn pid(group: u32) -> Option<Pid> {
    Pid::from_raw(group.try_into().ok()?)
}

fn is_mark(sign: &str) -> bool {
    sign.split_once('.').is_some_and(|(process, child)| {
        process.parse::<u32>().is_ok() && child.parse::<u64>().is_ok()
    })
}

/// The groups of all processes with one of these marks in their environment, where the system has
/// `/proc` to tell.
fn groups_of_marked(marks: &BTreeSet<String>) -> Vec<u32> {
    if marks.is_empty() {
        return Vec::new();
    }
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let group = |process: std::fs::DirEntry| {
        let id = pid(process.file_name().to_str()?.parse().ok()?)?;
        let environment = std::fs::read(process.path().join("environ")).ok()?;
        let is_marked = environment.split(|byte| *byte == 0).any(|variable| {
            let value = variable.strip_prefix(MARK.as_bytes()).and_then(|it| it.strip_prefix(b"="));
            value.and_then(|it| str::from_utf8(it).ok()).is_some_and(|it| marks.contains(it))
        });
        let group = is_marked.then(|| getpgid(Some(id)).ok())??;
        group.as_raw_nonzero().get().try_into().ok()
    };
    processes.filter_map(group).collect()
}

/// The reaper of this process and what it knows: children belong to the process, whatever part of
/// it has started them.
static INSTALLED: OnceLock<Ledger> = OnceLock::new();

/// Numbers the children of this process.
static CHILDREN: AtomicU64 = AtomicU64::new(1);

/// The variable by which a child is known before its group is. Its value begins with the process
/// that started the child: one that itself starts children gives them another.
const MARK: &str = "EYOT_CHILD";

/// How often the reaper looks whether groups are gone: it cannot wait for children of another
/// process.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
