//! The hostile-input suite that lies beside the checkout, where there is one.

use std::path::PathBuf;
use std::process::Command;

use crate::support::program::program;

/// Every class of the faces that exist. WebSocket, HTTP+SSE and stdio have no face yet.
const CLASSES: &str = "^(origin-host|framing|media-methods|version|modern|request-state|session|json|sse-injection|upstream|injection|slow)$";

/// A raw body calls a tool of its own, while the suite's headers for the modern era name another: where
/// the body can be read, that is refused first, with a code that the test does not know.
const WITH_OTHER_HEADERS: &str = "FAIL JS-25 ";

#[test]
fn no_hostile_input_of_the_suite_does_harm() {
    check("L", &[]);
}

#[test]
fn no_hostile_input_of_the_suite_does_harm_in_the_modern_era() {
    check("M", &[WITH_OTHER_HEADERS]);
}

/// Runs the suite; what can be said in both eras is said in this one. Everything must pass but what
/// is `known` by the beginning of its line.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn check(era: &str, known: &[&str]) {
    let Some(suite) = suite() else {
        eprintln!("SKIPPED: no hostile-input suite; EYOT_SHARED names the folder that has it");
        return;
    };
    let judged = Command::new("python3")
        .arg(suite)
        .args(["--system", "eyot", "--set", "public", "--prefer", era, "--only", CLASSES])
        .env("EYOT_BIN", program())
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&judged.stdout);
    let failed = said.lines().filter(|it| it.starts_with("FAIL"));
    let (known_failed, failed): (Vec<_>, Vec<_>) =
        failed.partition(|line| known.iter().any(|it| line.starts_with(it)));
    assert!(failed.is_empty(), "{}\n{}", failed.join("\n"), last_lines(&said));
    assert_eq!(known_failed.len(), known.len(), "a known failure has gone: {}", last_lines(&said));
    assert!(judged.status.success() || !known.is_empty(), "{}", last_lines(&said));
    assert!(said.lines().any(|it| it.starts_with("PASS")), "nothing was tried: {said}");
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
