//! The fixtures of the interceptor extension, which our own tests replay.

use std::process::Stdio;

use anyhow::Context as _;

use crate::program;

/// Replays the fixtures, and prints how many of each requirement pass.
pub(super) fn run() -> anyhow::Result<()> {
    let mut cargo = program::cargo();
    cargo.args(["test", "--locked", "--quiet", "--package", "eyot-tests", "--test", "it"]);
    cargo.args(["interceptor_fixtures::", "--", "--nocapture"]).env("RUST_BACKTRACE", "0");
    let ran = cargo.stdin(Stdio::null()).output().context("start cargo")?;
    let said = String::from_utf8_lossy(&ran.stdout);
    let table = table(&said);
    if !ran.status.success() {
        // The table is wanted all the more, after what went wrong.
        eprintln!("{}", String::from_utf8_lossy(&ran.stderr));
    }
    anyhow::ensure!(
        !table.is_empty(),
        "no fixture was replayed: EYOT_SHARED names the folder that has `ext-interceptors`"
    );
    table.iter().for_each(|line| eprintln!("{line}"));
    anyhow::ensure!(ran.status.success(), "not every fixture has passed");
    Ok(())
}

/// The lines of the table among all that the tests print.
fn table(said: &str) -> Vec<&str> {
    let lines = said.lines().skip_while(|it| !it.starts_with("requirement"));
    let mut is_over = false;
    let table = lines.take_while(|it| !std::mem::replace(&mut is_over, it.starts_with("all")));
    table.collect()
}

#[cfg(test)]
mod tests;
