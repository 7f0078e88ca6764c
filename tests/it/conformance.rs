//! The server and the client of this project pass the official conformance suite, and so do servers
//! of one era for clients of the other.
//!
//! The suite's runner, its lists and the known failures are those of `cargo xtask conformance`; use
//! the command line of a failed test to look into it.

use std::path::Path;
use std::process::Stdio;

use crate::support::program::{cargo, target_folder};

/// Runs one side in one leg; every scenario must have the expected result, in time.
fn check(side: &str, leg: &str) {
    check_with(&["--side", side, "--leg", leg]);
}

/// Runs a server behind a bridge, for clients of both eras.
fn check_bridge(fixture: &[&str]) {
    check_with(&[&["--side", "server", "--fixture"], fixture].concat());
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn check_with(options: &[&str]) {
    let peers = std::env::var_os("EYOT_PEERS").unwrap_or_default();
    if !["node24", "js"].iter().all(|it| Path::new(&peers).join(it).is_dir()) {
        eprintln!("SKIPPED: no suite in EYOT_PEERS; `cargo xtask peers` fetches it");
        return;
    }
    let report = tempfile::NamedTempFile::new().unwrap();
    let mut command = cargo();
    command.args(["run", "--locked", "--quiet", "--package", "xtask"]);
    command.arg("--target-dir").arg(target_folder());
    command.args(["--", "conformance"]).args(options);
    command.arg("--report").arg(report.path()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("scenarios passed"), "no scenario was run: {said}");
}

#[test]
fn client_does_as_expected_in_the_suite_of_2025_11_25() {
    check("client", "2025-11-25");
}

#[test]
fn client_does_as_expected_in_the_suite_of_2026_07_28() {
    check("client", "2026-07-28");
}

#[test]
fn server_does_as_expected_in_the_suite_of_2025_11_25() {
    check("server", "2025-11-25");
}

#[test]
fn server_does_as_expected_in_the_suite_of_2026_07_28() {
    check("server", "2026-07-28");
}

#[test]
fn servers_of_ours_do_as_expected_for_clients_of_the_other_era() {
    check_bridge(&["bridge"]);
}

#[test]
fn servers_of_ours_do_as_expected_on_a_pipe_for_clients_of_the_other_era() {
    check_bridge(&["bridge", "--pipe"]);
}

#[test]
fn foreign_servers_do_as_expected_for_clients_of_the_other_era() {
    check_bridge(&["bridge-npm"]);
}
