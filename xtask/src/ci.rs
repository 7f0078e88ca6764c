//! All checks between a change and the main branch, step by step.

use std::time::{Duration, Instant};

use crate::peers::Peers;
use crate::{layers, machine, program, suite, tidy};

/// One check, with the name that a failed pipeline shows.
type Step = (&'static str, fn() -> anyhow::Result<()>);

/// Cheap steps first: an error about white space should not come after a long compilation.
const STEPS: &[Step] = &[
    ("toolchain", machine::prepare_toolchain),
    ("format", || cargo(&["fmt", "--all", "--check"])),
    ("layers", layers::run),
    ("tidy", tidy::run),
    ("dependencies", check_dependencies),
    ("clippy", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-Dwarnings"])
    }),
    ("documentation", document),
    ("build", suite::build),
    ("examples", suite::run_doctests),
];

/// Does every step and stops at the first that fails.
///
/// The tests come last and nothing is written after them, so the last lines of the test runner are
/// the last lines of the output.
pub(crate) fn run() -> anyhow::Result<()> {
    machine::prepare();
    let mut times = Vec::new();
    for (name, step) in STEPS {
        let started = announce(name);
        step().map_err(|error| error.context(format!("step `{name}` failed")))?;
        times.push((*name, started.elapsed()));
    }
    let started = announce("peers");
    let peers = Peers::prepare();
    times.push(("peers", started.elapsed()));
    let started = announce("intercepted");
    suite::run_intercepted(&peers).map_err(|error| error.context("step `intercepted` failed"))?;
    times.push(("intercepted", started.elapsed()));

    eprintln!("\n{}", table(&times));
    announce("tests");
    suite::run_tests(&peers).map_err(|error| error.context("step `tests` failed"))
}

fn announce(name: &str) -> Instant {
    eprintln!("\n=== {name}");
    Instant::now()
}

fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    program::run(program::cargo().args(arguments))
}

fn document() -> anyhow::Result<()> {
    let mut cargo = program::cargo();
    cargo.env("RUSTDOCFLAGS", "-Dwarnings");
    program::run(cargo.args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"]))
}

/// Licenses, owners and duplicates, by the rules of `deny.toml`.
///
/// Advisories need a fresh database from the network, so they are not part of the gate.
fn check_dependencies() -> anyhow::Result<()> {
    if !program::works("cargo-deny", &["--version"]) {
        eprintln!("dependencies: SKIPPED, cargo-deny is not installed");
        return Ok(());
    }
    cargo(&["deny", "--offline", "--locked", "check", "bans", "licenses", "sources"])
}

/// How long each step took, one line each.
fn table(times: &[(&str, Duration)]) -> String {
    let total = ("before tests", times.iter().map(|(_, took)| *took).sum());
    let rows = times.iter().chain([&total]);
    let lines = rows.map(|(name, took)| format!("{name:<14} {:>7.1} s", took.as_secs_f64()));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
