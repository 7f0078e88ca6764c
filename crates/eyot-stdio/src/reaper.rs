//! What ends children when this process is killed and can end them no more.
//!
//! A child need not care about the end of its input, and a killed process runs nothing. So a second
//! process, the reaper, knows the groups of all children. It hears of them over a pipe: the pipe
//! ends when this process ends, however that happens. A signal that the system sends at the death of
//! a parent (`PR_SET_PDEATHSIG`) would not do: it comes when the *thread* ends that started the
//! child, and it reaches no grandchild.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
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

/// The groups of all children, as this process and its reaper know them.
struct Ledger {
    reaper: Reaper,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    groups: BTreeSet<u32>,
    /// Leads to the reaper. `None`: none was started, or it is gone.
    pipe: Option<File>,
}

impl Ledger {
    fn add(&self, group: u32) {
        let mut state = self.state.lock();
        state.groups.insert(group);
        if state.tell(&format!("+{group}\n")).is_ok() {
            return;
        }
        let started = self.reaper.start().and_then(|pipe| {
            state.pipe = Some(pipe);
            let all: String = state.groups.iter().map(|it| format!("+{it}\n")).collect();
            state.tell(&all)
        });
        if let Err(error) = started {
            tracing::warn!(%error, "no reaper: if this process is killed, children may outlive it");
        }
    }

    fn remove(&self, group: u32) {
        let mut state = self.state.lock();
        state.groups.remove(&group);
        // A new reaper, if this one is gone, starts with the next child.
        if state.tell(&format!("-{group}\n")).is_err() {
            tracing::debug!(group, "reaper was not told that a group has ended");
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

/// A group that the reaper knows; dropping it tells the reaper that the group has ended.
#[derive(Debug)]
pub(crate) struct Watched(u32);

impl Watched {
    /// Tells the reaper of a group. `None`: this process has no reaper.
    pub(crate) fn new(group: u32) -> Option<Self> {
        INSTALLED.get()?.add(group);
        Some(Self(group))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(ledger) = INSTALLED.get() {
            ledger.remove(self.0);
        }
    }
}

/// The work of the reaper: reads of the groups that begin and end, and when `lines` end, ends those
/// that are left: first they may leave by themselves, as their input has ended too, then SIGTERM,
/// then SIGKILL, after the graces of `limits`.
///
/// # Cancel safety
/// Dropping the future leaves the groups alone.
pub async fn reap(lines: impl AsyncRead + Unpin, limits: ChildLimits) {
    let mut left = read_groups(lines).await;
    wait_for_end(&mut left, limits.exit_grace).await;
    signal_all(&left, Signal::TERM);
    wait_for_end(&mut left, limits.kill_grace).await;
    signal_all(&left, Signal::KILL);
}

async fn read_groups(lines: impl AsyncRead + Unpin) -> Vec<Pid> {
    let mut groups = BTreeSet::new();
    let mut lines = BufReader::new(lines).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let Some((sign, group)) = line.split_at_checked(1) else { continue };
        match (sign, group.parse::<u32>()) {
            ("+", Ok(group)) => drop(groups.insert(group)),
            ("-", Ok(group)) => drop(groups.remove(&group)),
            _ => {}
        }
    }
    let pid = |group: u32| Pid::from_raw(group.try_into().ok()?);
    groups.into_iter().filter_map(pid).collect()
}

/// Waits until all groups are gone, but not longer than `grace`.
async fn wait_for_end(groups: &mut Vec<Pid>, grace: Duration) {
    let all_gone = async {
        loop {
            groups.retain(|group| test_kill_process_group(*group).is_ok());
            if groups.is_empty() {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    // Those that are left when the time is over get the next signal.
    drop(tokio::time::timeout(grace, all_gone).await);
}

fn signal_all(groups: &[Pid], signal: Signal) {
    for group in groups {
        if let Err(error) = kill_process_group(*group, signal) {
            tracing::trace!(?group, %error, "group has ended in the meantime");
        }
    }
}

/// The reaper of this process and what it knows: children belong to the process, whatever part of
/// it has started them.
static INSTALLED: OnceLock<Ledger> = OnceLock::new();

/// How often the reaper looks whether groups are gone: it cannot wait for children of another
/// process.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
