//! The hostile-input suite that lies beside the checkout, where there is one.

use std::path::PathBuf;
use std::process::Command;

use crate::support::program::program;

/// Every class of the faces that exist. WebSocket, HTTP+SSE and stdio have no face yet.
const CLASSES: &str = "^(origin-host|framing|media-methods|version|modern|request-state|session|json|sse-injection|upstream|injection|slow)$";

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn no_hostile_input_of_the_suite_does_harm() {
    let Some(suite) = suite() else {
        eprintln!("SKIPPED: no hostile-input suite; EYOT_SHARED names the folder that has it");
        return;
    };
    let judged = Command::new("python3")
        .arg(suite)
        .args(["--system", "eyot", "--set", "public", "--only", CLASSES])
        .env("EYOT_BIN", program())
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&judged.stdout);
    let failed: Vec<_> = said.lines().filter(|it| it.starts_with("FAIL")).collect();
    assert!(judged.status.success(), "{}\n{}", failed.join("\n"), last_lines(&said));
}

fn last_lines(said: &str) -> String {
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn suite() -> Option<PathBuf> {
    let shared = match std::env::var_os("EYOT_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    };
    let suite = shared.join("hostile/run.py");
    suite.is_file().then_some(suite)
}
