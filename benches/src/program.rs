//! Where programs and folders are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde::Serialize;

/// This program, which also plays the other parts.
///
/// # Errors
///
/// When the system does not say where it is.
pub(crate) fn bench() -> anyhow::Result<PathBuf> {
    env::current_exe().context("find this program")
}

/// The program `eyot` of the same profile, beside this one; built now if cargo runs us.
///
/// # Errors
///
/// When it cannot be built, or is not there.
pub(crate) fn eyot() -> anyhow::Result<PathBuf> {
    beside("eyot-cli", "eyot")
}

/// The program that counts allocations; as [`eyot()`].
///
/// # Errors
///
/// As [`eyot()`].
pub(crate) fn heap() -> anyhow::Result<PathBuf> {
    beside("eyot-benches", "eyot-bench-heap")
}

fn beside(package: &str, name: &str) -> anyhow::Result<PathBuf> {
    let path = bench()?.with_file_name(name);
    // target/PROFILE/eyot-bench
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    let profile = folder.to_str().context("a profile has a name")?;
    let arguments =
        ["build", "--locked", "--profile", profile, "--package", package, "--bin", name];
    if let Ok(cargo) = env::var("CARGO") {
        let mut build = Command::new(cargo);
        build.args(arguments).arg("--quiet");
        let status = build.current_dir(root()).status().context("start cargo")?;
        anyhow::ensure!(status.success(), "`{name}` cannot be built");
    }
    let how = arguments.join(" ");
    anyhow::ensure!(path.exists(), "there is no `{name}` beside this program; cargo {how}");
    Ok(path)
}

/// Writes what a command measured to `out/bench-NAME.json`.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn write(name: &str, measured: &impl Serialize) -> anyhow::Result<()> {
    let path = out_folder()?.join(format!("bench-{name}.json"));
    let text = serde_json::to_vec_pretty(measured)?;
    std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))
}

/// The folder that results are written to.
///
/// # Errors
///
/// When it cannot be made.
pub(crate) fn out_folder() -> anyhow::Result<PathBuf> {
    let folder = root().join("out");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(folder)
}

/// Whether a program starts and ends well with these arguments.
pub(crate) fn works(name: &str, arguments: &[&str]) -> bool {
    let output = Command::new(name).args(arguments).output();
    output.is_ok_and(|it| it.status.success())
}

/// The checkout, by cargo's word at run time or else at compile time.
fn root() -> PathBuf {
    let built_in = || env!("CARGO_MANIFEST_DIR").to_owned();
    let manifest_dir = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| built_in());
    let manifest_dir = Path::new(&manifest_dir);
    manifest_dir.parent().unwrap_or(manifest_dir).to_owned()
}
