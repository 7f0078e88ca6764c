//! Builds and runs the tests of the workspace.

use std::process::Command;

use crate::peers::Peers;
use crate::{machine, program};

/// The tests that need foreign programs, by a part of their names.
const PEER_TESTS: &[&str] = &["conformance::", "matrix::", "peers::"];

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
