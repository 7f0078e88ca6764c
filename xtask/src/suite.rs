//! Builds and runs the tests of the workspace.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::peers::Peers;
use crate::{machine, program};

/// The tests that need foreign programs, by a part of their names.
const PEER_TESTS: &[&str] = &["conformance::", "matrix::", "peers::"];

/// The tests that run once more with interceptors before every program, by a part of their names.
///
/// The others look at what interceptors change by design (what may be kept), have a file of their own, or end
/// the program with the hangup that reads such files again (`signals`); or they would show again, with many
/// foreign programs, what these do.
const INTERCEPTED_TESTS: &[&str] = &[
    "conformance::servers_of_ours",
    "crash",
    "gateway::",
    "gateway_crash::",
    "gateway_faults::",
    "gateway_reload::",
    "hostile::",
    "matrix::every_cell",
    "parked_calls::",
    "parked_crash::",
];

/// Sets the machine up, then builds and runs every test.
pub(crate) fn run_all() -> anyhow::Result<()> {
    machine::prepare();
    let peers = Peers::prepare();
    build()?;
    run_doctests()?;
    run_tests(&peers)
}

/// Runs the tests against foreign clients and servers, and no others.
pub(crate) fn run_peers() -> anyhow::Result<()> {
    machine::prepare();
    let peers = Peers::prepare();
    build()?;
    let mut tests = runner(&peers);
    tests.args(["--package", "eyot-tests", "--test", "it"]);
    program::run(tests.arg("--").args(PEER_TESTS))
}

/// Builds and runs the tests that show that a plan of ten steps stands in no message's way.
pub(crate) fn run_intercepted_alone() -> anyhow::Result<()> {
    machine::prepare();
    run_intercepted(&Peers::prepare())
}

/// Runs the tests that show that a plan of ten steps stands in no message's way.
pub(crate) fn run_intercepted(peers: &Peers) -> anyhow::Result<()> {
    let mut tests = runner(peers);
    tests.env("EYOT_INTERCEPTORS", ten_steps()?);
    // How many sessions survive is shown without a plan.
    tests.env("EYOT_CRASH_SESSIONS", "20");
    // The whole workspace has other features than one package: nothing is built twice.
    tests.args(["--workspace", "--test", "it"]);
    program::run(tests.arg("--").args(INTERCEPTED_TESTS))
}

/// The file of ten steps, which names its rules by whole paths: programs start in any folder.
fn ten_steps() -> anyhow::Result<PathBuf> {
    let root = program::project_root();
    let folder = root.join("tests/fixtures/ten-steps");
    let text = fs::read_to_string(folder.join("interceptors.yaml"));
    let text = text.context("read the file of ten steps")?;
    let target = root.join("target");
    fs::create_dir_all(&target).context("make a folder for the file of ten steps")?;
    let file = target.join("ten-steps.yaml");
    fs::write(&file, text.replace("{here}", &folder.display().to_string()))
        .with_context(|| format!("write {}", file.display()))?;
    Ok(file)
}

/// Compiles everything that the tests run: a step of its own, so that slow compilation and slow
/// tests can be told apart.
///
/// All targets in one run with one set of features: the program `eyot`, which the end-to-end tests
/// start, is then made from the libraries that the tests use.
pub(crate) fn build() -> anyhow::Result<()> {
    let mut cargo = program::cargo();
    program::run(cargo.args(["build", "--workspace", "--all-targets", "--locked"]))
}

/// Runs the examples in the documentation of the facade, and those that must not compile.
pub(crate) fn run_doctests() -> anyhow::Result<()> {
    let mut cargo = program::cargo();
    let packages = ["--package", "eyot", "--package", "eyot-jsonrpc"];
    program::run(cargo.args(["test", "--doc", "--locked"]).args(packages))
}

/// Runs every test of the workspace.
pub(crate) fn run_tests(peers: &Peers) -> anyhow::Result<()> {
    program::run(runner(peers).arg("--workspace"))
}

/// nextest if it is installed, otherwise cargo's own runner.
fn runner(peers: &Peers) -> Command {
    let mut cargo = program::cargo();
    cargo.env("EYOT_PEERS", peers.folder());
    // The scripts of the Python peers are in the checkout, which must stay unchanged.
    cargo.env("PYTHONDONTWRITEBYTECODE", "1");
    if program::works("cargo-nextest", &["nextest", "--version"]) {
        cargo.args(["nextest", "run", "--locked", "--profile", "ci"]);
    } else {
        cargo.args(["test", "--locked", "--no-fail-fast", "--all-targets"]);
    }
    cargo
}
