//! `eyot reaper`, hidden: ends the children of a program that was killed.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use eyot::{ChildLimits, Reaper};

use crate::args;
use crate::signals::Signals;

/// Lets this program be its own reaper.
pub(crate) fn install() {
    match program() {
        Ok(program) => Reaper { program, args: vec!["reaper".to_owned()] }.install(),
        Err(error) => tracing::debug!(%error, "no reaper: this program is not found"),
    }
}

/// Runs the command.
pub(crate) fn run(reaper: &args::Reaper) -> anyhow::Result<()> {
    if reaper.detached { watch() } else { detach() }
}

/// Starts the reaper anew and leaves it behind, so that it counts as no child of the program that
/// it watches.
fn detach() -> anyhow::Result<()> {
    let mut command = Command::new(program()?);
    command.arg0("eyot").args(["reaper", "--detached"]);
    command.spawn().map(drop).context("the reaper does not start")
}

fn watch() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // It ends with the program that it watches, not with the signals that end that program.
        let _signals = Signals::new()?;
        eyot::reap(tokio::io::stdin(), ChildLimits::default()).await;
        Ok(())
    })
}

/// This program. On Linux by the name that means it even after its file was replaced.
fn program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}
