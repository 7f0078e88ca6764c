//! Runs other programs; an error names the command line that failed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

/// The checkout that cargo runs in.
///
/// The run-time variable comes first: checkouts may share a target folder, and then the compiled-in
/// path is that of another checkout.
pub(crate) fn project_root() -> PathBuf {
    let built_in = || env!("CARGO_MANIFEST_DIR").to_owned();
    let manifest_dir = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| built_in());
    let manifest_dir = Path::new(&manifest_dir);
    manifest_dir.parent().unwrap_or(manifest_dir).to_owned()
}

/// Cargo itself, in the root of the checkout.
///
/// It gets none of the variables by which cargo tells this program its package: the build script of
/// ring looks at them, so that each change of them builds it anew, with all that is above it.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    let is_of_package =
        |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|it| name.starts_with(it));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_of_package)) {
        cargo.env_remove(name);
    }
    cargo.current_dir(project_root());
    cargo
}

/// Builds a program of this workspace, beside this one and with the same profile.
pub(crate) fn build(package: &str, name: &str) -> anyhow::Result<PathBuf> {
    // target/PROFILE/xtask
    let own = env::current_exe().context("find this program")?;
    let profile = own.parent().context("this program lives in a folder")?;
    let mut cargo = cargo();
    cargo.args(["build", "--locked", "--quiet", "--package", package, "--bin", name]);
    cargo.arg("--target-dir").arg(profile.parent().context("a profile has a target folder")?);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    run(&mut cargo)?;
    Ok(profile.join(name))
}

/// Runs a command to its end; its output goes to the output of this process, and its input is
/// empty.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = line(command);
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("start `{line}`"))?;
    anyhow::ensure!(status.success(), "`{line}` ended with {status}");
    Ok(())
}

/// Runs a command silently; the error shows the last lines of its output.
pub(crate) fn run_quietly(command: &mut Command) -> anyhow::Result<()> {
    read(command).map(drop)
}

/// Runs a command to its end and returns what it wrote to its standard output.
pub(crate) fn read(command: &mut Command) -> anyhow::Result<String> {
    let line = line(command);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("start `{line}`"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(
        output.status.success(),
        "`{line}` ended with {}: {}",
        output.status,
        tail(&errors)
    );
    String::from_utf8(output.stdout).with_context(|| format!("read the output of `{line}`"))
}

/// Whether a program starts and succeeds with these arguments.
pub(crate) fn works(name: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> bool {
    read(Command::new(name).args(arguments)).is_ok()
}

/// The last lines, joined: a failing installer ends with the reason.
fn tail(text: &str) -> String {
    const LINES_MAX: usize = 2;
    let lines: Vec<&str> = text.lines().filter(|it| !it.trim().is_empty()).collect();
    lines.get(lines.len().saturating_sub(LINES_MAX)..).unwrap_or_default().join(" | ")
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|it| it.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
