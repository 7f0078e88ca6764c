//! Counts what a program executes: exact, even on a busy machine.

mod profile;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde::Serialize;

use crate::process::{self, Core};
use crate::program;

/// What callgrind counts.
#[derive(Debug, Clone, Copy, Serialize, PartialEq)]
pub(crate) struct Counts {
    /// Instructions in user space.
    pub(crate) instructions: f64,
    pub(crate) system_calls: f64,
    /// Memory asked of the allocator: new, zeroed or resized.
    pub(crate) allocations: f64,
}

impl Counts {
    /// What each of `count` repetitions took, when `twice` ran twice as many.
    pub(crate) fn per_repetition(once: Self, twice: Self, count: u32) -> Self {
        let count = f64::from(count);
        Self {
            instructions: (twice.instructions - once.instructions) / count,
            system_calls: (twice.system_calls - once.system_calls) / count,
            allocations: (twice.allocations - once.allocations) / count,
        }
    }
}

/// Fails where there is no valgrind.
///
/// # Errors
///
/// When it does not start.
pub(crate) fn require() -> anyhow::Result<()> {
    anyhow::ensure!(program::works("valgrind", &["--version"]), "valgrind is not installed");
    Ok(())
}

/// A command that runs what comes behind it under callgrind, on the first core.
///
/// On one core a runtime has one worker: what is counted does not hang on who wakes whom.
pub(crate) fn command(profile: &Path) -> Command {
    let mut command = process::on(Core::First);
    command.args(["valgrind", "--quiet", "--tool=callgrind", "--collect-systime=yes"]);
    let mut file = OsString::from("--callgrind-out-file=");
    file.push(profile);
    command.arg(file);
    command
}

/// Where the profile of one run is kept, for `callgrind_annotate`.
///
/// # Errors
///
/// When there is no folder for it.
pub(crate) fn profile(name: &str) -> anyhow::Result<PathBuf> {
    let name = name.replace(", ", "-").replace(' ', "-");
    Ok(program::out_folder()?.join(format!("callgrind-{name}.out")))
}

/// Reads the totals of a profile.
///
/// # Errors
///
/// When the program was killed before callgrind could write them.
pub(crate) fn totals(profile: &Path) -> anyhow::Result<Counts> {
    let text = std::fs::read_to_string(profile);
    let text = text.with_context(|| format!("read {}", profile.display()))?;
    profile::parse(&text).with_context(|| format!("{} holds no totals", profile.display()))
}

#[cfg(test)]
mod tests;
